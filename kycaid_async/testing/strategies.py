"""Hypothesis strategies of the models: ``@given(strategies.model(Person))``. They need Hypothesis."""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, TypeAlias, TypeVar

from kycaid_async.extras import missing

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise missing("testing", error) from error

from kycaid_async.testing.shape import distinct, field_builders
from kycaid_async.tracebacks import bordered
from kycaid_async.values.constraints import Length, Pattern
from kycaid_async.values.fields import Constraint, Field
from kycaid_async.values.model import Model, Request
from kycaid_async.values.unset import UNSET

M = TypeVar("M", bound=Model)
Strategy: TypeAlias = st.SearchStrategy[Any]

_LETTERS = st.characters(codec="utf-8")


@bordered
def model(cls: type[M], **fields: Strategy) -> st.SearchStrategy[M]:
    """Return a strategy of valid objects of a model, with these strategies for some of its fields.

    Of requests it leaves out what may be left out, or makes it null where that is allowed; of answers and callbacks
    any field may be None but one that tells its kind.
    """
    parts = {field.name: _optional(cls, field, build()) for field, build in field_builders(_StrategyBuilder(), cls)}
    objects = st.builds(cls, **parts | fields)
    if issubclass(cls, Request) and cls.at_least_one:
        return objects.filter(lambda one: any(getattr(one, name) is not UNSET for name in parts))
    return objects


def _optional(cls: type[Model], field: Field, strategy: Strategy) -> Strategy:
    if field.required:
        return strategy
    if not issubclass(cls, Request):
        return st.none() | strategy
    return st.just(UNSET) | st.none() | strategy if field.nullable else st.just(UNSET) | strategy


class _StrategyBuilder:
    """Builds strategies."""

    def word(self, words: Sequence[Any]) -> Strategy:
        return st.sampled_from(words)

    def choice(self, options: Sequence[Callable[[], Strategy]]) -> Strategy:
        return st.one_of([option() for option in options])

    def number(self, kind: type, lowest: float, highest: float) -> Strategy:
        return st.integers(int(lowest), int(highest)) if kind is int else st.floats(lowest, highest)

    def day(self, field: Field) -> Strategy:  # noqa: ARG002 - any date is valid
        return st.dates()

    def moment(self) -> Strategy:
        return st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))

    def series(self, item: Callable[[], Strategy], most: int) -> Strategy:
        return st.lists(item(), max_size=most).map(distinct)

    def table(self, item: Callable[[], Strategy]) -> Strategy:
        return st.dictionaries(st.text(_LETTERS, max_size=10), item(), max_size=2)

    def text(self, field: Field) -> Strategy:
        return _text(field.constraints)

    def model(self, cls: type[Model]) -> Strategy:
        return model(cls)


def _text(constraints: Sequence[Constraint]) -> Strategy:
    patterns = [c for c in constraints if isinstance(c, Pattern)]
    lengths = [c for c in constraints if isinstance(c, Length)]
    if not patterns:
        shortest, longest = (lengths[0].minimum, lengths[0].maximum) if lengths else (0, None)
        return st.text(_LETTERS, min_size=shortest, max_size=longest)
    texts = st.from_regex(patterns[0].regex, fullmatch=True, alphabet=_LETTERS)
    return texts.filter(lambda text: all(c.allows(text) for c in constraints))
