"""Search of a value for what JSON cannot carry: where it stands, and of which type it is."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from kycaid_async.errors import FieldProblem
from kycaid_async.masking import code_or_mask, encodable
from kycaid_async.values.fields import fields_of
from kycaid_async.values.json import dumps
from kycaid_async.values.mismatch import kind
from kycaid_async.values.unset import UNSET

_EXPECTED: Final = "values that JSON can carry"
_MOST: Final = 20
"""Problems that are listed."""


Plain = Callable[[Any], Any]


def json_problems(value: Any, plain: Plain) -> list[FieldProblem]:
    """Return what of ``value`` cannot be written as JSON, with the path to it; at least one problem.

    ``plain`` makes plain JSON types of what is no object and no list.
    """
    problems: list[FieldProblem] = []
    try:
        for problem in islice(_problems(value, plain, "", ()), _MOST):
            problems.append(problem)  # noqa: PERF402 - those before one that fails are kept
    except Exception:  # noqa: BLE001, S110 - an object of the user can raise anything
        pass
    return problems or [FieldProblem("*", _EXPECTED, "others")]


def _problems(value: Any, plain: Plain, path: str, above: tuple[int, ...]) -> Iterator[FieldProblem]:
    if not (_is_model(value) or isinstance(value, Mapping | list | tuple)):
        problem = _problem(value, plain)
        if problem is not None:
            yield FieldProblem(path or "*", *problem)
        return
    if id(value) in above:
        yield FieldProblem(path, _EXPECTED, "what holds itself")
        return
    for part, entry in _entries(value):
        if part is None:
            yield FieldProblem(path or "*", "names that JSON can carry", "others")
        else:
            inner = part if not path or part.startswith("[") else f".{part}"
            yield from _problems(entry, plain, path + inner, (*above, id(value)))


def _is_model(value: object) -> bool:
    return hasattr(type(value), "__attrs_attrs__")


def _entries(value: Any) -> Iterable[tuple[str | None, Any]]:
    """Give what is in ``value``, each with its part of the path; None in its place for a name that cannot be one."""
    if _is_model(value):
        values = ((field.name, getattr(value, field.name)) for field in fields_of(type(value)))
        return ((name, entry) for name, entry in values if entry is not UNSET)
    if isinstance(value, Mapping):
        return ((_name(key), entry) for key, entry in value.items() if entry is not UNSET)
    return ((f"[{n}]", entry) for n, entry in enumerate(value))


def _name(key: object) -> str | None:
    if not isinstance(key, str | int | float | None):
        return None
    text = str.__str__(key) if isinstance(key, str) else str(key)  # JSON takes the text of an enum, not its name
    return code_or_mask(text) if encodable(text) == text else None


def _problem(value: Any, plain: Plain) -> tuple[str, str] | None:
    """Return what is expected in place of ``value``, and what it is; None when it can be written."""
    if isinstance(value, str) and encodable(text := str.__str__(value)) != text:
        return "text that UTF-8 can carry", "text with half of a surrogate pair"
    if isinstance(value, float) and not math.isfinite(value):
        return "a finite number", kind(value)
    try:
        dumps(plain(value))
    except Exception:  # noqa: BLE001 - its text can hold the value
        return _EXPECTED, kind(value)
    return None
