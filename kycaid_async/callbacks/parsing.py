"""Parsing of callbacks into typed events."""

import hashlib
import json
from typing import Any, NoReturn

from kycaid_async.callbacks.events import (
    CallbackType,
    DatabaseScreening,
    Event,
    ServiceResult,
    UnknownEvent,
    VerificationCompleted,
    VerificationStatusChanged,
)
from kycaid_async.callbacks.signature import MAX_BODY, Keys, raw_body, verify
from kycaid_async.errors import DecodeError
from kycaid_async.tracebacks import border
from kycaid_async.values.converter import read_as
from kycaid_async.values.mismatch import kind

EVENTS: dict[str, type[Event]] = {
    CallbackType.VERIFICATION_COMPLETED: VerificationCompleted,
    CallbackType.VERIFICATION_STATUS_CHANGED: VerificationStatusChanged,
    CallbackType.DATABASE_SCREENING: DatabaseScreening,
    CallbackType.SERVICE_RESULT: ServiceResult,
}


def construct_event(body: bytes, signature: str | None, keys: Keys, *, max_body: int = MAX_BODY) -> Event:
    """Return the event in ``body`` after `verify` found its signature good. Raises what `verify` and `parse` raise."""
    with border:
        verify(body, signature, keys, max_body=max_body)
        return parse(body)


def parse(body: bytes) -> Event:
    """Return the event in ``body``, without looking at any signature: use `construct_event` for what came from outside.

    A type that is not known gives an `UnknownEvent`; a field of another type than expected is None and stays in
    ``extra``. A byte-order mark before the object is read over. Raises `DecodeError`, which shows no value, when the
    body is not a JSON object in UTF-8, and `RawBodyRequiredError` when it is not bytes.
    """
    with border:
        raw = raw_body(body)
        data = _object(raw)
        name = data.get("type")
        event = read_as(data, EVENTS.get(name, UnknownEvent) if isinstance(name, str) else UnknownEvent)
        event._digest = hashlib.sha256(raw).hexdigest()  # noqa: SLF001 - the bytes are known only here
        return event


def _object(raw: bytes) -> dict[str, Any]:
    # json.loads() would take bytes in UTF-16 and UTF-32 too, and the numbers NaN and Infinity.
    # Errors are raised outside of the handlers, because the ones they handle hold the body.
    try:
        data = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        problem = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it is not JSON"
    else:
        if isinstance(data, dict):
            return data
        problem = f"expected an object, got {kind(data)}"
    raise DecodeError(f"the callback's body cannot be read: {problem}.")


def _refuse(_constant: str) -> NoReturn:
    raise ValueError
