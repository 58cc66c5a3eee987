"""The way in."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from kycaid_async import __version__
from kycaid_async.cli.app import app


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)


def test_version_prints_the_version():
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"kycaid {__version__}\n")


def test_the_process_exits_with_0(kycaid):
    assert kycaid("--version").returncode == 0


@pytest.mark.parametrize("command", ["demo", "sandbox", "upload"])
def test_every_option_is_explained(command):
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert all(len(line.split(None, 1)) == 2 for line in done.stdout.splitlines() if line.startswith("  --"))


@pytest.mark.parametrize("module", ["typer", "rich", "PIL"])
def test_a_missing_extra_is_named_in_one_line(module):
    code = f"import sys; sys.modules['{module}'] = None; from kycaid_async.cli import main; main()"
    done = python(code)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'kycaid-async[cli]'" in done.stderr


def test_importing_the_command_line_loads_nothing_heavy():
    code = "import sys, kycaid_async.cli; print(*{'typer', 'rich', 'PIL', 'aiohttp', 'attrs'} & set(sys.modules))"
    done = python(code)
    assert (done.returncode, done.stdout.strip()) == (0, "")


@pytest.mark.parametrize(("redirection", "code"), [(">/dev/full", 1), (">&-", 0), (">&- 2>&-", 0)])
def test_an_output_that_takes_nothing_ends_it_without_a_traceback(redirection, code):
    command = f'"{sys.executable}" -m kycaid_async.cli operations {redirection}'
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
