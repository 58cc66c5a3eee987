"""Limits of request fields, as data. They stand in annotations: ``Annotated[str, Length(12, 19)]``.

One declaration serves the check before sending, the sandbox, and tests.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.values.fields import ID_LENGTH, Shown
from kycaid_async.values.mismatch import Mismatch, kind
from kycaid_async.values.plain import plain
from kycaid_async.values.scalars import read_date, read_time
from kycaid_async.values.unset import UNSET


@attrs.frozen(eq=False, repr=False)
class Length(ValueObject):
    """Text of ``minimum`` to ``maximum`` characters."""

    minimum: int
    maximum: int

    @property
    def expected(self) -> str:
        if self.minimum == self.maximum:
            return f"{self.minimum} characters"
        return (
            f"at most {self.maximum} characters" if not self.minimum else f"{self.minimum} to {self.maximum} characters"
        )

    def allows(self, value: Any) -> bool:
        return isinstance(value, str) and self.minimum <= len(value) <= self.maximum

    def describe(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            return "a number of more digits"  # of an id: those that have a text are made one
        return f"{len(value)} characters" if isinstance(value, str) else kind(value)


@attrs.frozen(eq=False, repr=False)
class Pattern(ValueObject):
    """Text that matches ``regex`` from end to end."""

    regex: str
    expected: str

    def allows(self, value: Any) -> bool:
        return isinstance(value, str) and re.fullmatch(self.regex, value) is not None

    def describe(self, value: Any) -> str:
        return "other characters" if isinstance(value, str) else kind(value)


@attrs.frozen(eq=False, repr=False)
class CalendarDate(ValueObject):
    """A `datetime.date`, or text that spells one."""

    expected: str = "a date as YYYY-MM-DD"

    def allows(self, value: Any) -> bool:
        return (isinstance(value, date) and not isinstance(value, datetime)) or _reads(read_date, value)

    def describe(self, value: Any) -> str:
        if isinstance(value, datetime) and value == value:  # noqa: PLR0124 - the NaT of pandas equals nothing
            return "a time, and not at midnight without a zone"
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return "a day that no calendar has"
        return "text in another form" if isinstance(value, str) else kind(value)


@attrs.frozen(eq=False, repr=False)
class Timestamp(ValueObject):
    """A `datetime.datetime`, or text that spells one."""

    expected: str = "a time as YYYY-MM-DD HH:mm:ss"

    def allows(self, value: Any) -> bool:
        if isinstance(value, datetime):
            return value == value  # noqa: PLR0124 - the NaT of pandas equals nothing
        return isinstance(value, str) and self._has_form(value) and _reads(read_time, value)

    def _has_form(self, text: str) -> bool:
        return re.fullmatch(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", text, re.ASCII) is not None

    def describe(self, value: Any) -> str:
        if isinstance(value, str):
            return "a time that no calendar has" if self._has_form(value) else "text in another form"
        return kind(value)


@attrs.frozen(eq=False, repr=False)
class Range(ValueObject):
    """A number from ``minimum`` to ``maximum``."""

    minimum: float
    maximum: float

    @property
    def expected(self) -> str:
        return f"a number from {self.minimum:g} to {self.maximum:g}"

    def allows(self, value: Any) -> bool:
        return isinstance(value, int | float) and self.minimum <= value <= self.maximum

    def describe(self, value: Any) -> str:
        return "a number outside" if isinstance(value, int | float) else kind(value)


@attrs.frozen(eq=False, repr=False)
class Items(ValueObject):
    """A list of at most ``maximum`` entries."""

    maximum: int

    @property
    def expected(self) -> str:
        return f"at most {self.maximum} entries"

    def allows(self, value: Any) -> bool:
        return isinstance(value, list | tuple) and len(value) <= self.maximum

    def describe(self, value: Any) -> str:
        return f"{len(value)} entries" if isinstance(value, list | tuple) else kind(value)


@attrs.frozen(eq=False, repr=False)
class OneOf(ValueObject):
    """Text out of a closed list."""

    values: tuple[str, ...]

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(self.values)

    def allows(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.values

    def describe(self, value: Any) -> str:
        return "another word" if isinstance(value, str) else kind(value)


def _reads(reader: Any, value: Any) -> bool:
    try:
        reader(plain(value))
    except Mismatch:
        return False
    return True


ObjectId = Annotated[str, Length(ID_LENGTH, ID_LENGTH), Shown]
"""An id in a request: 36 characters. They look like a UUID without dashes and are not one."""

CountryCode = Annotated[str, Length(2, 2), Shown]
"""ISO 3166-1 alpha-2."""

Url = Annotated[str, Length(1, 2048), Pattern(r"https?://[^\s/]\S*", "a URL as https://…")]
"""An absolute URL. Masked in a ``repr``, since it may carry a token."""

PersonName = Annotated[
    str, Length(1, 64), Pattern(r"[a-zA-Z ,.'-]+", "Latin letters, spaces, commas, dots, apostrophes and hyphens")
]
Email = Annotated[str, Length(1, 254), Pattern(r"[^@\s]+@[^@\s]+", "an e-mail address")]

Phone = Annotated[str, Length(1, 15)]
ExternalId = Annotated[str | int, Length(0, 50)]


def external_id() -> Any:
    """Return an attrs field for your own id of something. A whole number becomes text: the reference takes no other."""
    return attrs.field(default=UNSET, converter=id_text)


def id_text(value: Any) -> Any:
    """Return your own id of something as the text that is sent; what is neither text nor a whole number stays as it is.

    So does a number of more than 4,300 digits, which Python does not write: the check before sending names its field.
    """
    value = value if value is UNSET else plain(value)
    if value.__class__ is not int:
        return value
    try:
        return str(value)
    except ValueError:
        return value


LanguageCode = Annotated[str, Length(1, 10), Shown]

DateIn = Annotated[date | str, CalendarDate()]
TimeIn = Annotated[datetime | str, Timestamp()]
