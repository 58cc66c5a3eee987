"""The keywords that type checkers know are the fields of the models that are made of them, with the same types."""

import inspect
from collections.abc import Iterator
from typing import Any, NotRequired, Required, get_args, get_origin, get_overloads, get_type_hints, is_typeddict

import pytest

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.api.sections import SECTIONS, class_of
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import attrs_of, element_of, fields_of, is_class_of, members_of
from kycaid_async.values.model import Request


def overloads() -> Iterator[tuple[str, type]]:
    """Yield each operation that takes keywords, and the dictionary that lists them."""
    for section in SECTIONS:
        for name, method in vars(class_of(section)).items():
            if not inspect.isfunction(method):
                continue
            for form in get_overloads(method):
                for unpacked in get_args(form.__annotations__.get("fields")):
                    yield f"{section}.{name}", unpacked


KEYWORDS = list(overloads())
EACH = pytest.mark.parametrize(("name", "keywords"), KEYWORDS, ids=[f"{name}-{k.__name__}" for name, k in KEYWORDS])


def types_of(hint: Any) -> set[Any]:
    """Return what a hint takes: its types, and a sequence by what is in it. Literals stand for the enum beside them."""
    if get_origin(hint) in (Required, NotRequired):
        (hint,) = get_args(hint)
    return {(list, *sorted(map(str, types_of(element_of(m))))) if element_of(m) else m for m in members_of(hint)}


def types_of_field(model: type[Request], name: str) -> set[Any]:
    field = next(f for f in fields_of(model) if f.name == name)
    fixed = not next(a for a in attrs_of(model) if a.name == name).init
    types = {t for kind in field.types for t in types_of(kind)} | ({type(None)} if field.nullable else set())
    # One that says of which class the model is can be given as text, too.
    return types | ({str} if fixed and any(is_class_of(t, OpenEnum) for t in types) else set())


def test_there_are_keywords_of_many_operations():
    assert len(KEYWORDS) >= 11
    assert all(is_typeddict(keywords) for _, keywords in KEYWORDS)


@EACH
def test_keywords_are_the_fields_of_the_model_with_the_same_types(name, keywords):
    models = ENDPOINTS[name].accepts
    fields: dict[str, set[Any]] = {}
    for model in models:
        for field in fields_of(model):
            fields.setdefault(field.name, set()).update(types_of_field(model, field.name))
    hints = {key: types_of(hint) for key, hint in get_type_hints(keywords).items()}
    different = sorted(name for name in hints.keys() | fields.keys() if hints.get(name) != fields.get(name))
    if different:
        home = f"{keywords.__module__.replace('.', '/')}.py: {keywords.__name__}"
        pytest.fail(f"{home} says something else of {', '.join(different)} than the models of {name}", pytrace=False)


@EACH
def test_a_required_keyword_is_one_that_every_model_needs(name, keywords):
    models = ENDPOINTS[name].accepts
    needed = [
        {a.name for a in attrs_of(m) if not a.init} | {f.name for f in fields_of(m) if f.required} for m in models
    ]
    assert keywords.__required_keys__ <= set.intersection(*needed)
