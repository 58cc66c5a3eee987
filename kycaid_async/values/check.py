"""The check of a request before it is sent: types, null, lengths, patterns, known words."""

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from kycaid_async.errors import FieldProblem
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import Field, element_of, fields_of, is_class_of, members_of
from kycaid_async.values.mismatch import kind
from kycaid_async.values.model import Request
from kycaid_async.values.unset import UNSET

Test = Callable[[Any], bool]

_WORDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    date: "a date",
    datetime: "a time",
    Mapping: "an object",
}


def check_request(request: Request) -> list[FieldProblem]:
    """Return every field of ``request`` that the reference would refuse."""
    values = {
        field.name: value for field in fields_of(type(request)) if (value := getattr(request, field.name)) is not UNSET
    }
    if request.at_least_one and not values:
        return [FieldProblem("*", "at least one field", "none")]
    return check_values(type(request), values)


def check_values(cls: type[Request], values: Mapping[str, Any]) -> list[FieldProblem]:
    """Return every entry of ``values`` that does not fit the field of ``cls`` with its name."""
    problems: list[FieldProblem] = []
    for field in fields_of(cls):
        value = values.get(field.name, UNSET)
        if value is UNSET:  # as most are
            if field.required:
                problems.append(FieldProblem(field.name, "a value", "nothing"))
            continue
        problem = _problem(field, value)
        if problem is not None:
            problems.append(problem)
        elif value.__class__ is not str:
            problems += _inside(field, value)
    return problems


def _inside(field: Field, value: Any) -> list[FieldProblem]:
    """Return the problems inside a nested object, with the path to them."""
    if not isinstance(value, Request | Mapping):
        return []
    nested = next((t for t in field.types if is_class_of(t, Request)), None)
    if nested is None:
        return []
    problems = check_request(value) if isinstance(value, Request) else check_values(nested, value)
    return [FieldProblem(f"{field.name}.{p.field}", p.expected, p.got) for p in problems]


def _problem(field: Field, value: Any) -> FieldProblem | None:
    if value.__class__ is not str:
        value = field.plain(value)
    if value is None:
        return None if field.nullable else FieldProblem(field.name, "a value", "null")
    if not _passes_one(_tests_of(field.types), value):
        return FieldProblem(field.name, " or ".join(dict.fromkeys(_expected(field))), _describe(value))
    for constraint in field.constraints:
        if not constraint.allows(value):
            return FieldProblem(field.name, constraint.expected, constraint.describe(value))
    return None


@functools.cache
def _tests_of(types: tuple[Any, ...]) -> tuple[Test, ...]:
    """Return what says whether a value is of one of these types. Looked at once: to ask typing is slow."""
    return tuple(_test_of(t) for t in _closed(types))


def _test_of(t: Any) -> Test:  # noqa: PLR0911 - a table
    element = element_of(t)
    if element is not None:
        return functools.partial(_is_list_of, _tests_of(members_of(element)))
    if is_class_of(t, OpenEnum):
        return lambda value: isinstance(value, str) and t(value).may_be_sent
    if t is float:
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
    if t is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if t is Any:
        return lambda _value: True
    if is_class_of(t, Request):
        return lambda value: isinstance(value, t | Mapping)
    kind_of_it = Mapping if getattr(t, "__origin__", t) in (dict, Mapping) else t
    return lambda value: isinstance(value, kind_of_it)


def _is_list_of(tests: tuple[Test, ...], value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_passes_one(tests, item) for item in value)


def _passes_one(tests: tuple[Test, ...], value: Any) -> bool:
    for test in tests:  # noqa: SIM110 - any() would make a generator for each value
        if test(value):
            return True
    return False


def _closed(types: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return ``types`` without ``str`` where words are listed: text is welcome then, but only a word of the list."""
    listed = any(is_class_of(t, OpenEnum) for t in types)
    return tuple(t for t in types if t is not str) if listed else types


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what JSON readers take
        return False


def _expected(field: Field) -> Iterator[str]:
    for t in _closed(field.types):
        element = element_of(t)
        if element is not None:
            yield "a list of " + _words_of(element)
        else:
            yield _words_of(t)


def _words_of(t: Any) -> str:
    for member in _closed(members_of(t)):
        if is_class_of(member, OpenEnum):
            return "one of " + ", ".join(member.__members__.values())
    return _WORDS.get(t, "an object")


def _describe(value: Any) -> str:
    if isinstance(value, str):
        return "other text"
    return "a list with other items" if isinstance(value, list | tuple) else kind(value)
