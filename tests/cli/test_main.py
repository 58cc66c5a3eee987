"""The way in."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from kycaid_async import __version__
from kycaid_async.cli.app import app
from tests.cli.terminal import on_a_terminal


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


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "--folder", "{0}/none"],
        ["upload", "{0}/none.csv", "--dry-run"],
        ["upload", "{0}/people.csv"],
        ["upload", "{0}/people.csv", "--rejects", "{0}/people.csv"],
        ["upload", "{0}/people.csv", "--report", "{0}/none/x"],
        ["upload", "{0}/people.csv", "--allow-outside", "{0}/none"],
        ["upload", "{0}/people.csv", "--allow-protocol", "{0}"],
        ["upload", "{0}/people.csv", "--base-url", "http://{0}"],
        ["sandbox", "--host", "{0}"],
        ["sandbox", "--fault", "{0}"],
        ["sandbox", "--data", "{0}/people.csv"],
    ],
    ids=" ".join,
)
def test_a_terminal_obeys_no_name_of_a_file(command, clean_environment, tmp_path, arguments):
    folder = tmp_path / "a\x1b]0;b\x07\x1b[31m\u202ec\nkycaid: all is well"
    folder.mkdir()
    (folder / "people.csv").write_text("applicant_id,type,front_side\n")
    given = [text.format(folder) for text in arguments]
    shown = on_a_terminal([*command, *given], clean_environment | {"KYCAID_API_KEY": "k" * 32}, columns=2000)
    assert shown
    for hostile in ("\x1b]0;", "\x07", "\x1b[31m", "\u202e", "\nkycaid: all is well"):
        assert hostile not in shown
