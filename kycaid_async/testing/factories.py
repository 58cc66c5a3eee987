"""Made-up objects: nobody's data, and always the same."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Generic, TypeVar

from kycaid_async.api.applicants import ApplicantUpdate
from kycaid_async.testing.shape import distinct, parts_of
from kycaid_async.values.constraints import ID_LENGTH, Length
from kycaid_async.values.fields import Field
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
_GIVEN = ((ApplicantUpdate, "type"),)
"""Fields of changes that may only repeat what is so already."""
_FILES = ("portrait", "front_side", "back_side", "other_side_1", "other_side_2", "other_side_3", "pdf_report")
_BIRTH, _PAST, _COMING = date(1960, 1, 1), date(2015, 1, 1), date(2040, 1, 1)
_DAYS = 9 * 365


class _Values:
    """Makes values by chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def word(self, words: Sequence[Any]) -> Any:
        return self._chance.choice(words)

    def choice(self, options: Sequence[Callable[[], Any]]) -> Any:
        return self._chance.choice(options)()

    def number(self, kind: type, lowest: float, highest: float) -> Any:
        whole = self._chance.randint(int(lowest), int(highest))
        return whole if kind is int else float(whole)

    def day(self, field: Field) -> date:
        start = {"dob": _BIRTH, "expiry_date": _COMING}.get(field.name, _PAST)
        return start + timedelta(days=self._chance.randrange(_DAYS))

    def moment(self) -> datetime:
        return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=self._chance.randrange(10**7))

    def series(self, item: Callable[[], Any], most: int) -> list[Any]:
        return distinct(item() for _ in range(self._chance.randint(1, most)))

    def table(self, item: Callable[[], Any]) -> dict[str, Any]:
        return {key: item() for key in ("profile", "document")}

    def text(self, field: Field) -> str:
        """Return the first of these that the field takes."""
        tries = [*self._named(field.name), *self._any(_size(field))]
        return next(text for text in tries if all(c.allows(text) for c in field.constraints))

    def model(self, cls: type[Model]) -> Any:
        return cls(**self.parts(cls))

    def parts(self, cls: type[Model]) -> dict[str, Any]:
        """Return values for the fields of a model, of a request without the references that it does not need."""
        is_request = issubclass(cls, Request)
        return {
            field.name: make()
            for field, make in parts_of(self, cls)
            if field.required or not (is_request and (field.name.endswith(_REFERENCES) or (cls, field.name) in _GIVEN))
        }

    def _named(self, name: str) -> list[str]:
        if name.endswith(("country", "country_code", "nationality")):
            return [self._chance.choice(_COUNTRIES)]
        if name.endswith("_id"):
            return [self._of("0123456789abcdef", ID_LENGTH)]
        if name.endswith("number"):
            return [self._of("0123456789", 12), self._of("0123456789", 11)]
        if name in _FILES or name.endswith("_url"):
            return ["https://example.com/" + self._of("0123456789abcdef", 8)]
        return [self._chance.choice(_WORDS[name])] if name in _WORDS else []

    def _any(self, size: int) -> list[str]:
        return [
            self._of("ABCDEFGHJKLMNPQRSTUVWXYZ", size),
            self._of("0123456789", size),
            "https://example.com/" + self._of("0123456789abcdef", 8),
            self._of("abcdefghijklmnopqrstuvwxyz", 8) + "@example.com",
        ]

    def _of(self, letters: str, size: int) -> str:
        return "".join(self._chance.choices(letters, k=size))


def _size(field: Field) -> int:
    limits = [(c.minimum, c.maximum) for c in field.constraints if isinstance(c, Length)]
    lowest, highest = (limits or [(1, 8)])[0]
    return max(lowest, min(8, highest))


class Factory(Generic[M]):
    """Makes objects of one class, each another. See `factory`."""

    def __init__(self, cls: type[M], seed: int) -> None:
        self._cls = cls
        self._values = _Values(Random(f"{cls.__name__}/{seed}"))  # noqa: S311 - to be repeatable

    def __call__(self, **fields: Any) -> M:
        """Make the next one, with these fields as given."""
        # All of them are drawn, so that a given one does not change the others.
        return self._cls(**self._values.parts(self._cls) | fields)


def factory(cls: type[M], *, seed: int = 0) -> Factory[M]:
    """Return what makes up objects of a model.

    ``make = factory(Person)``, then ``make()`` or ``make(last_name="Example")``, each time another one. The n-th
    object is the same in every run with the same ``seed``. All fields are set and valid, but for ids and URLs in
    requests that may be left out, and the ``type`` of an `ApplicantUpdate`, which cannot become another. The others,
    such as the ``applicant_id`` of a document, are ids of nothing until you give them.
    """
    return Factory(cls, seed)
