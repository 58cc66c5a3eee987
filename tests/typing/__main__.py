"""Hold type checkers to what users write: they take ``clients.py``, and refuse each wrong line of ``mistakes.py``.

``python -m tests.typing``
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CHECKERS = {
    "mypy": ["-m", "mypy"],
    "pyright": ["-m", "pyright", "--pythonpath", sys.executable],
    "ty": ["-m", "ty", "check", "--python", sys.executable, "--output-format", "concise"],
    "pyrefly": ["-m", "pyrefly", "check", "--python-interpreter-path", sys.executable, "--output-format", "min-text"],
}


def refused(checker: str, program: Path) -> tuple[set[int], str]:
    """Return the lines of ``program`` that a checker refuses, and all that it printed."""
    command = [sys.executable, *CHECKERS[checker], str(program)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1], check=False)
    named = re.compile(rf"{program.name}:(\d+)\b.*error|ERROR .*{program.name}:(\d+)")
    lines = {int(number) for found in named.findall(done.stdout) for number in found if number}
    return lines, done.stdout + done.stderr


def marked(program: Path, checker: str) -> set[int]:
    """Return the lines that are marked as wrong, without those that a checker is known not to see."""
    lines = program.read_text("utf-8").splitlines()
    return {
        number for number, line in enumerate(lines, 1) if "# wrong" in line and f"not seen by {checker}" not in line
    }


def main() -> int:
    right, wrong = HERE / "clients.py", HERE / "mistakes.py"
    failed = 0
    for checker in CHECKERS:
        wanted = marked(wrong, checker)
        false_alarms, printed = refused(checker, right)
        found, more = refused(checker, wrong)
        print(f"{checker}: {len(wanted & found)} of {len(wanted)} mistakes found")
        if false_alarms or wanted != found:
            failed += 1
            print(f"  right lines refused: {sorted(false_alarms | found - wanted)}; missed: {sorted(wanted - found)}")
            print(printed if false_alarms else more)
    return failed


if __name__ == "__main__":
    sys.exit(main())
