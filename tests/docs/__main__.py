"""Follow the documentation: ``python -m tests.docs [PAGE …] [--install] [--site]``.

Does what every block says and holds what it prints against what the page says, follows every link between pages, and
looks for public names that no page describes. ``--install`` also does what installs something, in environments of the
pages' own; ``--site`` builds the site, too, where a warning is an error. Ends with 1 when something is wrong.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.docs.links import broken_links
from tests.docs.names import undescribed
from tests.docs.pages import DOCS, ROOT, blocks, pages
from tests.docs.reader import reader


def follow(page: Path, folder: Path, *, installs: bool) -> tuple[Counter[str], list[str]]:
    """Do what a page says to its end, whatever goes wrong, and return counts and what did."""
    wrong = []
    with reader(folder, installs=installs) as it:
        for block in blocks(page):
            try:
                it.follow(block)
            except AssertionError as error:
                wrong.append(str(error))
    return Counter(it.counts), wrong


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.docs", description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", help="words in the names of pages; all without one")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--site", action="store_true")
    given = parser.parse_args()
    counts, wrong = Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(pages()):
            if given.pages and not any(word in str(page) for word in given.pages):
                continue
            of_page, problems = follow(page, Path(folder, str(number)), installs=given.install)
            counts.update(of_page)
            wrong += problems
            print("FAILED" if problems else "ok    ", page.relative_to(ROOT), flush=True)
            for problem in problems:
                print(problem, flush=True)
    links, broken = broken_links()
    missing = undescribed()
    print(f"blocks: {dict(counts)}; wrong: {len(wrong)}")
    print(f"links: {links}; broken: {broken}")
    print(f"public names that no page describes: {missing}")
    if given.site:
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-b",
            "html",
            str(DOCS),
            str(ROOT / "site"),
        ]
        wrong += ["the site"] if subprocess.run(command, check=False).returncode else []
    return 1 if wrong or broken or missing else 0


if __name__ == "__main__":
    sys.exit(main())
