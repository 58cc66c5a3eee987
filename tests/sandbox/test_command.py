"""``python -m kycaid_async.sandbox``: a server in a process of its own."""

import http.client
import inspect
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from functools import partial

import pytest

from kycaid_async.cli.serve import sandbox as of_the_command_line
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.command import _parser, main, request_line, run
from kycaid_async.sandbox.events.feed import Missed, RequestServed, StateChanged

if sys.platform != "win32":
    import fcntl

COMMAND = [sys.executable, "-W", "error", "-m", "kycaid_async.sandbox"]


@pytest.fixture
def start(tmp_path):
    started = []

    def start(*options, python=()):
        with (tmp_path / "stderr").open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, *python, *COMMAND[1:], *options],
                env={name: value for name, value in os.environ.items() if not name.startswith("KYCAID_")},
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
            )
        started.append(process)
        return process, re.search(r"http://\S+\d", process.stdout.readline())[0]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_answers_with_neither_typer_nor_rich_and_without_pillows_decoders(start, tmp_path):
    process, url = start("--port", "0", python=["-X", "importtime"])
    with urllib.request.urlopen(f"{url}/_sandbox/health") as answer:
        assert json.load(answer)["status"] == "ok"
    process.kill()
    process.wait()
    modules = set(re.findall(r"\|\s+([\w.]+)$", (tmp_path / "stderr").read_text("utf-8"), re.MULTILINE))
    assert "kycaid_async.sandbox.server" in modules
    heavy = ("typer", "rich", "click", "PIL.Image", "kycaid_async.cli", "kycaid_async.bulk.ledger.ledger")
    assert not modules & {*heavy}


@pytest.mark.skipif(sys.platform == "win32", reason="stopped with POSIX signals")
def test_it_says_what_to_export_and_stops_at_a_signal_without_a_word(start, tmp_path):
    process, url = start("--port", "0", "--fault", "429:documents.create:0.5")
    process.send_signal(signal.SIGTERM)
    out = process.stdout.read()
    assert process.wait(30) == 0
    assert f"export KYCAID_BASE_URL={url}\n" in out
    assert "429:documents.create:0.5" in out
    assert (tmp_path / "stderr").read_text("utf-8") == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "others can reach"),  # noqa: S104 - it is refused
        (["--fault", "sometimes"], "a fault is one of"),
        (["--port", "many"], "invalid int value"),
        (["--balance", "-1"], "a number of euros"),
    ],
)
def test_options_that_cannot_be_are_named(options, said):
    done = subprocess.run([*COMMAND, *options], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {port} of 127.0.0.1 is in use" in done.stderr


def test_it_takes_the_options_of_the_command_line():
    flags = {flag for action in _parser()._actions for flag in action.option_strings} - {"-h", "--help"}
    assert flags == {f"--{name.replace('_', '-')}" for name in inspect.signature(of_the_command_line).parameters}


def test_a_request_is_a_line_without_anybodys_data():
    served = partial(RequestServed, operation="applicants.get", status=200, milliseconds=12.34)
    assert request_line(served()) == "200    12.3 ms  GET /applicants/{applicant_id}"
    assert request_line(served(fault="lost")).endswith("  fault: lost")
    assert request_line(served(operation="forms.show")).endswith("  (forms.show)")
    assert request_line(Missed(count=1234)) == "(1,234 events are not shown)"
    assert request_line(StateChanged(kind="applicants", id="x")) is None


@pytest.mark.skipif(sys.platform == "win32", reason="stopped with POSIX signals")
@pytest.mark.parametrize("quiet", [False, True])
def test_requests_are_shown_unless_it_is_quiet(quiet, start):
    process, url = start("--port", "0", *(["--quiet"] if quiet else []))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/applicants/{'0' * 36}")
    refused.value.close()
    if not quiet:
        while not (line := process.stdout.readline()).endswith(" ms  GET /applicants/{applicant_id}\n"):
            assert line
    process.send_signal(signal.SIGTERM)
    assert " ms  " not in process.stdout.read()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are not looked at there")
def test_a_pipe_that_nobody_reads_does_not_hold_it_up(start):
    process, url = start("--port", "0")
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096) if hasattr(fcntl, "F_SETPIPE_SZ") else None
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    for _ in range(200 if hasattr(fcntl, "F_SETPIPE_SZ") else 2000):
        connection.request("GET", f"/applicants/{'0' * 36}")
        assert connection.getresponse().read()
    connection.close()


def test_its_key_may_stand_in_the_environment(monkeypatch):
    monkeypatch.setenv("KYCAID_SANDBOX_KEY", "k" * 36)
    assert _parser().parse_args([]).api_key == "k" * 36


@pytest.mark.skipif(sys.platform == "win32", reason="it sends a signal to itself")
def test_a_signal_ends_it_in_the_same_process_too(capsys):
    said = []

    def stop(text):
        said.append(text)
        signal.raise_signal(signal.SIGTERM)

    run(Sandbox(), stop)
    assert re.search(r"listens on http://\S+ until Ctrl-C", said[0])
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit) as ended:
        main(["--port", str(taken.getsockname()[1])])
    assert ended.value.code == 1
    assert "is in use" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["--fault", "nonsense"])
    assert ended.value.code == 2
