"""Answers of the server: results, errors, headers, and what is packed."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import aiohttp

from kycaid_async import KycaidError
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.protocol.response import Answer, decode, refusal, retry_after
from kycaid_async.transport.aiohttp.answers import unpacked
from tests.api.cases import CASES
from tests.fuzz.mutation import changed, changed_json
from tests.fuzz.target import Target

_NAMES = sorted(ENDPOINTS)
_MOST = 1 << 24
_JSON = {"Content-Type": "application/json"}
_STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 599)


def _result(data: bytes) -> object:
    """Decode an answer; its first byte says which endpoint it is of."""
    result = decode(ENDPOINTS[_NAMES[data[0] % len(_NAMES)] if data else _NAMES[0]], Answer(200, _JSON, data[1:]))
    repr(result)
    return result


def _results() -> list[bytes]:
    return [bytes((number,)) + json.dumps(CASES[name].answer).encode() for number, name in enumerate(_NAMES)]


def _mutate_result(data: bytes, others: list[bytes], chance: Any) -> bytes:
    first = data[:1] if chance.random() < 0.9 else bytes((chance.randrange(256),))
    return first + changed_json(data[1:], [other[1:] for other in others[:5]], chance)


def _refused(data: bytes) -> object:
    """Read an answer that is no success; its first byte says its status, and the second the endpoint."""
    head = data[:2].ljust(2, b"\0")
    endpoint = ENDPOINTS[_NAMES[head[1] % len(_NAMES)]]
    error = refusal(endpoint, Answer(_STATUSES[head[0] % len(_STATUSES)], _JSON, data[2:]))
    str(error), repr(error), error.errors
    return decode(endpoint, Answer(_STATUSES[head[0] % len(_STATUSES)], _JSON, data[2:]))


def _refusals() -> list[bytes]:
    bodies: list[Any] = [
        {"type": "validation", "errors": [{"parameter": "first_name", "message": "First name is required"}]},
        {"type": "limit_exceeded", "errors": []},
        {"type": "flow", "errors": [{"parameter": "limit_exceeded", "message": "Rate limit exceeded"}]},
        {"error": {"type": "unauthorized"}},
        {"error": {"code": 403, "message": "Forbidden", "status": "PERMISSION_DENIED"}},
        {"type": "about:blank", "title": "Forbidden", "status": 403},
        {"message": "Forbidden"},
    ]
    return [bytes((number * 3, number)) + json.dumps(body).encode() for number, body in enumerate(bodies)]


def _mutate_refusal(data: bytes, others: list[bytes], chance: Any) -> bytes:
    head = data[:2] if chance.random() < 0.7 else chance.randbytes(2)
    return head + changed_json(data[2:], [other[2:] for other in others[:5]], chance)


def _headers(data: bytes) -> object:
    """Read the headers that say when to come back; the two are divided by a line break."""
    asked, _, date = data.decode("latin-1").partition("\n")
    return retry_after({"Retry-After": asked, "Date": date})


def _moments() -> list[bytes]:
    day = b"Wed, 21 Oct 2015 07:28:00 GMT"
    return [
        b"120",
        b"1.5",
        day + b"\n" + day,
        b"Fri, 31 Dec 1999 23:59:59 GMT\n" + day,
        b"Wed, 21 Oct 2015 07:28:00 +9999",
    ]


def _nasty_moments() -> Iterator[tuple[str, bytes]]:
    day = b"Wed, 21 Oct 2015 07:28:00 GMT"
    yield "a number of 3 million digits", b"9" * 3_000_000
    yield "a fraction of 3 million digits", b"1." + b"9" * 3_000_000
    yield "a year of 4,000 digits", b"Wed, 21 Oct " + b"9" * 4_000 + b" 07:28:00 GMT\n" + day
    yield "3 MB of blanks", b" " * 3_000_000
    yield "3 MB of blanks in a date", b"Wed," + b" " * 3_000_000 + b"21 Oct 2015 07:28:00 GMT\n" + day
    yield "3 MB of commas", b"," * 3_000_000 + b"\n" + b"," * 3_000_000
    yield "3 MB of colons", b"Wed, 21 Oct 2015 " + b"0:" * 1_500_000 + b" GMT\n" + day
    yield "a million remarks in each other", b"(" * 1_000_000 + day
    yield "a zone of 3 million digits", day[:-3] + b"+" + b"0" * 3_000_000 + b"\n" + day
    yield "a month of 3 MB", b"Wed, 21 " + b"O" * 3_000_000 + b" 2015 07:28:00 GMT\n" + day


def _packed(data: bytes) -> object:
    return unpacked(Answer(200, {}, data), _MOST)


def _packs() -> list[bytes]:
    once = gzip.compress(b'{"applicant_id": "0"}')
    return [once, gzip.compress(once), once + once, gzip.compress(gzip.compress(once)), once[:-4], b"{}"]


def _nasty_results() -> Iterator[tuple[str, bytes]]:
    applicants, documents = (bytes((_NAMES.index(name),)) for name in ("applicants.get", "verifications.get"))
    reasons = ",".join(f"REASON_{number}" for number in range(1_000_000)).encode()
    listed = json.dumps([f"REASON_{number}" for number in range(1_000_000)]).encode()
    yield "a million unknown decline reasons", applicants + b'{"decline_reasons": ' + listed + b"}"
    yield "a million unknown decline reasons in one text", applicants + b'{"decline_reasons": "' + reasons + b'"}'
    yield "a million ids of reasons", applicants + b'{"decline_reasons": [' + b"7," * 999_999 + b"7]}"
    yield "a million unknown decline reasons of a verification", documents + b'{"decline_reasons": ' + listed + b"}"
    yield "100,000 lists in each other", applicants + b"[" * 100_000 + b"]" * 100_000
    yield "100,000 objects in each other", applicants + b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "900 objects in each other", applicants + b'{"extra":' * 900 + b"1" + b"}" * 900
    yield "3 MB of line breaks", applicants + b"\n" * 3_000_000
    yield "3 MB of line breaks around an object", applicants + b"{" + b"\n" * 3_000_000 + b"}"
    yield "a number of 3 million digits", applicants + b'{"verifications_count": ' + b"9" * 3_000_000 + b"}"
    yield "a text of a number of 3 million digits", applicants + b'{"verifications_count": "' + b"9" * 3_000_000 + b'"}'
    yield "300,000 unknown names", applicants + json.dumps({f"x{number}": number for number in range(300_000)}).encode()
    yield "100,000 documents", applicants + b'{"documents": [' + b'{"document_id": "1"},' * 99_999 + b"{}]}"
    yield "a date of 3 MB", applicants + b'{"dob": "' + b"2" * 3_000_000 + b'"}'
    yield "a date and time of 3 MB", applicants + b'{"created_at": "' + b"2020-01-01 " * 300_000 + b'"}'


def _nasty_refusals() -> Iterator[tuple[str, bytes]]:
    field = b'{"parameter": "first_name", "message": "is not valid"}'
    yield (
        "a million fields at fault",
        b"\0\0" + b'{"type": "validation", "errors": [' + (field + b",") * 999_999 + field + b"]}",
    )
    yield "a message of 5 MB", b"\0\0" + b'{"type": "flow", "errors": [{"message": "' + b"x" * 5_000_000 + b'"}]}'
    sentence = b"Only one document with " + b"A_" * 1_000_000 + b" document type is allowed"
    yield "a sentence of 2 MB", b"\0\0" + b'{"type": "flow", "errors": [{"message": "' + sentence + b'"}]}'
    yield "a code of 3 MB", b"\0\0" + b'{"type": "' + b"a" * 3_000_000 + b'", "errors": []}'
    yield "3 MB of line breaks", b"\0\0" + b"\r\n" * 1_500_000
    yield "100,000 lists in each other", b"\0\0" + b"[" * 100_000


def _nasty_packs() -> Iterator[tuple[str, bytes]]:
    bomb = gzip.compress(bytes(64 << 20), 9)
    yield "a bomb", bomb
    yield "a bomb in a bomb", gzip.compress(bomb * 100, 9)
    yield "100,000 empty members", gzip.compress(b"") * 100_000
    yield "a comment of 3 MB", b"\x1f\x8b\x08\x10" + bytes(6) + b"c" * 3_000_000


_OF_ANSWERS = (KycaidError,)
TARGETS = (
    Target(
        name="results",
        run=_result,
        raises=_OF_ANSWERS,
        seeds=_results,
        share=240,
        mutate=_mutate_result,
        nasty=_nasty_results,
    ),
    Target(
        name="refusals",
        run=_refused,
        raises=_OF_ANSWERS,
        seeds=_refusals,
        share=160,
        mutate=_mutate_refusal,
        nasty=_nasty_refusals,
    ),
    Target(name="Retry-After", run=_headers, raises=(), seeds=_moments, share=60, nasty=_nasty_moments),
    Target(
        name="packed answers",
        run=_packed,
        raises=(aiohttp.ClientPayloadError,),
        seeds=_packs,
        share=60,
        mutate=changed,
        nasty=_nasty_packs,
    ),
)
