"""Links between pages: each leads to a page and a heading that is there."""

import re
from pathlib import Path

from tests.docs.pages import DOCS, ROOT, pages


def anchor(heading: str) -> str:
    """Return the anchor that the forge and the site make of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def broken_links() -> tuple[int, list[str]]:
    """Return how many links there are between files, and those that lead nowhere."""
    count, broken = 0, []
    for page in pages():
        prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if re.match(r"[a-z]+:", target):
                continue
            count += 1
            if not _leads_somewhere(page, target):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    return count, broken


def _leads_somewhere(page: Path, target: str) -> bool:
    name, _, heading = target.partition("#")
    other = (page.parent / name).resolve() if name else page
    if not other.exists():
        return False
    if not heading or heading.startswith("kycaid_async."):  # what docstrings are
        return True
    headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
    return heading in {anchor(text) for text in headings}


def unlisted_pages() -> list[str]:
    """Return the pages that the front page does not lead to."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    names = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")} - {"index"}
    return sorted(names - set(index.split()))
