"""Hostile answers and callbacks become objects or errors of the package, soon, and are never quoted."""

import functools
import json
import random
import time
from typing import Any

from kycaid_async import KycaidError
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.callbacks import parse
from kycaid_async.protocol.response import Answer, decode
from tests.effort import piece_of_work
from tests.security.marks import Marks
from tests.security.outcome import Outcome

NAME = "Hostile answers and callbacks: depth, size, numbers, text, types"
MARKS = Marks()
SOON = 1000
"""Pieces of work, some seconds; what it guards against took minutes."""
_piece = functools.cache(piece_of_work)
KEYS = (
    "first_name",
    "documents",
    "decline_reasons",
    "verifications",
    "type",
    "errors",
    "data",
    "items",
    "dob",
    "created_at",
)
NUMBERS = ("1e999", "-0", "1e-400", "9" * 400, "NaN", "Infinity", "0x1", "01", "1.", "9" * 5000, "-" + "9" * 50)
TEXTS = ('"\\ud800"', '"\\u0000"', '"\\uFFFF"', '"' + "\\\\" * 50 + '"', '"\x7f"', '"﷽"', '"' + "a," * 500 + '"')


def attack(chance: random.Random, cases: int) -> Outcome:
    outcome, endpoints = Outcome(), list(ENDPOINTS.values())
    for _ in range(cases * 5):
        body = _body(chance)
        endpoint = chance.choice(endpoints)
        status = chance.choice((200, 200, 200, 201, 400, 404, 422, 429, 500, 503, 418))
        outcome.count(*_held(endpoint.name, body, lambda e=endpoint, s=status, b=body: decode(e, Answer(s, {}, b))))
        outcome.count(*_held("a callback", body, lambda b=body: parse(b)))
    for name, body in _large(max(1, cases // 5)):
        for endpoint in ("documents.get", "applicants.get", "verifications.get", "verifications.report"):
            for status in (200, 422):
                answer = Answer(status, {}, body)
                outcome.count(
                    *_held(f"{name} for {endpoint}", body, lambda e=endpoint, a=answer: decode(ENDPOINTS[e], a))
                )
    return outcome


def _held(what: str, body: bytes, act: Any) -> tuple[bool, str]:
    busy, words = time.thread_time(), ""
    try:
        repr(act())
    except KycaidError as error:
        words = "it was quoted" if MARKS.found_in(f"{error} {error!r}") else ""
    except Exception as error:
        words = f"it raised {type(error).__name__}"
    if (pieces := (time.thread_time() - busy) / _piece()) > SOON:
        words = f"it took {pieces:.0f} pieces of work"
    return not words, f"{what}: {words}, with {body[:200]!r}"


def _body(chance: random.Random) -> bytes:
    text = _value(chance, chance.randint(1, 5))
    if chance.random() < 0.2:
        text = text[: chance.randrange(len(text) + 1)]
    raw = text.encode(errors="surrogatepass")
    if chance.random() < 0.1:
        at = chance.randrange(len(raw) + 1)
        raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at:]
    return chance.choice((b"", b"", b"", b"\xef\xbb\xbf", b" ", b")]}'\n")) + raw


def _value(chance: random.Random, depth: int) -> str:
    kind = chance.randrange(7 if depth else 4)
    if kind == 0:
        return chance.choice(NUMBERS)
    if kind == 1:
        return chance.choice(TEXTS)
    if kind == 2:
        return json.dumps(chance.choice((MARKS.answer, f"{MARKS.name} {MARKS.card}", "", None, True)))
    if kind == 3:
        return chance.choice(("null", "{}", "[]", "[null]", "0", "false", "[" * 2000, '{"a":' * 2000))
    if kind == 4:
        return "[" + ",".join(_value(chance, depth - 1) for _ in range(chance.randrange(4))) + "]"
    names = [chance.choice((*KEYS, "__class__", "", "raw", "_raw")) for _ in range(chance.randrange(5))]
    return "{" + ",".join(f"{json.dumps(name)}:{_value(chance, depth - 1)}" for name in names) + "}"


def _large(thousands: int) -> list[tuple[str, bytes]]:
    number = thousands * 1000
    reasons = [f"R{n}" for n in range(number)]
    return [
        ("reasons", json.dumps({"decline_reasons": reasons}).encode()),
        ("numbers of reasons", json.dumps({"decline_reasons": list(range(number))}).encode()),
        ("reasons in one text", json.dumps({"decline_reasons": ",".join(reasons)}).encode()),
        ("documents", json.dumps({"documents": [{"type": "X"}] * number}).encode()),
        ("checks", json.dumps({"verifications": {name: {} for name in reasons}}).encode()),
        ("rows", json.dumps({"data": [{}] * number}).encode()),
        ("errors", json.dumps({"type": "validation", "errors": [{"parameter": MARKS.name + " x"}] * number}).encode()),
        ("one key again and again", b"{" + b",".join([b'"a":1'] * number) + b"}"),
        ("depth", b"[" * number + b"]" * number),
    ]
