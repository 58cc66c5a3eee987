"""The way in."""

import signal
import subprocess
import sys
import textwrap

import pytest
from typer.testing import CliRunner

from kycaid_async import __version__
from kycaid_async.cli.app import app
from tests.cli.terminal import on_a_terminal


@pytest.fixture
def python(clean_environment):
    def run(code):
        command = [sys.executable, "-c", textwrap.dedent(code)]
        return subprocess.run(
            command, env=clean_environment, capture_output=True, encoding="utf-8", check=False, timeout=60
        )

    return run


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
def test_a_missing_extra_is_named_in_one_line(module, python):
    code = f"import sys; sys.modules['{module}'] = None; from kycaid_async.cli import main; main()"
    done = python(code)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'kycaid-async[cli]'" in done.stderr


def test_importing_the_command_line_loads_nothing_heavy(python):
    code = "import sys, kycaid_async.cli; print(*{'typer', 'rich', 'PIL', 'aiohttp', 'attrs'} & set(sys.modules))"
    done = python(code)
    assert (done.returncode, done.stdout.strip()) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are none of its own there")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("module", ["pathlib", "shutil", "textwrap", "importlib.util", "typer", "kycaid_async.cli.app"])
def test_a_signal_while_it_still_imports_ends_it_in_one_line(module, number, python):
    code = f"""
        import importlib.machinery, os, signal, sys

        class SignalAtAnImport:
            def find_spec(self, name, path=None, target=None):
                if name == {module!r}:
                    os.kill(os.getpid(), signal.{number})

        import importlib, kycaid_async.signals  # before that, Python itself is still beginning
        for name in list(sys.modules):
            if name == {module!r}:
                del sys.modules[name]
        sys.meta_path.insert(0, SignalAtAnImport())
        sys.argv = ["kycaid", "operations"]
        from kycaid_async.cli import main
        main()
    """
    done = python(code)
    expected = 128 + getattr(signal, number)
    assert (done.returncode, done.stdout, done.stderr) == (expected, "", f"kycaid: interrupted ({number})\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are none of its own there")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("step", ["_make_self_pipe", "_close_self_pipe"])
@pytest.mark.parametrize("command", [["upload", "none.csv"], ["manifest", "check", "none.csv"], ["doctor"]])
def test_a_signal_while_its_event_loop_is_made_or_closed_leaves_no_traceback(command, step, number, python):
    code = f"""
        import os, signal, sys
        from asyncio.selector_events import BaseSelectorEventLoop

        step, told = BaseSelectorEventLoop.{step}, []

        def interrupted_in_its_middle(loop):
            if {step!r} == "_close_self_pipe":
                step(loop)
            if not told:
                told.append(True)
                os.kill(os.getpid(), signal.{number})
            for _ in range(100):
                pass  # here Python looks for signals
            if {step!r} != "_close_self_pipe":
                step(loop)

        BaseSelectorEventLoop.{step} = interrupted_in_its_middle
        os.environ |= {{"KYCAID_API_KEY": "k" * 36, "KYCAID_BASE_URL": "http://127.0.0.1:9"}}  # nobody is there
        sys.argv = ["kycaid", *{command!r}]
        from kycaid_async.cli import main
        main()
    """
    done = python(code)
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr
    if step == "_make_self_pipe":
        assert (done.returncode, done.stdout) == (128 + getattr(signal, number), "")
        assert done.stderr == "kycaid: interrupted\n"


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


@pytest.mark.parametrize("arguments", [["doctor"], ["sandbox", "--port", "0"], ["countries", "list"]], ids=" ".join)
def test_a_log_of_tls_that_cannot_be_written_is_named(command, clean_environment, tmp_path, arguments):
    environment = clean_environment | {"SSLKEYLOGFILE": str(tmp_path / "none" / "x"), "KYCAID_API_KEY": "k" * 36}
    done = subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "SSLKEYLOGFILE" in done.stderr
