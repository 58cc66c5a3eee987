"""What the models are made of, walked once for made-up objects and for Hypothesis."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol, TypeVar, get_args, get_origin

import attrs

from kycaid_async.api.applicants import ApplicantType, CompanyApplicant, PersonApplicant
from kycaid_async.callbacks.parsing import EVENTS
from kycaid_async.values.constraints import Items, Range
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import Field, attrs_of, element_of, fields_of, is_class_of, members_of
from kycaid_async.values.model import Model

V = TypeVar("V")

_FEW = 3
_LARGEST = 10_000


class Kit(Protocol[V]):
    """Makes the parts of an object: values, or whatever stands for values."""

    def word(self, words: Sequence[Any]) -> V:
        """Make one of these."""
        ...

    def text(self, field: Field) -> V:
        """Make text that the field takes."""
        ...

    def number(self, kind: type, lowest: float, highest: float) -> V:
        """Make an ``int`` or a ``float``."""
        ...

    def day(self, field: Field) -> V:
        """Make a date."""
        ...

    def moment(self) -> V:
        """Make an aware time in whole seconds."""
        ...

    def series(self, item: Callable[[], V], most: int) -> V:
        """Make a list of different things."""
        ...

    def table(self, item: Callable[[], V]) -> V:
        """Make a dict with text as keys."""
        ...

    def choice(self, options: Sequence[Callable[[], V]]) -> V:
        """Make one of these."""
        ...

    def model(self, cls: type[Model]) -> V:
        """Make an object."""
        ...


def parts_of(kit: Kit[V], cls: type[Model]) -> list[tuple[Field, Callable[[], V]]]:
    """Return each field of a model that can be given, with what makes its value.

    One that tells of which kind the object is counts as required.
    """
    given = {attribute.name for attribute in attrs_of(cls) if attribute.init}
    fields = [field for field in fields_of(cls) if field.name in given]
    return [_part(kit, field, _KINDS.get(cls) if field.name == "type" else None) for field in fields]


def _part(kit: Kit[V], field: Field, kind: Any) -> tuple[Field, Callable[[], V]]:
    if kind is None:
        return field, _maker(kit, field)
    return attrs.evolve(field, required=True), lambda: kit.word([kind])


def distinct(items: Iterable[Any]) -> list[Any]:
    """Return ``items`` without repetitions. They may be without a hash."""
    found: list[Any] = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def _maker(kit: Kit[V], field: Field) -> Callable[[], V]:
    # The most telling: where a date or a word can be given, text can too.
    telling = [t for t in field.types if t is not str and get_origin(t) is not Mapping] or field.types
    return lambda: kit.choice([_of_type(kit, field, t) for t in telling])


def _of_type(kit: Kit[V], field: Field, t: Any) -> Callable[[], V]:
    element = element_of(t)
    if element is not None:
        item = attrs.evolve(field, types=members_of(element), constraints=())
        most = min([_FEW, *(c.maximum for c in field.constraints if isinstance(c, Items))])
        return lambda: kit.series(_maker(kit, item), most)
    if get_origin(t) is dict:
        item = attrs.evolve(field, types=get_args(t)[1:], constraints=())
        return lambda: kit.table(_maker(kit, item))
    return lambda: _plain(kit, field, t)


def _plain(kit: Kit[V], field: Field, t: Any) -> V:
    if is_class_of(t, Model):
        return kit.model(t)
    words = _words(field, t)
    if words:
        return kit.word(words)
    if t in (int, float):
        limits = [(c.minimum, c.maximum) for c in field.constraints if isinstance(c, Range)]
        return kit.number(t, *(limits or [(0, _LARGEST)])[0])
    if t is datetime:
        return kit.moment()
    return kit.day(field) if t is date else kit.text(field)


def _words(field: Field, t: Any) -> list[Any]:
    """Return all values of a field that has few."""
    if is_class_of(t, OpenEnum):
        return [word for word in t if all(c.allows(word) for c in field.constraints)]
    if field.name == "decline_reasons_ids":
        return [reason.id for reason in DeclineReason if reason.id is not None]
    return [True, False] if t is bool else []


_KINDS: Mapping[type, Any] = {
    PersonApplicant: ApplicantType.PERSON,
    CompanyApplicant: ApplicantType.COMPANY,
    **{cls: name for name, cls in EVENTS.items()},
}
