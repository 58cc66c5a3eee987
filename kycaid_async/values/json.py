"""JSON as it goes over the wire."""

import functools
import json
from collections.abc import Callable
from typing import Any

from kycaid_async.extras import is_recent

# Made once: `json.dumps` with options makes an encoder for each call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def dumps(value: Any) -> bytes:
    """Return ``value`` as compact UTF-8 JSON. NaN and infinity are refused with ``ValueError``."""
    return _encode(value).encode()


def dumps_plain(value: Any) -> bytes:
    """Return as `dumps` does what is made of the types of JSON, without NaN or infinity.

    msgspec writes it where it is installed, in a tenth of the time. It would write those two as null.
    """
    try:
        return (_quick_encoder() or dumps)(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return dumps(value)


def loads(body: bytes) -> Any:
    """Return the JSON value in ``body``. Raises ``ValueError``.

    msgspec reads it where it is installed, and not too old; unlike other quick readers it keeps whole numbers of any
    length. What it refuses goes to the standard library, which takes a little more, such as a byte order mark.
    """
    quick = _quick()
    if quick is not None:
        try:
            return quick(body)
        except ValueError:
            pass
    return json.loads(body)


@functools.cache
def _quick_encoder() -> Callable[[Any], bytes] | None:
    if _quick() is None:
        return None
    from msgspec.json import Encoder

    return Encoder().encode


@functools.cache
def _quick() -> Callable[[bytes], Any] | None:
    try:
        import msgspec
        from msgspec.json import Decoder
    except ImportError:
        return None
    return Decoder().decode if is_recent("msgspec", msgspec.__version__) else None
