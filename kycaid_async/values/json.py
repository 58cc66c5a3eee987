"""JSON as it goes over the wire."""

import functools
import json
import re
from collections.abc import Callable
from typing import Any, Final

from kycaid_async.extras import is_recent

UNWRITABLE: Final = (TypeError, ValueError, OverflowError, RecursionError)
"""What is raised for a value that JSON cannot carry. It can hold the value, so it has to stay out of what is raised."""

# Made once: `json.dumps` with options makes an encoder for each call.
_encoder: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _encode(value: Any, encoder: json.JSONEncoder = _encoder) -> str:
    try:
        return encoder.encode(value)
    except UNWRITABLE as error:
        vars(error).pop("__notes__", None)  # from Python 3.14 on, they name the keys on the way to what it is about
        raise


def dumps(value: Any) -> bytes:
    """Return ``value`` as compact UTF-8 JSON. NaN and infinity are refused with ``ValueError``."""
    return _encode(value).encode()


def dumps_plain(value: Any) -> bytes:
    """Return as `dumps` does what is made of the types of JSON, without NaN or infinity.

    msgspec writes it where it is installed, in a tenth of the time. It would write those two as null.
    """
    try:
        return (_quick_encoder() or dumps)(value)
    except UNWRITABLE:
        return dumps(value)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return ``value`` as JSON text. Half of a surrogate pair is escaped: the text can be stored, and read again.

    Raises what `dumps` raises for all else that JSON cannot carry.
    """
    if indent is None:
        return _escaped(_encode(value))
    return _escaped(_encode(value, json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=indent)))


def received_text(value: Any, *, indent: int | None = None) -> str:
    """Return as `json_text` does what came as JSON, also numbers that are too large to be told from infinity.

    They are written so that they are read as such again. NaN, which some write although it is no JSON, becomes null.
    """
    try:
        return json_text(value, indent=indent)
    except ValueError:
        separators = (",", ":") if indent is None else None
        text = _encode(value, json.JSONEncoder(ensure_ascii=False, separators=separators, indent=indent))
        return _escaped(re.sub(_TEXT_OR_NO_NUMBER, lambda found: _AS_JSON.get(found[0], found[0]), text))


_TEXT_OR_NO_NUMBER: Final = r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN'
_AS_JSON: Final = {"Infinity": "1e999", "-Infinity": "-1e999", "NaN": "null"}


def _escaped(text: str) -> str:
    # Python writes half of a pair as JSON does.
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


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
