"""What can happen to the bytes of an answer on its way."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.wire import Answer

_BOMB = gzip.compress(bytes(40 << 20), 9)
_PIECES, _PAUSE = 8, 0.002


@dataclass(frozen=True, kw_only=True)
class Mangled:
    """What is sent in place of an answer: pieces, with seconds between them, and then an end."""

    pieces: list[bytes]
    pause: float = 0.0
    end: str = "keep"
    """``keep`` the connection, ``close`` it, ``reset`` it, or ``hang``: send nothing more until the client has left."""


def mangled(answer: Answer, mangling: str) -> Mangled:
    """Return what becomes of ``answer``."""
    return MANGLINGS[mangling](answer)


def _split(answer: Answer) -> tuple[bytes, bytes]:
    head, _, body = answer.as_bytes().partition(b"\r\n\r\n")
    return head, body


def _with(answer: Answer, *lines: bytes, body: bytes | None = None) -> bytes:
    """Return the answer with more headers, and its length declared anew."""
    head, own = _split(answer)
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    sent = own if body is None else body
    return b"\r\n".join([*kept, b"Content-Length: %d" % len(sent), *lines]) + b"\r\n\r\n" + sent


def _sized(answer: Answer, more: int) -> bytes:
    head, body = _split(answer)
    said, real = b"Content-Length: %d" % max(0, len(body) + more), b"Content-Length: %d" % len(body)
    return head.replace(real, said) + b"\r\n\r\n" + body


def _in_chunks(answer: Answer, end: bytes = b"0\r\n\r\n") -> bytes:
    head, body = _split(answer)
    head = head.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
    half = len(body) // 2
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part]
    return head + b"\r\n\r\n" + b"".join(chunks) + end


def _until_close(answer: Answer, version: bytes) -> bytes:
    head, body = _split(answer)
    lines = head.split(b"\r\n")
    kept = [line for line in lines[1:] if not line.startswith(b"Content-Length:")]
    return b"\r\n".join([lines[0].replace(b"HTTP/1.1", version), *kept]) + b"\r\n\r\n" + body


def _spoilt(whole: bytes, *places: int) -> bytes:
    found = bytearray(whole)
    for place in places:
        found[place] = 0xFF
    return bytes(found)


def _halved(answer: Answer, end: str) -> Mangled:
    whole = answer.as_bytes()
    return Mangled(pieces=[whole[: len(whole) - len(answer.body) // 2 - 1]], end=end)


def _head_halved(answer: Answer, end: str) -> Mangled:
    return Mangled(pieces=[_split(answer)[0][:30]], end=end)


def _drip(answer: Answer) -> Mangled:
    whole = answer.as_bytes()
    size = len(whole) // _PIECES + 1
    return Mangled(pieces=[whole[at : at + size] for at in range(0, len(whole), size)], pause=_PAUSE)


def _corrupt(answer: Answer) -> Mangled:
    whole = answer.as_bytes()
    return Mangled(pieces=[_spoilt(whole, -1, -len(answer.body) // 2 - 1)])


def _one(make: Callable[[Answer], bytes], end: str = "keep") -> Callable[[Answer], Mangled]:
    return lambda answer: Mangled(pieces=[make(answer)], end=end)


HARMLESS: dict[str, Callable[[Answer], Mangled]] = {
    "drip": _drip,
    "gzip": _one(lambda answer: _with(answer, b"Content-Encoding: gzip", body=gzip.compress(answer.body))),
    "chunked": _one(_in_chunks),
    "head_9k": _one(lambda answer: _with(answer, b"X-Policy: " + b"p" * 9000)),
    "head_150": _one(lambda answer: _with(answer, *(b"X-Trace-%d: t" % number for number in range(150)))),
    "http10": _one(lambda answer: _until_close(answer, b"HTTP/1.0"), "close"),
    "no_length": _one(lambda answer: _until_close(answer, b"HTTP/1.1"), "close"),
    "informational": _one(
        lambda answer: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + answer.as_bytes()
    ),
    "informational_many": _one(lambda answer: b"HTTP/1.1 102 Processing\r\n\r\n" * 2000 + answer.as_bytes()),
    "twice": _one(lambda answer: answer.as_bytes() * 2),
    "trailing": _one(lambda answer: answer.as_bytes() + b"\r\n\r\nHTTP/1.1 what"),
}
"""The answer can still be read: the same as without."""

HARMFUL: dict[str, Callable[[Answer], Mangled]] = {
    "cut": lambda answer: _halved(answer, "close"),
    "cut_by_reset": lambda answer: _halved(answer, "reset"),
    "stalled": lambda answer: _halved(answer, "hang"),
    "head_cut": lambda answer: _head_halved(answer, "close"),
    "head_stalled": lambda answer: _head_halved(answer, "hang"),
    "corrupt": _corrupt,
    "head_corrupt": _one(lambda answer: _spoilt(answer.as_bytes(), 10, 25)),
    "status_corrupt": _one(lambda answer: _spoilt(answer.as_bytes(), 2)),
    "longer": _one(lambda answer: _sized(answer, 9)),
    "shorter": _one(lambda answer: _sized(answer, -9)),
    "chunks_corrupt": _one(lambda answer: _in_chunks(answer, b"zz\r\n\r\n")),
    "chunks_cut": _one(lambda answer: _in_chunks(answer, b""), "close"),
    "not_gzip": _one(lambda answer: _with(answer, b"Content-Encoding: gzip")),
    "unknown_encoding": _one(lambda answer: _with(answer, b"Content-Encoding: compress", body=b"\x1f\x9d\x90")),
    "bomb": _one(lambda answer: _with(answer, b"Content-Encoding: gzip", body=_BOMB)),
    "two_lengths": _one(lambda answer: _with(answer, b"Content-Length: 3")),
    "not_http": _one(lambda _: b"SSH-2.0-OpenSSH_9.6\r\n", "close"),
    "switching": _one(lambda _: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
}
"""What arrives says nothing, or not the whole."""

MANGLINGS = HARMLESS | HARMFUL
