"""Factories of made-up objects: synthetic data, the same in each run."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Generic, TypeVar

from kycaid_async.api.applicants import ApplicantUpdate
from kycaid_async.testing.shape import distinct, field_builders
from kycaid_async.tracebacks import bordered, guarded
from kycaid_async.values.constraints import Length
from kycaid_async.values.fields import ID_LENGTH, Field
from kycaid_async.values.model import Model, Request

M = TypeVar("M", bound=Model)

_FIRST_NAMES = ("Jane", "John", "Ada", "Nils", "Vera", "Otto", "Mira", "Hugo")
_LAST_NAMES = ("Example", "Sample", "Specimen", "Placeholder", "Testcase")
_COUNTRIES = ("DE", "FR", "GB", "NL", "SE", "UA", "US")
_WORDS: dict[str, Sequence[str]] = {
    "first_name": _FIRST_NAMES,
    "middle_name": _FIRST_NAMES,
    "last_name": _LAST_NAMES,
    "full_name": tuple(f"{first} {last}" for first in _FIRST_NAMES for last in _LAST_NAMES),
    "company_name": ("Example Ltd", "Sample GmbH", "Specimen Inc"),
    "email": tuple(f"{name.lower()}@example.com" for name in _FIRST_NAMES),
    "phone": ("+440000000000", "+490000000000", "+380000000000"),
    "city": ("Exampleton", "Sampleville", "Specimen Bay"),
    "street_name": ("Sample Street", "Example Road"),
    "address": ("Sample Street 1", "Example Road 2"),
    "full_address": ("Sample Street 1, Exampleton", "Example Road 2, Sampleville"),
    "postal_code": ("00000", "11111"),
    "transaction_currency": ("EUR", "USD"),
    "currency": ("EUR", "USD"),
    "language_code": ("en", "de", "uk"),
    "asset": ("ETH", "BTC"),
}
_REFERENCES = ("_id", "_url")
_UNCHANGEABLE = ((ApplicantUpdate, "type"),)
"""Fields of changes that may only repeat the current value."""
_FILES = ("portrait", "front_side", "back_side", "other_side_1", "other_side_2", "other_side_3", "pdf_report")
_BIRTH, _PAST, _COMING = date(1960, 1, 1), date(2015, 1, 1), date(2040, 1, 1)
_DAYS = 9 * 365


class _RandomValues:
    """Builds random values."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def word(self, words: Sequence[Any]) -> Any:
        return self._random.choice(words)

    def choice(self, options: Sequence[Callable[[], Any]]) -> Any:
        return self._random.choice(options)()

    def number(self, kind: type, lowest: float, highest: float) -> Any:
        whole = self._random.randint(int(lowest), int(highest))
        return whole if kind is int else float(whole)

    def day(self, field: Field) -> date:
        start = {"dob": _BIRTH, "expiry_date": _COMING}.get(field.name, _PAST)
        return start + timedelta(days=self._random.randrange(_DAYS))

    def moment(self) -> datetime:
        return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=self._random.randrange(10**7))

    def series(self, item: Callable[[], Any], most: int) -> list[Any]:
        return distinct(item() for _ in range(self._random.randint(1, most)))

    def table(self, item: Callable[[], Any]) -> dict[str, Any]:
        return {key: item() for key in ("profile", "document")}

    def text(self, field: Field) -> str:
        """Return the first candidate that the field allows."""
        candidates = [*self._named(field.name), *self._any(_size(field))]
        return next(text for text in candidates if all(c.allows(text) for c in field.constraints))

    def model(self, cls: type[Model]) -> Any:
        return cls(**self.fields(cls))

    def fields(self, cls: type[Model]) -> dict[str, Any]:
        """Return values for the fields of a model; of a request, without optional references."""
        is_request = issubclass(cls, Request)
        return {
            field.name: build()
            for field, build in field_builders(self, cls)
            if field.required
            or not (is_request and (field.name.endswith(_REFERENCES) or (cls, field.name) in _UNCHANGEABLE))
        }

    def _named(self, name: str) -> list[str]:
        if name.endswith(("country", "country_code", "nationality")):
            return [self._random.choice(_COUNTRIES)]
        if name.endswith("_id"):
            return [self._of("0123456789abcdef", ID_LENGTH)]
        if name.endswith("number"):
            return [self._of("0123456789", 12), self._of("0123456789", 11)]
        if name in _FILES or name.endswith("_url"):
            return ["https://example.com/" + self._of("0123456789abcdef", 8)]
        return [self._random.choice(_WORDS[name])] if name in _WORDS else []

    def _any(self, size: int) -> list[str]:
        return [
            self._of("ABCDEFGHJKLMNPQRSTUVWXYZ", size),
            self._of("0123456789", size),
            "https://example.com/" + self._of("0123456789abcdef", 8),
            self._of("abcdefghijklmnopqrstuvwxyz", 8) + "@example.com",
        ]

    def _of(self, letters: str, size: int) -> str:
        return "".join(self._random.choices(letters, k=size))


def _is_left_out(cls: type[Model], name: str) -> bool:
    return name.endswith(_REFERENCES) or (cls, name) in _UNCHANGEABLE


def _size(field: Field) -> int:
    limits = [(c.minimum, c.maximum) for c in field.constraints if isinstance(c, Length)]
    lowest, highest = (limits or [(1, 8)])[0]
    return max(lowest, min(8, highest))


@guarded
class Factory(Generic[M]):
    """A factory of different objects of one class. See `factory`."""

    def __init__(self, cls: type[M], seed: int) -> None:
        self._cls = cls
        self._values = _RandomValues(Random(f"{cls.__name__}/{seed}"))  # noqa: S311 - seeded, for repeatable tests

    def __call__(self, **fields: Any) -> M:
        """Return the next object, with ``fields`` in place of made-up ones."""
        # All fields are drawn, so that one from the caller does not change the others.
        return self._cls(**self._values.fields(self._cls) | fields)


@bordered
def factory(cls: type[M], *, seed: int = 0) -> Factory[M]:
    """Return a factory of made-up objects of a model.

    ``make = factory(Person)``, then ``make()`` or ``make(last_name="Example")``, each time another one. The n-th
    object is the same in every run with the same ``seed``. All fields are set and valid, but for ids and URLs in
    requests that may be left out, and the ``type`` of an `ApplicantUpdate`, which cannot become another. The others,
    such as the ``applicant_id`` of a document, are ids of nothing until you give them.
    """
    return Factory(cls, seed)
