"""Scalars as the API writes them: numbers and truth values, as JSON or as text; text; dates and times.

Dates are ``YYYY-MM-DD``, times ``YYYY-MM-DD HH:mm:ss``. The vendor does not say which zone its times are in. A
``created_at`` seen in 2022 equalled the GMT ``Date`` header of its answer, so times are read as UTC, and are aware.
"""

import math
import re
from datetime import UTC, date, datetime
from typing import Any, Final

from kycaid_async.values.mismatch import Mismatch

_INTEGER: Final = r"(?a)[+-]?\d{1,18}"
_DECIMAL: Final = r"(?a)[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?"
_BOOLEANS = {"true": True, "false": False}
_TIME: Final = r"(?a)\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?"
_DATE_LENGTH = len("YYYY-MM-DD")
_TIME_LENGTH = len("YYYY-MM-DD HH:mm:ss")
_parse = datetime.fromisoformat


def read_integer(raw: Any) -> int:
    """Return the whole number in ``raw``: a JSON number or digits as text. Raises `Mismatch`."""
    if raw.__class__ is int:
        return int(raw)
    if raw.__class__ is str and re.fullmatch(_INTEGER, raw):
        return int(raw)
    raise Mismatch("a whole number", raw)


def read_number(raw: Any) -> float:
    """Return the number in ``raw``: a JSON number or the same as text. Raises `Mismatch`."""
    if raw.__class__ is int or (raw.__class__ is float and math.isfinite(raw)):
        return raw  # an int stays an int, so that it goes back as it came
    if raw.__class__ is str and re.fullmatch(_DECIMAL, raw):
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


def read_date(raw: Any) -> date:
    """Return the date that ``raw`` spells. Raises `Mismatch`."""
    # fromisoformat() also takes basic and week dates, which the API does not write.
    if raw.__class__ is str and len(raw) == _DATE_LENGTH and raw[4] == raw[7] == "-":
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise Mismatch("a date as YYYY-MM-DD", raw)


def read_time(raw: Any) -> datetime:
    """Return the time that ``raw`` spells, aware and in UTC. Raises `Mismatch`."""
    if raw.__class__ is str:
        try:
            # As nearly all times are written. Quicker than a pattern, and than to set the zone afterwards.
            if len(raw) == _TIME_LENGTH and raw[4:17:3] == "-- ::":
                return _parse(raw + "+00:00")
            if re.fullmatch(_TIME, raw):
                moment = _parse(raw)
                return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Mismatch("a time as YYYY-MM-DD HH:mm:ss", raw)


def write_time(moment: datetime) -> str:
    """Return ``moment`` as the API writes it, in UTC. A time without a zone is taken to be UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")
