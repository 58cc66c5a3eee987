"""Cells of a sheet that are no text: what Excel made of what somebody typed."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal, Self

import attrs

CellKind = Literal["number", "date", "time", "boolean", "error"]

_EXACT: Final = 10**15
"""Excel keeps fifteen digits of a number, and makes zeros of the others."""
_DAY: Final = 86_400
_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - dates of a sheet have no zone
_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - the same
_LEAP_DAY: Final = 60
"""The 29th of February 1900, which Excel believes in. Days before it are one further on."""
_LATEST: Final = 2_958_466
_DATES: Final = frozenset({*range(14, 18), 22, *range(27, 32), *range(34, 37), *range(50, 59)})
_TIMES: Final = frozenset({*range(18, 22), 32, 33, *range(45, 48)})
_ESCAPED: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)


class SheetCell(str):
    """A cell that is no text: a number as it is shown, a date or a time as in ISO 8601, a truth, or an error's name."""

    __slots__ = ("kind",)

    kind: CellKind

    def __new__(cls, kind: CellKind, text: str) -> Self:
        cell = super().__new__(cls, text)
        cell.kind = kind
        return cell

    @property
    def value(self) -> Any:
        """The value that a sheet holds in its place."""
        if self.kind == "number" and not re.match(r"-?0\d", self):
            return float(self) if re.search("[.eE]", self) else int(self)
        if self.kind == "date":
            return datetime.fromisoformat(self) if " " in self else date.fromisoformat(self)
        if self.kind == "time":
            hours, minutes, seconds = self.split(":")
            return time(int(hours), int(minutes), int(seconds))
        return self == "true" if self.kind == "boolean" else str(self)

    def __getnewargs__(self) -> tuple[CellKind, str]:  # type: ignore[override]  # text has one argument
        return self.kind, str(self)


@attrs.frozen
class CellStyle:
    """The number format of a cell."""

    shows: Literal["number", "date", "time"] = "number"
    digits: int = 0
    """At least so many: ``00000`` shows 17 as 00017."""

    @classmethod
    def of(cls, number: int, codes: Mapping[int, str]) -> "CellStyle":
        """Return the style of a number format, which is built in or has a code."""
        code = codes.get(number)
        if code is None:
            return cls("date" if number in _DATES else "time" if number in _TIMES else "number")
        plain = _ESCAPED.sub("", code.partition(";")[0]).lower()
        if re.search("[dy]", plain) or re.search(r"(?<![a-z])m{3,}", plain):
            return cls("date")
        if re.search("[hs]", plain) and "general" not in plain:
            return cls("time")
        return cls(digits=len(plain) if re.fullmatch("0+", plain) else 0)


def number_cell(text: str, style: CellStyle, *, since_1904: bool) -> SheetCell:
    """Return the cell of a number. Raises `ValueError` when it is none."""
    value = float(text)
    if style.shows != "number" and 0 <= value < _LATEST:
        return _moment(value, style, since_1904)
    if not value.is_integer():
        return SheetCell("number", format(value, ".15g"))
    return SheetCell("number", str(int(value)).zfill(style.digits) if abs(value) < _EXACT else format(value, "E"))


def _moment(value: float, style: CellStyle, since_1904: bool) -> SheetCell:
    if style.shows == "time" and value < 1:
        return SheetCell("time", str(timedelta(seconds=round(value * _DAY))))
    early = not since_1904 and value < _LEAP_DAY
    moment = (_1904 if since_1904 else _1900) + timedelta(days=1 if early else 0, seconds=round(value * _DAY))
    whole = not (moment.hour or moment.minute or moment.second)
    return SheetCell("date", moment.date().isoformat() if whole else moment.isoformat(sep=" "))
