"""Lines of the programs of `kycaid_async/examples`, and of the same ones by hand: ``python -m tests.examples.lines``.

By hand, a month's report uses aiohttp alone, the verdicts use single calls of the SDK and a table of their own, and the
web application uses the SDK without its adapters, its callbacks and its stores: ``before/`` stands in their place.
"""

import ast
from pathlib import Path

from tests.examples.places import EXAMPLES

BEFORE = Path(__file__).parent / "before"
PROGRAMS = {"signup/": sorted((EXAMPLES / "signup").glob("*.py"))} | {
    name: [EXAMPLES / name] for name in ("verdicts.py", "month.py")
}


def by_hand(path):
    """Return the file that stands in the place of one; most have none."""
    other = BEFORE / path.name
    return other if other.exists() else path


def lines_of_code(path):
    """Count the lines that hold code, without docstrings."""
    text = path.read_text("utf-8")
    documentation = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    lines = [line.strip() for line in text.splitlines()]
    return sum(bool(line) and line[0] != "#" and number not in documentation for number, line in enumerate(lines, 1))


def counts():
    """Return the lines of each program, and those of the same by hand."""
    return {
        name: (sum(map(lines_of_code, files)), sum(lines_of_code(by_hand(path)) for path in files))
        for name, files in PROGRAMS.items()
    }


if __name__ == "__main__":
    for name, (lines, lines_by_hand) in counts().items():
        print(f"{name:12} {lines:4} lines, by hand {lines_by_hand:4}")
