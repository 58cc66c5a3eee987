"""A short run of every class of attack; ``python -m tests.security`` is the long one."""

import re

import pytest

from tests.docs.pages import DOCS
from tests.security.__main__ import classes, main, run


@pytest.mark.parametrize("module", classes(), ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_package_holds_against(module):
    outcome = run(module, seed=7, cases=50)
    assert outcome.failures == []
    assert outcome.tried >= 5


def test_the_table_in_the_documentation_has_every_class_and_what_held():
    page = (DOCS / "explanation" / "security.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- attacks -->\n(.*?)<!-- end -->", page, re.DOTALL)[1]
    rows = table.partition("|---|---:|---:|\n")[2].splitlines()
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in rows]
    names = [name for name, _, _ in lines]
    assert all(name.startswith(module.NAME) for name, module in zip(names, classes(), strict=True)), names
    assert all(tried == held for _, tried, held in lines)


def test_what_does_not_hold_ends_the_program_with_1(monkeypatch, capsys):
    module = classes()[0]
    outcome = run(module, seed=1, cases=1)
    outcome.count(False, "this one")
    monkeypatch.setattr("tests.security.__main__.classes", lambda: [module])
    monkeypatch.setattr("tests.security.__main__.run", lambda *_, **__: outcome)
    assert main([]) == 1
    assert f"{module.NAME}: this one" in capsys.readouterr().err
