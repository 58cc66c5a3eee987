"""Numbers, times and texts of other libraries (numpy, pandas, decimal, arrow, markupsafe) as Python's own.

None of these libraries is imported: a value says by itself what it is.
"""

import contextlib
from datetime import date, datetime, time
from typing import Any, Final

from kycaid_async.values.enums import OpenEnum

_OWN: Final = frozenset({str, bool, int, float, date, list, tuple, dict, type(None)})
_SPAN: Final = "m"
_TO_GREGORIAN: Final = (
    *("togregorian", "to_gregorian"),
    *("to_datetime_datetime", "to_datetime_date", "todatetime", "todate"),
)
"""What Persian, Islamic and Nepali calendars call the way to the day that everybody knows, longest first."""
_UNITS: Final = frozenset({"D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"})
"""Those of numpy for times of one day at most. One of years, months, weeks, or of a number of units, such as ``7D``, is
a longer span, and begins on another day than was given."""


def plain(value: Any) -> Any:
    """Return a number, truth value, time or text of another library as Python's own; a text of an enum is its value.

    All else stays as it is, also what stands for nothing (``NaT``, ``NA``): fields refuse that by its type.
    """
    if value.__class__ in _OWN:
        return value
    # To numpy a span of time is a whole number.
    if isinstance(value, str | bytes | date) or _kind_of(value) == _SPAN:
        # Not str(): it calls what the class makes of itself, which can be other than its letters.
        return str.__str__(value) if isinstance(value, str) and not isinstance(value, OpenEnum) else value
    import numbers  # these two take longer to import than all else here, and few values need them
    from decimal import Decimal

    if isinstance(value, numbers.Complex | Decimal):
        return _number(value) if isinstance(value, numbers.Real | Decimal) else value
    if getattr(value, "ndim", None) == 0:
        return _scalar(value)
    with contextlib.suppress(Exception):  # an object of the user can raise anything
        return _day_or_time(value)
    return value


def day_of(value: Any) -> Any:
    """Return the date of a time at midnight without a zone, as tables have it; all else as it is."""
    value = plain(value)
    if isinstance(value, datetime) and value == value and value.tzinfo is None and value.time() == time():  # noqa: PLR0124 - NaT equals nothing
        return date(value.year, value.month, value.day)
    return value


def _day_or_time(value: Any) -> Any:
    """Return a day or time of another class as Python's. Raises when it is none."""
    for name in _TO_GREGORIAN:
        if callable(way := getattr(value, name, None)):
            found = way()
            return found if isinstance(found, date) else value
    day = date(value.year, value.month, value.day)
    # That of another calendar bears the numbers of another day. Those that can be counted can be told apart.
    if hasattr(value, "toordinal") and value.toordinal() != day.toordinal():
        return value
    return datetime.fromisoformat(value.isoformat()) if hasattr(value, "hour") else day


def _kind_of(value: Any) -> Any:
    """Return the letter of numpy for the type of ``value``; None for what has none."""
    return getattr(getattr(value, "dtype", None), "kind", None)


def _number(value: Any) -> Any:
    import numbers
    from decimal import Decimal

    if isinstance(value, numbers.Integral):
        return int(value)
    with contextlib.suppress(ValueError, OverflowError):
        number = float(str(value))  # the shortest text: in 32 bits 0.1 is written so, and is another number
        if not isinstance(value, Decimal) or Decimal(repr(number)) == value:
            return number
    return value


def _scalar(value: Any) -> Any:
    """Return what a numpy scalar holds: not a number of nanoseconds, but their time.

    A year, a month, a week or another number of days stays as it is, for numpy would make the first day of it.
    """
    with contextlib.suppress(AttributeError, TypeError, ValueError, OverflowError):
        is_time = _kind_of(value) == "M"
        if is_time and value.dtype.str.partition("[")[2].removesuffix("]") not in _UNITS:
            return value
        found = (value.astype("datetime64[us]") if is_time else value).item()
        return value if found is None else found
    return value
