"""``kycaid completion``: what a shell is given, and what it is answered."""

import os
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from kycaid_async.cli.app import app
from kycaid_async.cli.shell_completion import VARIABLE, prepare_completion


@pytest.mark.parametrize(
    ("shell", "word"),
    [
        ("bash", "complete -o default -F"),
        ("zsh", "#compdef kycaid"),
        ("fish", "--command kycaid"),
        ("powershell", "kycaid"),
    ],
)
def test_a_shell_gets_its_script(shell, word):
    done = CliRunner().invoke(app, ["completion", shell])
    assert done.exit_code == 0
    assert word in done.stdout
    assert VARIABLE in done.stdout


def test_another_shell_is_refused():
    assert CliRunner().invoke(app, ["completion", "csh"]).exit_code == 2


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("kycaid doc", ["doctor", "documents"]),
        ("kycaid documents cr", ["create"]),
        ("kycaid documents create --front-side-", ["--front-side-id"]),
        ("kycaid documents create --type pass", ["passport"]),
        ("kycaid verifications update-status x app", ["approved"]),
    ],
)
def test_commands_options_and_words_are_completed(typed, completed, monkeypatch):
    words = typed.split()
    answers = {VARIABLE: "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    for name, value in answers.items():
        monkeypatch.setenv(name, value)
    prepare_completion()
    done = CliRunner().invoke(app, [], prog_name="kycaid")
    assert sorted(done.stdout.split()) == completed


@pytest.mark.skipif(not shutil.which("bash") or sys.platform == "win32", reason="needs bash")
def test_bash_takes_the_script_and_completes_with_it(tmp_path):
    program = tmp_path / "kycaid"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kycaid_async.cli "$@"\n')
    program.chmod(0o755)
    script = """eval "$(kycaid completion bash)"
COMP_WORDS=(kycaid verif) COMP_CWORD=1
_kycaid_completion kycaid
echo "${COMPREPLY[*]}"
"""
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    bash = [shutil.which("bash"), "-c", script]
    done = subprocess.run(bash, env=os.environ | path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("verify verifications\n", "")
