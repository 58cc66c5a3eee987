"""The README is short, and its two commands are there. `tests.docs` runs what it shows."""

import re
from pathlib import Path

import pytest

from tests import derived

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DERIVED = {"promises.md"}
PROSE = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *(page for page in sorted((ROOT / "kycaid_async" / "docs").rglob("*.md")) if page.name not in DERIVED),
]


def test_it_is_read_in_some_minutes():
    assert len(README.splitlines()) <= 150


def test_its_contents_stand_at_its_top():
    sections = re.findall(r"^## (.+)$", README, re.MULTILINE)
    contents = [f"[{name}](#{name.lower().replace(' ', '-')})" for name in sections]
    assert re.findall(r"\[[^]]+\]\(#[^)]+\)", README.partition("```")[0]) == contents


def test_the_program_at_the_top_is_short():
    program = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    assert len(program.splitlines()) <= 15


def test_there_are_exactly_two_commands_to_paste():
    commands = re.search(r"## Two commands\n(.*?)\n## ", README, re.DOTALL)[1]
    assert [c.split("&&")[-1].strip() for c in re.findall(r"```sh\n(.*?)\n```", commands, re.DOTALL)] == [
        ".venv/bin/kycaid demo",
        ".venv/bin/python -W error -X dev -m pytest",
    ]


def test_its_tables_follow_from_the_code():
    """After a change: ``python -m tests.derived`` writes them."""
    if derived.readme() != README:
        pytest.fail(f"README.md: `{derived.COMMAND}` has to write its tables anew", pytrace=False)


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_line_of_prose_is_wider_than_120_characters(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert [line for line in text.splitlines() if len(line) > 120 and not line.startswith("| ")] == []
