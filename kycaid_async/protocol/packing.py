"""Compressed bodies, by one table for answers and for callbacks."""

import zlib
from collections.abc import Sequence
from typing import Final

_GZIP: Final = b"\x1f\x8b"
"""How what was compressed so begins, and no JSON and no page."""
_MOST_LAYERS: Final = 2
"""How often one body is unpacked: there are bytes that unpack to themselves."""
_GZIPPED: Final = frozenset({"gzip", "x-gzip"})
_DEFLATED: Final = frozenset({"deflate", "x-deflate"})
_WITH_GZIP_HEADER: Final = 16 + zlib.MAX_WBITS
_PIECE: Final = 1 << 16
"""Bytes that are unpacked at once: what is left of them is copied for each part of a file of many."""


class BrokenPackingError(ValueError):
    """A body is cut off, or not compressed in the way in which it begins."""


class UnpackedTooLargeError(ValueError):
    """A body has more bytes than are read."""


def is_packed(body: bytes) -> bool:
    """Say whether ``body`` begins as what gzip made, whatever its headers say."""
    return body.startswith(_GZIP)


def names_in(encoding: str | None) -> tuple[str, ...]:
    """Return the names in a header ``Content-Encoding``, in the order in which they were applied."""
    return tuple(name.strip() for name in encoding.lower().split(",")) if encoding else ()


def unpack(body: bytes, names: Sequence[str], limit: int) -> bytes:
    """Return ``body`` unpacked as ``names`` say, and as its first bytes do.

    A name that is not true leaves it as it is, and so does any other, such as ``none``, ``utf-8`` or ``aws-chunked``:
    reading the body shows what it is. Raises `BrokenPackingError`, and `UnpackedTooLargeError` for more than ``limit``
    bytes.
    """
    layers = 0
    for name in (*reversed(names), *_GZIPPED):  # the last was applied last; then what no name told
        if layers == _MOST_LAYERS:
            break
        if name in _GZIPPED and is_packed(body):
            body, layers = _gunzip(body, limit), layers + 1
        elif name in _DEFLATED and not _is_text(body):
            body, layers = _inflate(body, limit), layers + 1
    return body


def _is_text(body: bytes) -> bool:
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"", b"{", b"[", b"<", b'"')


def _gunzip(body: bytes, limit: int) -> bytes:
    """Return what all members of a file of gzip hold. What stands behind them is of no account."""
    plain, view, at = bytearray(), memoryview(body), 0
    while body.startswith(_GZIP, at):
        reader = zlib.decompressobj(wbits=_WITH_GZIP_HEADER)
        while not reader.eof:
            piece = view[at : at + _PIECE]
            if not piece:
                raise BrokenPackingError
            plain += _decompressed(reader, piece, limit + 1 - len(plain))
            if len(plain) > limit:
                raise UnpackedTooLargeError
            at += len(piece) - len(reader.unused_data)
    return bytes(plain)


def _inflate(body: bytes, limit: int) -> bytes:
    """Return what was deflated, with the head of zlib as the standard has it, or without as some servers do."""
    has_head = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    reader = zlib.decompressobj(wbits=zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)
    plain = _decompressed(reader, memoryview(body), limit + 1)
    if len(plain) > limit:
        raise UnpackedTooLargeError
    if not reader.eof:
        raise BrokenPackingError
    return plain


def _decompressed(reader: "zlib._Decompress", piece: memoryview, most: int) -> bytes:
    try:
        return reader.decompress(piece, most)
    except zlib.error:
        pass
    raise BrokenPackingError  # out of the handler: nothing of the body is told
