"""A walk over the fields of models, shared by factories and Hypothesis strategies."""

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


class FieldBuilder(Protocol[V]):
    """Builds the parts of an object: values, or strategies of values."""

    def word(self, words: Sequence[Any]) -> V:
        """Build one of ``words``."""
        ...

    def text(self, field: Field) -> V:
        """Build text that the field allows."""
        ...

    def number(self, kind: type, lowest: float, highest: float) -> V:
        """Build an ``int`` or a ``float``."""
        ...

    def day(self, field: Field) -> V:
        """Build a date."""
        ...

    def moment(self) -> V:
        """Build an aware time in whole seconds."""
        ...

    def series(self, item: Callable[[], V], most: int) -> V:
        """Build a list of different items."""
        ...

    def table(self, item: Callable[[], V]) -> V:
        """Build a dict with text as keys."""
        ...

    def choice(self, options: Sequence[Callable[[], V]]) -> V:
        """Build one of ``options``."""
        ...

    def model(self, cls: type[Model]) -> V:
        """Build an object."""
        ...


def field_builders(builder: FieldBuilder[V], cls: type[Model]) -> list[tuple[Field, Callable[[], V]]]:
    """Return each field of a model that a caller can set, with a builder of its value.

    A discriminator, such as ``type``, counts as required.
    """
    settable = {attribute.name for attribute in attrs_of(cls) if attribute.init}
    fields = [field for field in fields_of(cls) if field.name in settable]
    return [
        _field_builder(builder, field, _DISCRIMINATORS.get(cls) if field.name == "type" else None) for field in fields
    ]


def _field_builder(builder: FieldBuilder[V], field: Field, discriminator: Any) -> tuple[Field, Callable[[], V]]:
    if discriminator is None:
        return field, _builder_of(builder, field)
    return attrs.evolve(field, required=True), lambda: builder.word([discriminator])


def distinct(items: Iterable[Any]) -> list[Any]:
    """Return ``items`` without repetitions. They need not be hashable."""
    unique: list[Any] = []
    for item in items:
        if item not in unique:
            unique.append(item)
    return unique


def _builder_of(builder: FieldBuilder[V], field: Field) -> Callable[[], V]:
    # The specific types: a field that takes a date or an enum takes text too.
    specific = [t for t in field.types if t is not str and get_origin(t) is not Mapping] or field.types
    return lambda: builder.choice([_of_type(builder, field, t) for t in specific])


def _of_type(builder: FieldBuilder[V], field: Field, t: Any) -> Callable[[], V]:
    element = element_of(t)
    if element is not None:
        item = attrs.evolve(field, types=members_of(element), constraints=())
        most = min([_FEW, *(c.maximum for c in field.constraints if isinstance(c, Items))])
        return lambda: builder.series(_builder_of(builder, item), most)
    if get_origin(t) is dict:
        item = attrs.evolve(field, types=get_args(t)[1:], constraints=())
        return lambda: builder.table(_builder_of(builder, item))
    return lambda: _plain(builder, field, t)


def _plain(builder: FieldBuilder[V], field: Field, t: Any) -> V:
    if is_class_of(t, Model):
        return builder.model(t)
    words = _words(field, t)
    if words:
        return builder.word(words)
    if t in (int, float):
        limits = [(c.minimum, c.maximum) for c in field.constraints if isinstance(c, Range)]
        return builder.number(t, *(limits or [(0, _LARGEST)])[0])
    if t is datetime:
        return builder.moment()
    return builder.day(field) if t is date else builder.text(field)


def _words(field: Field, t: Any) -> list[Any]:
    """Return all values of an enumerable field."""
    if is_class_of(t, OpenEnum):
        return [word for word in t if all(c.allows(word) for c in field.constraints)]
    if field.name == "decline_reasons_ids":
        return [reason.id for reason in DeclineReason if reason.id is not None]
    return [True, False] if t is bool else []


_DISCRIMINATORS: Mapping[type, Any] = {
    PersonApplicant: ApplicantType.PERSON,
    CompanyApplicant: ApplicantType.COMPANY,
    **{cls: name for name, cls in EVENTS.items()},
}
