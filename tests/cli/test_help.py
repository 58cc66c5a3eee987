"""The help of every command: it fits 80 columns, explains every option, and is made when it is asked for."""

import re
import subprocess
import sys
import unicodedata

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from kycaid_async.api.sections import SECTIONS
from kycaid_async.cli.app import app

RUNNER = CliRunner()


def commands(command=None, words=()):
    """Give the words of every command, groups included."""
    command = command or get_command(app)
    yield words
    for name in getattr(command, "commands", {}) and command.list_commands(None):
        yield from commands(command.get_command(None, name), (*words, name))


ALL = sorted(commands())


def width(line):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def help_of(*words, flag="-h"):
    done = RUNNER.invoke(app, [*words, flag], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_there_is_a_command_for_each_section_and_none_has_the_name_of_another():
    names = [words[0] for words in ALL if len(words) == 1]
    assert len(set(names)) == len(names)
    assert {section.replace("_", "-") for section in SECTIONS} <= set(names)
    assert {"call", "completion", "doctor", "get", "key", "listen", "report", "trigger", "upload", "verify"} <= set(
        names
    )
    assert len(ALL) > 70


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_fits_80_columns_and_explains_every_option(words):
    text = help_of(*words)
    assert [line for line in text.splitlines() if width(line) > 80] == []
    options = re.split(r"\n(?=  -)", text.partition("\nOptions:\n")[2].partition("\n\n")[0].join("\n\n"))
    unexplained = [" ".join(one.split()) for one in options if len(re.split(r"\s{2,}|\n", one.strip(), maxsplit=1)) < 2]
    assert [one for one in unexplained if one] == []
    assert not re.search(r"``|`\w|\bReference:", text)
    assert help_of(*words, flag="--help") == text


def test_lists_of_commands_are_not_cut_off():
    assert "..." not in help_of().partition("\nCommands:\n")[2]


@pytest.mark.parametrize(
    ("words", "unloaded"),
    [
        (["--version"], ("kycaid_async.api", "kycaid_async.bulk", "aiohttp", "rich", "cattrs")),
        (["-h"], ("kycaid_async.api.documents.section", "kycaid_async.bulk", "aiohttp", "rich", "cattrs")),
        (["documents", "-h"], ("kycaid_async.api.verifications.section", "aiohttp", "rich")),
        (["documents", "get", "-h"], ("kycaid_async.api.verifications.section", "aiohttp", "rich")),
    ],
)
def test_what_is_not_needed_is_not_loaded(words, unloaded):
    code = f"""
import sys
sys.argv = ["kycaid", *{words!r}]
from kycaid_async.cli import main
try:
    main()
finally:
    print(*[name for name in {unloaded!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_help_is_there_without_docstrings_too():
    code = "import sys; sys.argv = ['kycaid', 'documents', 'create', '-h']; from kycaid_async.cli import main; main()"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert "Create a document and return its id." in done.stdout
    assert "Number of the document: at most 50 characters." in done.stdout
