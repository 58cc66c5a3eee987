"""``kycaid listen``: what arrives is verified, answered, and shown without what is personal."""

import json
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest
from typer.testing import CliRunner

from kycaid_async import Kycaid
from kycaid_async.callbacks import SIGNATURE_HEADER, parse, sign
from kycaid_async.cli.app import app
from kycaid_async.cli.callbacks.listen import line_of
from kycaid_async.testing import Sandbox
from tests.conftest import API_KEY

NAME = "Jane Example"
BODY = {
    "type": "VERIFICATION_COMPLETED",
    "request_id": "r" * 36,
    "applicant_id": "abcd" + "1" * 32,
    "external_applicant_id": NAME,
    "status": "completed",
    "verified": True,
    "applicant": {"first_name": NAME},
}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def post(port, body, signature, *, path="/any/where", method="POST"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, method=method)
    if signature:
        request.add_header(SIGNATURE_HEADER, signature)
    for _ in range(500):
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except urllib.error.URLError:
            time.sleep(0.02)  # it is not there yet
    raise AssertionError("nothing listens")


@pytest.fixture
def listening(monkeypatch):
    """Run ``kycaid listen`` in this thread, and what sends to it in another."""
    monkeypatch.setenv("KYCAID_API_KEY", API_KEY)

    def listening(*words, send):
        port, statuses = free_port(), []
        thread = threading.Thread(target=lambda: statuses.extend(send(port)))
        thread.start()
        done = CliRunner().invoke(app, ["listen", "--port", str(port), *words], catch_exceptions=False)
        thread.join()
        return done, statuses

    return listening


def test_a_signed_callback_is_one_line_and_others_are_refused(listening):
    raw, other = json.dumps(BODY).encode(), b"[1]"

    def send(port):
        yield post(port, raw, "0" * 128)
        yield post(port, raw, None)
        yield post(port, other, sign(other, API_KEY))
        yield post(port, None, None, method="GET")
        yield post(port, b"x" * (1 << 20) + b"xx", "0" * 128)
        yield post(port, raw, sign(raw, API_KEY))

    done, statuses = listening("--count", "1", send=send)
    assert (done.exit_code, statuses) == (0, [401, 401, 400, 405, 413, 200])
    first, *lines = [line.partition(" ")[2] for line in done.stdout.splitlines()]
    assert "kycaid sandbox --callback-url http://127.0.0.1:" in first
    assert lines == [
        "refused: not signed with this key",
        "refused: not signed with this key",
        "refused: signed, and no JSON object",
        "refused: too large",
        "VERIFICATION_COMPLETED: completed, verified, applicant_id abcd…",
    ]
    assert NAME not in done.output


def test_what_a_sandbox_sends_is_shown(listening):
    def send(port):
        assert post(port, None, None, method="GET") == 405
        with (
            Sandbox(api_key=API_KEY, callback_url=f"http://127.0.0.1:{port}/") as sandbox,
            Kycaid(API_KEY, base_url=sandbox.url) as client,
        ):
            applicant = client.applicants.create(type="PERSON", first_name="Jane", last_name="Example")
            client.verifications.create(applicant_id=applicant, form_id=client.forms.list()[0].form_id)
            sandbox.settle()
            delivered = len(sandbox.deliveries())
        raw = b'{"type": "THE_END"}'
        yield from (post(port, raw, sign(raw, API_KEY)) for _ in range(5 - delivered))

    done, statuses = listening("--count", "5", send=send)
    assert done.exit_code == 0
    assert statuses
    assert "VERIFICATION_COMPLETED: completed, " in done.stdout
    assert "Jane" not in done.output


def test_bodies_are_shown_whole_when_they_are_asked_for_and_lines_stand_beside_them(listening):
    raw = json.dumps(BODY).encode()
    done, statuses = listening(
        "--count",
        "2",
        "--show",
        "--answer",
        "500",
        send=lambda port: [post(port, raw, sign(raw, API_KEY))] * 1 + [post(port, raw, sign(raw, API_KEY))],
    )
    assert statuses == [500, 500]
    assert [json.loads(line) for line in done.stdout.splitlines()] == [BODY, BODY]
    assert done.stderr.count("VERIFICATION_COMPLETED: ") == 2


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"type": "JANE EXAMPLE"}, "***: nothing that can be shown"),
        ({"type": 5, "status": NAME}, "***: ***"),
        ({}, "without a type: nothing that can be shown"),
        ({"type": "X", "verified": False, "applicant_id": NAME}, "X: not verified, applicant_id …"),
        ({"type": "SERVICE_RESULT", "service_request_status": "error"}, "SERVICE_RESULT: error"),
    ],
)
def test_only_codes_are_shown(body, line):
    assert line_of(parse(json.dumps(body).encode())).partition(" ")[2] == line


def test_a_port_in_use_and_no_key_are_one_sentence(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", API_KEY)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = CliRunner().invoke(app, ["listen", "--port", str(taken.getsockname()[1])])
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "choose another with --port" in done.stderr
    monkeypatch.delenv("KYCAID_API_KEY")
    assert "your key is needed" in CliRunner().invoke(app, ["listen"]).stderr
