"""Dates in a manifest: as ISO 8601 has them, or in a format that is named, or found in a whole column."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final, Self

import attrs

from kycaid_async.errors import ConfigurationError

_ISO: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?", re.ASCII)
_TOKENS: Final = {"yyyy": r"(?P<year>\d{4})", "mm": r"(?P<month>\d{1,2})", "dd": r"(?P<day>\d{1,2})"}
_SHAPE: Final = re.compile("yyyy|mm|dd|m|d")
KNOWN: Final = (
    *("dd.mm.yyyy", "mm.dd.yyyy", "dd/mm/yyyy", "mm/dd/yyyy", "yyyy/mm/dd", "yyyy.mm.dd"),
    *("dd-mm-yyyy", "mm-dd-yyyy", "dd mm yyyy", "yyyymmdd"),
)
"""What is looked for."""


_DOTS: Final = ("dd.mm.yyyy", "mm.dd.yyyy")
"""With dots between, the day comes first everywhere. The other is never found, only named: without the rows that show
it, such as among rejects, the same dates would be read as other days."""


@attrs.frozen
class DateFormat:
    """A format such as ``dd.mm.yyyy``."""

    name: str
    _pattern: re.Pattern[str] = attrs.field(repr=False, eq=False)

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the format of this name. Raises `ConfigurationError`."""
        tokens = _SHAPE.findall(plain := name.strip().lower())
        if sorted(token[0] for token in tokens) != ["d", "m", "y"] or re.search(r"\w", _SHAPE.sub("", plain)):
            raise ConfigurationError("date_format (--date-format): expected dd, mm and yyyy, such as dd.mm.yyyy")
        packed = not re.search(r"[^a-z]", plain)
        parts = re.split("(yyyy|mm|dd|m|d)", plain)
        pattern = "".join(
            _TOKENS.get(part * 2 if len(part) == 1 and part in "dm" else part, re.escape(part)) for part in parts
        )
        return cls(plain, re.compile(pattern.replace("{1,2}", "{2}") if packed else pattern, re.ASCII))

    def read(self, text: str) -> str | None:
        """Return a date as ISO 8601 has it; None for what is none in this format."""
        found = self._pattern.fullmatch(text)
        if found is None:
            return None
        try:
            return date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
        except ValueError:
            return None


_FORMATS: Final = tuple(map(DateFormat.of, KNOWN))


def iso_date(text: str) -> str | None:
    """Return the date that ``text`` spells as ISO 8601 has it, also with a time of midnight behind; else None."""
    found = _ISO.fullmatch(text)
    return found[1] if found is not None else None


_MONTHS: Final = 12
_REVERSED: Final = ("dd/mm/yyyy", "mm/dd/yyyy", "dd.mm.yyyy", "mm.dd.yyyy", "dd-mm-yyyy", "mm-dd-yyyy")


@attrs.define
class DateColumn:
    """The date formats that fit all dates seen in a column."""

    left: tuple[DateFormat, ...] = _FORMATS
    differ: bool = False
    """True when a date was seen that says another day in another of the formats."""
    seen: bool = False

    cells: bool = False
    """True when a date was seen that is one for its spreadsheet."""
    late: bool = False
    """True when one of these is of a day that is no month."""

    early: bool = False
    """True when a text was seen that a spreadsheet of another country would have taken for a date."""

    def see_cell(self, text: str) -> None:
        """Look at a date that a spreadsheet took for one."""
        self.cells = True
        self.late = self.late or int(text[8:10]) > _MONTHS

    @property
    def turned(self) -> bool:
        """True when a spreadsheet may have taken the day for the month, where it could.

        Dates of another country become such ones up to the 12th day of a month, and stay text from the 13th on.
        """
        form = self.format
        return self.cells and not self.late and not self.early and form is not None and form.name in _REVERSED

    def see(self, text: str) -> None:
        """Look at a date. One that fits none of the known formats says nothing of the others."""
        if iso_date(text) is not None:
            return
        if any(form.read(text) is not None for form in _FORMATS):
            self.seen = True
            self.early = self.early or sum(form.read(text) is not None for form in _FORMATS) > 1
            self.left = tuple(form for form in self.left if form.read(text) is not None)
            self.differ = len({form.read(text) for form in self.left}) > 1 or (self.differ and len(self.left) > 1)

    @property
    def format(self) -> DateFormat | None:
        """The format of all of them, if it is certain."""
        certain = not self.differ or tuple(form.name for form in self.left) == _DOTS
        return self.left[0] if self.seen and self.left and certain and not self.month_first else None

    @property
    def month_first(self) -> bool:
        """True when dates with dots can only be read with the month first."""
        return self.seen and tuple(form.name for form in self.left) == _DOTS[1:]

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names of the formats between which nobody can choose."""
        return tuple(form.name for form in self.left) if self.differ and self.format is None else ()


def first_that_reads(text: str, formats: Iterable[DateFormat]) -> str | None:
    """Return the date that ``text`` spells in ISO 8601, or in one of ``formats``; else None."""
    return iso_date(text) or next((day for form in formats if (day := form.read(text)) is not None), None)
