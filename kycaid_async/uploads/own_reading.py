"""Reads of open files that leave their position alone: others of the program may read them at the same time."""

import io
import os
from typing import Any, BinaryIO, Final

_HAS_PREAD: Final = hasattr(os, "pread")


def read_apart(file: BinaryIO, offset: int, size: int) -> bytes | None:
    """Return up to ``size`` bytes at ``offset``; None where nothing is known of a way that moves no position."""
    inner = _known(file)
    if isinstance(inner, io.BytesIO):
        # No copy, and nothing that keeps others from writing, as a view would.
        return inner.getvalue()[offset : offset + size]
    if inner is None:
        return None
    parts, descriptor = [], inner.fileno()
    while size > 0 and (part := os.pread(descriptor, size, offset)):
        parts.append(part)
        offset, size = offset + len(part), size - len(part)
    return b"".join(parts)


def end_of(file: BinaryIO) -> int | None:
    """Return the size of a file; None as above."""
    inner = _known(file)
    if isinstance(inner, io.BytesIO):
        return len(inner.getvalue())
    return None if inner is None else os.fstat(inner.fileno()).st_size


def _known(file: Any) -> Any:
    """Return a file of which all is known that it does; None of any other, such as one with a ``read`` of its own."""
    if type(file) is io.BytesIO:
        return file
    raw = file
    if type(file) in (io.BufferedReader, io.BufferedRandom):
        raw = file.raw
    # What is written and not flushed stands in the buffer only.
    is_plain = type(raw) is io.FileIO and not raw.writable()
    return raw if _HAS_PREAD and is_plain else None
