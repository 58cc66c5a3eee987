"""``kycaid trigger``: a signed callback of each type, sent by hand."""

import json

import pytest
from typer.testing import CliRunner

from kycaid_async.callbacks import SIGNATURE_HEADER, CallbackType, UnknownEvent, construct_event, verify
from kycaid_async.cli.app import app
from kycaid_async.cli.callbacks.trigger import body_of
from kycaid_async.errors import InvalidSignatureError
from tests.cli.odd_server import odd_server
from tests.conftest import API_KEY


@pytest.fixture
def receiver():
    with odd_server() as made:
        yield made


@pytest.fixture
def trigger(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", API_KEY)
    return lambda *words: CliRunner().invoke(app, ["trigger", *map(str, words)], catch_exceptions=False)


def received(receiver):
    """Return body and signature of what came."""
    return [(body, {name.lower(): text for name, text in heads.items()}) for _, _, heads, body in receiver.requests]


@pytest.mark.parametrize("kind", [str(kind) for kind in CallbackType])
def test_a_callback_of_each_type_arrives_signed_and_reads_as_what_it_is(kind, trigger, receiver):
    done = trigger(kind.lower().replace("_", "-"), "--to", f"{receiver.url}/kycaid")
    assert done.exit_code == 0
    assert done.stdout.startswith("200 in ")
    ((body, headers),) = received(receiver)
    event = construct_event(body, headers[SIGNATURE_HEADER], API_KEY)
    assert (event.type, len(event.request_id)) == (kind, 36)
    assert not isinstance(event, UnknownEvent)
    assert event.extra.keys() <= {"external_applicant_id"}
    assert headers["content-type"] == "application/json"


def test_two_callbacks_have_different_ids():
    bodies = [body_of(CallbackType.VERIFICATION_COMPLETED) for _ in range(2)]
    assert bodies[0]["request_id"] != bodies[1]["request_id"]
    assert bodies[0]["applicant_id"] != bodies[1]["applicant_id"]


def test_fields_of_yours_stand_in_the_place_of_made_up_ones(trigger, receiver):
    fields = {"verified": False, "external_applicant_id": "000017", "new": [1]}
    assert trigger("VERIFICATION_COMPLETED", "--to", receiver.url, "--json", json.dumps(fields)).exit_code == 0
    ((body, _),) = received(receiver)
    assert fields.items() <= json.loads(body).items()


def test_the_same_one_is_sent_again_as_it_was(trigger, receiver):
    done = trigger("SERVICE_RESULT", "--to", receiver.url, "--times", 3)
    assert (done.exit_code, done.stdout.count("\n")) == (0, 3)
    assert len({body for body, _ in received(receiver)}) == 1


def test_a_receiver_that_takes_a_forged_one_is_wrong(trigger, receiver):
    done = trigger("SERVICE_RESULT", "--to", receiver.url, "--bad-signature")
    assert done.exit_code == 7
    assert "anybody could send it some" in done.stderr
    ((body, headers),) = received(receiver)
    with pytest.raises(InvalidSignatureError):
        verify(body, headers[SIGNATURE_HEADER], API_KEY)
    receiver.answer((401, {}))
    assert trigger("SERVICE_RESULT", "--to", receiver.url, "--bad-signature").exit_code == 0


@pytest.mark.parametrize("status", [302, 401, 500])
def test_one_that_is_not_taken_is_told(status, trigger, receiver):
    receiver.answer((status, {}, {"Location": "/elsewhere"}))
    done = trigger("SERVICE_RESULT", "--to", receiver.url)
    assert done.exit_code == 7
    assert len(receiver.requests) == 1
    assert "KYCAID would send it again" in done.stderr


def test_nobody_who_listens_is_one_sentence(trigger):
    done = trigger("SERVICE_RESULT", "--to", "http://127.0.0.1:9/")
    assert (done.exit_code, done.stderr.count("\n")) == (10, 1)
    assert "Check its URL" in done.stderr


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["VERIFICATION_COMPLETE", "--to", "http://127.0.0.1:9"], "did you mean VERIFICATION_COMPLETED?"),
        (["xyz", "--to", "http://127.0.0.1:9"], "TYPE: expected one of VERIFICATION_COMPLETED"),
        (["SERVICE_RESULT", "--to", "127.0.0.1:9"], "--to: expected a URL"),
        (["SERVICE_RESULT", "--to", "http://[::1"], "--to: expected a URL"),
        (["SERVICE_RESULT", "--to", "https://user:s3cret@host/"], "--to: expected a URL"),
        (["SERVICE_RESULT", "--to", "http://example.com/"], "KYCAID_ALLOW_HTTP"),
        (["SERVICE_RESULT", "--to", "http://127.0.0.1:9", "--json", "[]"], "--json: expected an object"),
    ],
)
def test_what_cannot_be_is_one_sentence(words, advice, trigger):
    done = trigger(*words)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert advice in done.stderr
    assert "s3cret" not in done.stderr


def test_a_dry_run_prints_what_can_be_sent_with_another_tool(trigger):
    done = trigger("DATABASE_SCREENING", "--to", "https://example.com/", "--dry-run")
    said = json.loads(done.stdout)
    verify(said["body"].encode(), said["headers"][SIGNATURE_HEADER], API_KEY)


def test_without_a_key_nothing_is_signed(trigger, monkeypatch):
    monkeypatch.delenv("KYCAID_API_KEY")
    done = trigger("SERVICE_RESULT", "--to", "http://127.0.0.1:9/")
    assert done.exit_code == 2
    assert "your key is needed" in done.stderr
