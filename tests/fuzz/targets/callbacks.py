"""Callbacks, with and without a signature."""

import json
from collections.abc import Iterator

from kycaid_async import KycaidError
from kycaid_async.callbacks import construct_event, parse, sign
from tests.callbacks.messages import CHANGED, COMPLETED, KEY, SCREENING, SERVICE_RESULT
from tests.fuzz.mutation import changed, changed_json
from tests.fuzz.target import Target


def _event(data: bytes) -> object:
    return repr(parse(data))


def _events() -> list[bytes]:
    return [json.dumps(one).encode() for one in (CHANGED, COMPLETED, SCREENING, SERVICE_RESULT)]


def _signed(data: bytes) -> object:
    """Look at a signature: it stands before the first line break, and the body behind it."""
    signature, _, body = data.partition(b"\n")
    return construct_event(body, signature.decode("latin-1"), KEY)


def _signatures() -> list[bytes]:
    return [f"{sign(body, KEY)}\n".encode() + body for body in _events()]


def _nasty() -> Iterator[tuple[str, bytes]]:
    yield "100,000 lists in each other", b"[" * 100_000
    yield "100,000 objects in each other", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "3 MB of line breaks", b"\n" * 3_000_000
    reasons = json.dumps([f"REASON_{number}" for number in range(1_000_000)]).encode()
    profile = b'{"verified": false, "decline_reasons": ' + reasons + b"}"
    yield (
        "a million unknown decline reasons",
        b'{"type": "VERIFICATION_COMPLETED", "verifications": {"profile": %s}}' % profile,
    )
    checks = json.dumps({f"check_{number}": {"verified": True} for number in range(100_000)}).encode()
    yield "100,000 checks", b'{"type": "VERIFICATION_COMPLETED", "verifications": %s}' % checks
    yield "a number of 3 million digits", b'{"type": "DATABASE_SCREENING", "accuracy": ' + b"9" * 3_000_000 + b"}"


def _nasty_signed() -> Iterator[tuple[str, bytes]]:
    yield "a signature of 3 MB", b"f" * 3_000_000 + b"\n{}"
    yield "a body of 3 MB", b"f\n" + b"x" * 3_000_000


TARGETS = (
    Target(
        name="callbacks", run=_event, raises=(KycaidError,), seeds=_events, share=140, mutate=changed_json, nasty=_nasty
    ),
    Target(
        name="signatures",
        run=_signed,
        raises=(KycaidError,),
        seeds=_signatures,
        share=40,
        mutate=changed,
        nasty=_nasty_signed,
    ),
)
