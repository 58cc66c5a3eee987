"""Numbers and truth values that come as JSON numbers or as text."""

import math
import re
from typing import Any

from kycaid_async.values.mismatch import Mismatch

_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def read_integer(raw: Any) -> int:
    """Return the whole number in ``raw``: a JSON number or digits as text. Raises `Mismatch`."""
    if raw.__class__ is int:
        return int(raw)
    if raw.__class__ is str and _INTEGER.fullmatch(raw):
        return int(raw)
    raise Mismatch("a whole number", raw)


def read_number(raw: Any) -> float:
    """Return the number in ``raw``: a JSON number or the same as text. Raises `Mismatch`."""
    if raw.__class__ is int or (raw.__class__ is float and math.isfinite(raw)):
        return raw  # an int stays an int, so that it goes back as it came
    if raw.__class__ is str and _DECIMAL.fullmatch(raw):
        number = float(raw)
        if math.isfinite(number):
            return number
    raise Mismatch("a number", raw)


def read_boolean(raw: Any) -> bool:
    """Return the truth value in ``raw``: a JSON boolean, or ``"true"`` or ``"false"``. Raises `Mismatch`."""
    if raw.__class__ is bool:
        return bool(raw)
    if raw.__class__ is str and raw.lower() in _BOOLEANS:
        return _BOOLEANS[raw.lower()]
    raise Mismatch("true or false", raw)


def read_text(raw: Any) -> str:
    """Return ``raw`` when it is text. Raises `Mismatch`: nothing else is ever turned into text."""
    if raw.__class__ is str:
        return str(raw)
    raise Mismatch("text", raw)
