"""Pages of the documentation, and the blocks of code in them.

A comment in front of a block says what a reader sees or knows anyway:

* ``<!-- given: passport.png export.xlsx -->``: files that a reader of the page has, made by `tests.docs.given`.
* ``<!-- setup`` and lines of Python up to ``-->``: done before what follows, and not shown.
* ``<!-- file: app.py -->``: the block is the content of this file.
* ``<!-- new account -->``: KYCAID knows nothing any more.
* ``<!-- alone -->``: the block is a program of its own; others of a page run one after the other, as in a notebook,
  with ``await`` where they like.
* ``<!-- installs -->``: done by ``python -m tests.docs --install`` only, in an environment of the page's own.
* ``<!-- not run: REASON -->``: the block is shown only.
* ``<!-- output varies: REASON -->``: what it prints is not compared, and need not be shown.

A block ``text`` is what the block before it printed: ``…`` in it stands for anything, and times and ids differ.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
from markdown_it import MarkdownIt

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "kycaid_async" / "docs"
NOTES: Final = frozenset({"given", "setup", "file", "alone", "installs", "new account", "not run", "output varies"})
SHOWN: Final = frozenset({"csv", "json", "yaml", "toml", "ini", "html", "dockerfile", "markdown"})
"""Languages that are files, or only looked at."""
LANGUAGES: Final = SHOWN | {"python", "sh", "text"}
_NOTE: Final = re.compile(r"<!--\s*([a-z ]+?)(?:\s*:\s*|\s*\n|\s*(?=-->))(.*?)\s*-->", re.DOTALL)


@attrs.frozen
class Block:
    """A block of code, or of what code prints."""

    page: Path
    line: int
    language: str
    text: str
    notes: dict[str, str] = attrs.field(factory=dict)
    """What comments say of it."""

    @property
    def place(self) -> str:
        """Page and line, for messages."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def pages() -> list[Path]:
    """Return the README and all pages of the documentation, in order."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """Find the blocks of ``page``, in order; those that only the site's generator reads are none."""
    notes: dict[str, str] = {}
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        line = token.map[0] + 1 if token.map is not None else 0
        if token.type == "html_block":
            notes |= {name: said for name, said in _NOTE.findall(token.content) if name in NOTES}
            if "setup" in notes:
                yield Block(page, line, "python", notes.pop("setup"), {"setup": ""})
        elif token.type == "fence" and not token.info.startswith("{"):
            yield Block(page, line, token.info.split(" ")[0], token.content, notes)
            notes = {}
