"""What somebody is told to type can be pasted."""

import re
import shlex

import pytest

from kycaid_async import shell

WORDS = ["kycaid", "upload", "my people.csv", "--ledger", "a'b.ledger", "plain.csv", ""]


def test_a_command_is_quoted_for_posix_shells(monkeypatch):
    monkeypatch.setattr(shell, "WINDOWS", False)
    assert shlex.split(shell.command_line(WORDS)) == WORDS
    assert list(shell.assignments({"A": "1"})) == ["  export A=1"]


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        (r"C:\work\people.csv", r"C:\work\people.csv"),
        (r"C:\my work\people.csv", r'"C:\my work\people.csv"'),
        ("C:\\my work\\", '"C:\\my work\\\\"'),
        ("a&b.csv", '"a&b.csv"'),
        ("it's.csv", '"it\'s.csv"'),
        ("a(1);b.csv", '"a(1);b.csv"'),
        ("", '""'),
        ("Пас порт.csv", '"Пас порт.csv"'),
    ],
)
def test_a_word_is_quoted_for_cmd_and_powershell(word, quoted, monkeypatch):
    monkeypatch.setattr(shell, "WINDOWS", True)
    assert shell.command_line(["kycaid", word]) == f"kycaid {quoted}"
    assert not re.search(r"[ &;()']", re.sub('"[^"]*"', "", quoted))


def test_variables_are_set_for_both_shells_of_windows(monkeypatch):
    monkeypatch.setattr(shell, "WINDOWS", True)
    assert list(shell.assignments({"A": "1"})) == ["in PowerShell:", '  $env:A = "1"', "in cmd:", "  set A=1"]
