"""``kycaid doctor``: what is wrong is said, with what to do, and nothing secret is."""

import json
import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme
from typer.testing import CliRunner

from kycaid_async import servers
from kycaid_async.cli.app import app
from kycaid_async.cli.doctor import checks, network
from kycaid_async.sandbox import SANDBOX_KEY
from kycaid_async.testing import Sandbox
from tests.cli.odd_server import odd_server
from tests.conftest import API_KEY
from tests.raw import RawServer

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(api_key=API_KEY) as running:
        yield running


@pytest.fixture
def receiver():
    with odd_server() as made:
        yield made


@pytest.fixture
def doctor(monkeypatch):
    for name in [name for name in os.environ if name.startswith("KYCAID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KYCAID_API_KEY", API_KEY)
    return lambda *words: CliRunner().invoke(app, ["doctor", *map(str, words)], catch_exceptions=False)


def states(done):
    return {check["name"]: check["state"] for check in json.loads(done.stdout)["checks"]}


def texts(done):
    return {check["name"]: check["text"] for check in json.loads(done.stdout)["checks"]}


def test_all_is_well_with_a_sandbox(doctor, sandbox):
    done = doctor("--base-url", sandbox.url)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.endswith("Nothing is wrong.\n")
    assert max(map(len, done.stdout.splitlines())) <= 80
    done = doctor("--base-url", sandbox.url, "--json")
    assert json.loads(done.stdout)["ok"] is True
    assert set(states(done).values()) == {"ok"}
    assert "HTTP 401 without a key" in texts(done)["answer"]


def test_a_wrong_key_is_told_from_a_server_that_does_not_answer(doctor, sandbox, monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", "f" * 36)
    done = doctor("--base-url", sandbox.url, "--json")
    assert done.exit_code == 1
    assert {name for name, state in states(done).items() if state == "wrong"} == {"call"}
    assert "the key is refused" in texts(done)["call"]
    done = doctor("--base-url", "http://127.0.0.1:9", "--json")
    assert {name for name, state in states(done).items() if state == "wrong"} == {"answer"}
    assert (states(done)["clock"], states(done)["call"]) == ("skipped", "skipped")


def test_a_server_that_is_not_found_is_one_finding(doctor):
    done = doctor("--base-url", "https://nowhere.invalid", "--json")
    assert (done.exit_code, states(done)["DNS"], states(done)["call"]) == (1, "wrong", "skipped")
    assert "answer" not in states(done)


def test_without_a_key_the_way_to_the_server_is_looked_at_all_the_same(doctor, sandbox, monkeypatch):
    monkeypatch.delenv("KYCAID_API_KEY")
    done = doctor("--base-url", sandbox.url, "--json", "--callback-url", sandbox.url)
    found = states(done)
    assert (found["key"], found["answer"], found["call"], found["callbacks"]) == ("wrong", "ok", "skipped", "skipped")


def test_a_proxy_is_named_without_its_password_and_asked(doctor, sandbox, monkeypatch, receiver):
    with_user = receiver.url.replace("http://", "http://user:s3cret@")
    receiver.answer((502, b"<html>"))
    monkeypatch.setenv("HTTP_PROXY", with_user)
    done = doctor("--base-url", sandbox.url, "--json")
    assert texts(done)["proxy"] == f"{receiver.url} with a user"
    assert (states(done)["DNS"], states(done)["call"]) == ("skipped", "wrong")
    assert "s3cret" not in done.output
    assert receiver.requests
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1")
    assert "SOCKS" in texts(doctor("--base-url", sandbox.url, "--json"))["server"]


@pytest.mark.parametrize(
    ("key", "state", "words"),
    [
        (None, "wrong", "no key"),
        ("", "wrong", "no key"),
        ("'abc'\n", "wrong", "copy it again"),
        ("abc", "warning", "it has 3 characters"),
        (SANDBOX_KEY, "wrong", "the key of a sandbox"),
        (API_KEY, "ok", "36 characters"),
    ],
)
def test_a_key_is_judged_and_never_shown(key, state, words):
    finding = checks.key(key, servers.PRODUCTION)
    assert finding.state == state
    assert words in finding.text
    assert not key or key not in finding.text


@pytest.mark.parametrize(
    ("date", "state", "words"),
    [
        (format_datetime(NOW, usegmt=True), "ok", "within seconds"),
        (format_datetime(NOW + timedelta(seconds=10), usegmt=True), "ok", "10 s behind"),
        (format_datetime(NOW - timedelta(seconds=60), usegmt=True), "warning", "60 s ahead"),
        (format_datetime(NOW + timedelta(hours=1), usegmt=True), "wrong", "3600 s behind"),
        ("soon", "skipped", "does not say"),
        (None, "skipped", "does not say"),
    ],
)
def test_the_clock_is_compared_with_the_servers(date, state, words):
    finding = network.clock(date, NOW.timestamp())
    assert finding.state == state
    assert words in finding.text


@pytest.mark.parametrize(("days", "state"), [(60, "ok"), (3, "warning")])
def test_a_certificate_says_who_gave_it_and_until_when(days, state):
    end = (NOW + timedelta(days=days, hours=1)).strftime("%b %d %H:%M:%S %Y GMT")
    certificate = {"notAfter": end, "issuer": ((("organizationName", "Some CA\x1b[31m"),),)}
    finding = network.certificate_finding(certificate, "TLSv1.3", NOW)
    assert finding.state == state
    assert f"({days} days)" in finding.text
    assert "\x1b" not in finding.text


def test_a_certificate_is_good_only_if_this_machine_trusts_it(doctor, tmp_path, monkeypatch):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with RawServer(lambda connection: connection.recv(1), tls=context) as running:
        url = running.url.replace("127.0.0.1", "localhost")
        done = doctor("--base-url", url, "--json")
        assert states(done)["TLS"] == "wrong"
        assert "is not trusted" in texts(done)["TLS"]
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        done = doctor("--base-url", url, "--json")
    assert states(done)["TLS"] == "ok"
    assert "certificate of trustme" in texts(done)["TLS"]
    done = doctor("--base-url", "https://127.0.0.1:9", "--json")
    assert "is it blocked here?" in texts(done)["TLS"]


def test_a_receiver_is_sent_a_forged_and_a_signed_callback_about_nobody(doctor, sandbox, receiver):
    receiver.answer((401, {}), (200, {}))
    done = doctor("--base-url", sandbox.url, "--callback-url", receiver.url, "--json")
    assert (states(done)["forged callback"], states(done)["signed callback"]) == ("ok", "ok")
    bodies = [json.loads(body) for *_, body in receiver.requests]
    assert bodies[0] == bodies[1]
    assert bodies[0].keys() == {"type", "request_id", "test"}
    signatures = [heads["x-data-integrity"] for _, _, heads, _ in receiver.requests]
    assert signatures[0] != signatures[1]


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [([(200, {})], {"forged callback"}), ([(401, {})], {"signed callback"})],
)
def test_a_receiver_that_takes_all_or_nothing_is_wrong(answers, wrong, doctor, sandbox, receiver):
    receiver.answer(*answers)
    done = doctor("--base-url", sandbox.url, "--callback-url", receiver.url, "--json")
    assert done.exit_code == 1
    assert {name for name, state in states(done).items() if state == "wrong"} == wrong


def test_a_receiver_that_is_not_there_or_cannot_be(doctor, sandbox):
    done = doctor("--base-url", sandbox.url, "--callback-url", "http://127.0.0.1:9/", "--json")
    assert states(done)["callbacks"] == "wrong"
    assert doctor("--callback-url", "ftp://x").exit_code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
def test_rights_of_folders_are_looked_at_and_their_names_kept(tmp_path):
    folder = tmp_path / "Jane Example"
    assert checks.folder(folder).state == "wrong"
    folder.mkdir(mode=0o700)
    assert checks.folder(folder).state == "ok"
    folder.chmod(0o755)
    finding = checks.folder(folder)
    assert finding.state == "warning"
    assert "chmod go=" in finding.text
    assert str(tmp_path) not in finding.text


def test_a_ledger_is_looked_at_and_not_changed(tmp_path, doctor, sandbox):
    assert checks.ledger(tmp_path / "none" / "a.ledger").state == "wrong"
    assert checks.ledger(tmp_path / "a.ledger").state == "ok"
    (tmp_path / "a.ledger").write_bytes(b"no ledger at all")
    finding = checks.ledger(tmp_path / "a.ledger")
    assert finding.state == "wrong"
    assert str(tmp_path) not in finding.text
    done = doctor("--base-url", sandbox.url, "--ledger", tmp_path / "b.ledger", "--folder", tmp_path, "--json")
    assert (states(done)["ledger"], "folder" in states(done)) == ("ok", True)


def test_a_keyring_that_does_not_work_is_a_finding(doctor, sandbox, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    done = doctor("--base-url", sandbox.url, "--keyring", "live", "--json")
    assert states(done)["key"] == "wrong"
    assert "kycaid-async[keyring]" in texts(done)["key"]
