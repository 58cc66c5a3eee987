"""The receiver for tests, and callbacks signed as KYCAID signs them."""

import subprocess
import sys
import threading
import urllib.error
import urllib.request

import anyio
import pytest

from kycaid_async import ConfigurationError
from kycaid_async.callbacks import (
    SIGNATURE_HEADER,
    DatabaseScreening,
    ServiceResult,
    UnknownEvent,
    VerificationCompleted,
    VerificationStatusChanged,
    construct_event,
    parse,
    sign,
)
from kycaid_async.testing import CallbackRecorder, SignedCallback, factory, signed_callback

KEY = "0123456789abcdef0123456789abcdef0123"
EVENTS = [VerificationCompleted, VerificationStatusChanged, DatabaseScreening, ServiceResult]


def send(url, callback):
    request = urllib.request.Request(url, callback.body, callback.headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_signed_callback_unpacks_into_body_and_headers():
    body, headers = signed_callback({"type": "VERIFICATION_COMPLETED"}, KEY)
    event = construct_event(body, headers[SIGNATURE_HEADER], KEY)
    assert (type(event), headers["Content-Type"]) == (VerificationCompleted, "application/json")


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
def test_a_signed_callback_is_read_as_the_event_that_it_was_made_of(cls):
    made = factory(cls)()
    signed = signed_callback(made, KEY)
    found = construct_event(signed.body, signed.headers[SIGNATURE_HEADER], KEY)
    assert type(found) is cls
    assert found == made


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
def test_an_event_without_a_type_is_sent_with_that_of_its_class(cls):
    assert type(parse(signed_callback(cls(request_id="1"), KEY).body)) is cls


def test_a_message_is_sent_as_it_is():
    message = {"type": "TOMORROW", "unheard_of": [1]}
    event = parse(signed_callback(message, KEY).body)
    assert isinstance(event, UnknownEvent)
    assert event.raw == message
    assert parse(signed_callback(event, KEY).body).raw == message


def test_what_is_signed_is_not_printed():
    assert "Jane" not in repr(signed_callback({"first_name": "Jane"}, KEY))


def test_it_keeps_what_comes_and_finds_it():
    with CallbackRecorder(KEY) as recorder:
        for request_id in ("1", "2"):
            assert send(recorder.url, signed_callback(VerificationCompleted(request_id=request_id), KEY)) == 200
        assert recorder.wait(VerificationCompleted, lambda event: event.request_id == "2") is recorder.events[1]
        assert recorder.wait(VerificationCompleted) is recorder.events[0]


def test_it_refuses_what_is_signed_with_another_key():
    with CallbackRecorder(KEY) as recorder:
        assert send(recorder.url, signed_callback(VerificationCompleted(), "another")) == 401
        assert (recorder.events, recorder.refused) == ([], 1)


def test_it_answers_as_it_is_told():
    with CallbackRecorder(KEY) as recorder:
        recorder.answer_next(500, 503)
        callback = signed_callback(VerificationCompleted(), KEY)
        assert [send(recorder.url, callback) for _ in range(3)] == [500, 503, 200]
        assert len(recorder.events) == 3


def test_waiting_for_what_does_not_come_ends():
    with CallbackRecorder(KEY) as recorder, pytest.raises(TimeoutError, match="VerificationCompleted"):
        recorder.wait(VerificationCompleted, timeout=0)


async def test_an_asynchronous_test_waits_without_holding_up_its_loop():
    async with CallbackRecorder(KEY) as recorder:
        send(recorder.url, signed_callback(VerificationCompleted(request_id="1"), KEY))
        assert (await recorder.wait_for(VerificationCompleted)).request_id == "1"


async def test_a_recorder_ends_with_the_scope_that_was_cancelled():
    with anyio.move_on_after(30) as scope:
        async with CallbackRecorder() as recorder:
            scope.cancel()
            await anyio.sleep_forever()
    assert recorder.url
    assert "kycaid recorder" not in [thread.name for thread in threading.enumerate()]


def test_waiting_that_was_given_up_does_not_hold_up_the_end_of_the_process():
    script = """
import anyio
from kycaid_async.callbacks import VerificationCompleted
from kycaid_async.testing import CallbackRecorder

async def main():
    async with CallbackRecorder() as recorder:
        with anyio.move_on_after(0.2):
            await recorder.wait_for(VerificationCompleted, timeout=3600)

anyio.run(main)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b"null", b"\xff"], ids=repr)
def test_a_signed_body_that_is_no_event_is_answered_with_400_and_without_a_word(body, caplog):
    with CallbackRecorder(KEY) as recorder:
        assert send(recorder.url, SignedCallback(body, {SIGNATURE_HEADER: sign(body, KEY)})) == 400
        assert (recorder.events, recorder.refused) == ([], 0)
    assert caplog.text == ""


def test_its_keys_are_validated_when_it_is_made():
    with pytest.raises(ConfigurationError, match="keys: an API key is empty"):
        CallbackRecorder("")


def test_waiting_in_short_parts_ends_when_the_event_comes_and_at_its_time(monkeypatch):
    monkeypatch.setattr("kycaid_async.sync.threads._UNINTERRUPTIBLE", True)
    with CallbackRecorder(KEY) as recorder:
        with pytest.raises(TimeoutError):
            recorder.wait(VerificationCompleted, timeout=0.0)
        assert send(recorder.url, signed_callback(factory(VerificationCompleted)(), KEY)) == 200
        assert recorder.wait(VerificationCompleted) is recorder.events[0]
