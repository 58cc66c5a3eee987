"""Cells of a sheet that are no text: what Excel made of what somebody typed."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal, Self

import attrs

from kycaid_async.bulk.manifest.sheets.number_formats import NumberFormat, letters_of, sections_of
from kycaid_async.values.scalars import write_time

CellKind = Literal["number", "date", "time", "boolean", "error"]

_EXACT: Final = 10**15
"""Excel keeps fifteen digits of a number, and makes zeros of the others."""
NO_DAY: Final = "#DATE!"
"""Stands for a number that is shown as a date, and is none."""
CHANGED: Final = "#FORMAT!"
"""Stands before a number whose format shows something else, where it has to be text."""
_DAY: Final = 86_400
_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - dates of a sheet have no zone
_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - the same
_LEAP_DAY: Final = 60
"""The 29th of February 1900, which Excel believes in. Days before it are one further on."""
_LATEST: Final = 2_958_466
_DATES: Final = frozenset({*range(14, 18), 22, *range(27, 32), *range(34, 37), *range(50, 59)})
_TIMES: Final = frozenset({*range(18, 22), 32, 33, *range(45, 48)})
_BUILT_IN: Final[Mapping[int, str]] = {
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    48: "##0.0E+0",
}
"""Those that show something else than a number's digits, and need no code in the file."""
_AS_IT_IS: Final = NumberFormat()


class SheetCell(str):
    """A cell that is no text: a number, a date or a time as in ISO 8601, a truth, or the name of an error."""

    __slots__ = ("kind", "moment", "shown")

    kind: CellKind
    shown: str | None
    """What a person sees of it, such as a number with zeros in front; None where that is not certain."""

    moment: str | None
    """When a day with a zone began, in UTC."""

    def __new__(cls, kind: CellKind, text: str) -> Self:
        cell = super().__new__(cls, text)
        cell.kind, cell.shown, cell.moment = kind, text, None
        return cell

    @property
    def value(self) -> Any:
        """The value that a sheet holds in its place."""
        if self.kind == "number":
            return float(self) if re.search("[.eE]", self) else int(self)
        if self.kind == "date":
            return datetime.fromisoformat(self) if " " in self else date.fromisoformat(self)
        if self.kind == "time":
            hours, minutes, seconds = self.split(":")
            return time(int(hours), int(minutes), int(seconds))
        return self == "true" if self.kind == "boolean" else str(self)

    @property
    def value_as_text(self) -> Any:
        """The same for a column of texts, where a number that is not written as text is to be judged as before."""
        if self.kind != "number" or self.shown == str(self):
            return self.value
        return f"{CHANGED} {self}" if self.shown is None else self.shown

    def __getnewargs__(self) -> tuple[CellKind, str]:  # type: ignore[override]  # text has one argument
        return self.kind, str(self)


@attrs.frozen
class CellStyle:
    """The number format of a cell."""

    shows: Literal["number", "date", "time"] = "number"
    format: NumberFormat = _AS_IT_IS
    """What it shows of a number, when that is no date."""

    @classmethod
    def of(cls, number: int, codes: Mapping[int, str]) -> "CellStyle":
        """Return the style of a number format, which is built in or has a code."""
        code = codes.get(number, _BUILT_IN.get(number))
        if code is None:
            return cls("date" if number in _DATES else "time" if number in _TIMES else "number")
        letters = letters_of(sections_of(code)[0])
        if re.search("[dy]", letters) or re.search(r"(?<![a-z])m{3,}", letters):
            return cls("date")
        if re.search("[hs]", letters):
            return cls("time")
        return cls(format=NumberFormat.of(code))


def number_cell(text: str, style: CellStyle, *, since_1904: bool) -> SheetCell:
    """Return the cell of a number. Raises `ValueError` when it is none."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    if style.shows != "number":
        return _moment(value, style, since_1904)
    return whole_cell(value, _EXACT, style.format) if value.is_integer() else SheetCell("number", format(value, ".15g"))


def whole_cell(value: float, exact: int, form: NumberFormat = _AS_IT_IS) -> SheetCell:
    """Return the cell of a whole number, of which all digits are kept below ``exact``."""
    if abs(value) >= exact:
        return SheetCell("number", format(value, ".16E"))
    cell = SheetCell("number", str(int(value)))
    cell.shown = form.shown(int(value))
    return cell


def date_cell(moment: date) -> SheetCell:
    """Return the cell of a day, or of a moment, which is written in UTC."""
    if isinstance(moment, datetime) and moment.time() != time():
        return SheetCell("date", write_time(moment))
    cell = SheetCell("date", moment.isoformat()[:10])
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        cell.moment = write_time(moment)
    return cell


def _moment(value: float, style: CellStyle, since_1904: bool) -> SheetCell:
    """Return the cell of a date or a time; an error where Excel shows a day that there is not, or none at all."""
    if style.shows == "time" and 0 <= value < 1:
        return SheetCell("time", str(timedelta(seconds=min(round(value * _DAY), _DAY - 1))))
    # A cell without content gives 0 to a formula, and Excel shows it as the 0th of January 1900.
    if not 0 <= value < _LATEST or (not since_1904 and (value < 1 or int(value) == _LEAP_DAY)):
        return SheetCell("error", NO_DAY)
    early = not since_1904 and value < _LEAP_DAY
    try:
        moment = (_1904 if since_1904 else _1900) + timedelta(days=1 if early else 0, seconds=round(value * _DAY))
    except OverflowError:  # beyond the year 9999
        return SheetCell("error", NO_DAY)
    return date_cell(moment)
