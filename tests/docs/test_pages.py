"""What the documentation shows is what happens."""

import importlib.metadata
import re
import sys

import pytest

from tests import derived
from tests.docs.links import broken_links, unlisted_pages
from tests.docs.names import undescribed
from tests.docs.pages import DOCS, ROOT, blocks, pages
from tests.docs.reader import reader

every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())


@pytest.mark.skipif(sys.platform == "win32", reason="blocks are for a POSIX shell")
@every_page
def test_every_block_runs_and_prints_what_is_said(page, tmp_path):
    found = list(blocks(page))
    if not found:
        return
    with reader(tmp_path / "folder") as it:
        for block in found:
            it.follow(block)
        it.end(page.name)


@pytest.mark.skipif(sys.platform == "win32", reason="blocks are for a POSIX shell")
def test_the_whole_job_is_twelve_lines_each_way_and_leaves_a_workbook_and_a_page(tmp_path):
    found = list(blocks(DOCS / "how-to" / "whole-job.md"))
    lines = [block.text.splitlines() for block in found if block.language in ("sh", "python")]
    assert [len([line for line in text if line]) <= 12 for text in lines] == [True, True]
    with reader(tmp_path / "folder") as it:
        for block in found[:2]:
            it.follow(block)
    assert (tmp_path / "folder" / "verdicts.xlsx").exists()
    assert "From rows to verdicts" in (tmp_path / "folder" / "job.html").read_text(encoding="utf-8")


def test_every_link_between_pages_leads_to_a_heading_that_is_there():
    count, broken = broken_links()
    assert broken == []
    assert count > 20


def test_the_front_page_leads_to_every_page():
    assert unlisted_pages() == []


def test_the_reference_describes_every_public_name():
    assert undescribed() == []


def is_recent_typer() -> bool:
    """Say whether Typer lays help out as on the page: an older one breaks lines and writes choices differently."""
    return tuple(map(int, importlib.metadata.version("typer").split(".")[:2])) >= (0, 29)


def commands_and_options(text: str) -> list[list[str]]:
    """Return the heading of each command, and its options."""
    return [[part.split("\n")[0], *sorted({*re.findall(r"(?<!\S)--[a-z-]+", part)})] for part in text.split("\n## ")]


@every_page
def test_tables_follow_from_the_code(page):
    """After a change: ``python -m tests.derived`` writes them."""
    written, anew = page.read_text(encoding="utf-8"), derived.with_tables(page)
    if page.name == "command-line.md" and not is_recent_typer():
        written, anew = (commands_and_options(text) for text in (written, anew))
    if anew != written:
        pytest.fail(f"{page.name}: `{derived.COMMAND}` has to write its tables anew", pytrace=False)
