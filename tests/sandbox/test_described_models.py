"""The models and our description of the API have the same fields, of the same types, with the same limits."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import attrs
import pytest

from kycaid_async import DeclineReason
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.values.constraints import Length
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import Field, attrs_of, element_of, fields_of, is_class_of, members_of
from tests.sandbox.test_description import DESCRIPTION, OPERATIONS

NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", date: "string", datetime: "string"}
SENT = [name for name, endpoint in ENDPOINTS.items() if endpoint.accepts and name in OPERATIONS]
READ = [name for name, e in ENDPOINTS.items() if (hasattr(e.returns, "model") or name == "applicants.get")]
READ = [name for name in READ if name in OPERATIONS]

LIMITS_OF_OURS = {"callback_url", "language_code"}
"""Fields whose length the vendor does not say."""
LEFT_IN_EXTRA = {
    "documents.get": {
        "back_side_size",
        *(f"{origin}other_side_{n}_size" for n in (1, 2, 3) for origin in ("", "origin_")),
    },
}
"""What the vendor's example of an answer has and no field holds: it says what it is nowhere."""
WRAPPERS = {"countries", "data", "forms", "items", "languages", "report", "results", "status", "verifications"}
"""Keys under which an answer can stand."""
INFERRED_BY_US = {"risk_checks.adverse_media": {"service_request_id"}}


@attrs.define
class Shape:
    """What a field takes."""

    types: set[str] = attrs.field(factory=set)
    words: set[str] = attrs.field(factory=set)
    lengths: set[tuple[int, int]] = attrs.field(factory=set)

    def add(self, other: "Shape") -> None:
        self.types |= other.types
        self.words |= other.words
        self.lengths |= other.lengths


def resolved(schema: Any) -> dict[str, Any]:
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = DESCRIPTION
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        schema = found
    return schema if isinstance(schema, dict) else {}


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and those that it is made of."""
    whole = resolved(schema)
    yield whole
    for key in ("allOf", "oneOf", "anyOf"):
        for part in whole.get(key, ()):
            yield from parts(part)


def properties(schema: Any) -> dict[str, Shape]:
    """Return what each property of an object may be, in any of its forms."""
    shapes: dict[str, Shape] = {}
    for part in parts(schema):
        for name, of_property in part.get("properties", {}).items():
            shapes.setdefault(name, Shape()).add(shape_of(of_property))
    return shapes


def shape_of(schema: Any) -> Shape:
    shape = Shape()
    for part in parts(schema):
        kinds = part.get("type", [])
        shape.types |= {kinds} if isinstance(kinds, str) else set(kinds)
        shape.words |= {word for word in part.get("enum", [part.get("const")]) if isinstance(word, str)}
        if "maxLength" in part:
            shape.lengths.add((part.get("minLength", 0), part["maxLength"]))
    return shape


def required(schema: Any) -> set[str]:
    whole = resolved(schema)
    needed = set(whole.get("required", ()))
    for part in whole.get("allOf", ()):
        needed |= required(part)
    forms = [required(part) for key in ("oneOf", "anyOf") for part in whole.get(key, ())]
    return needed | set.intersection(*forms) if forms else needed


def shape_of_fields(fields: Iterable[Field]) -> Shape:
    shape = Shape()
    for field in fields:
        shape.types |= {"null"} if field.nullable else set()
        for kind in field.types:
            shape.types.add("array" if element_of(kind) is not None else NAMES.get(kind, "object"))
            if is_class_of(kind, OpenEnum):
                shape.types = shape.types - {"object"} | {"string"}
                shape.words |= {word for word in kind if all(c.allows(word) for c in field.constraints)}
        shape.lengths |= {(c.minimum, c.maximum) for c in field.constraints if isinstance(c, Length)}
    return shape


def body_of(name: str) -> Any:
    return resolved(OPERATIONS[name][2]["requestBody"])["content"]["application/json"]["schema"]


def describe(name: str, different: Iterable[str]) -> str:
    return f"tests/sandbox/kycaid.openapi.yaml and the models of {name} say different things of {', '.join(different)}"


@pytest.mark.parametrize("name", SENT)
def test_a_request_has_the_fields_that_are_described_with_their_types_words_and_lengths(name):
    models = ENDPOINTS[name].accepts
    described = properties(body_of(name))
    fields = [field for model in models for field in fields_of(model)]
    shapes = {name: shape_of_fields(f for f in fields if f.name == name) for name in {f.name for f in fields}}
    dates = {f.name for f in fields if {date, datetime}.intersection(f.types)}
    different = described.keys() ^ shapes.keys()
    for field in described.keys() & shapes.keys():
        wanted, found = described[field], shapes[field]
        same_lengths = field in LIMITS_OF_OURS | dates or wanted.lengths == found.lengths
        if wanted.types != found.types or wanted.words != found.words or not same_lengths:
            different.add(field)
    assert not different, describe(name, sorted(different))


@pytest.mark.parametrize("name", SENT)
def test_what_a_request_has_to_have_is_what_is_described(name):
    needed = [
        {f.name for f in fields_of(model) if f.required} | {a.name for a in attrs_of(model) if not a.init}
        for model in ENDPOINTS[name].accepts
    ]
    assert required(body_of(name)) == set.intersection(*needed), describe(name, ["what is required"])


@pytest.mark.parametrize("name", READ)
def test_an_answer_has_the_fields_that_are_described(name):
    returns = ENDPOINTS[name].returns
    models = [returns.model] if hasattr(returns, "model") else members_of(returns.union)
    declared = {field.name for model in models for field in fields_of(model)}
    answer = resolved(OPERATIONS[name][2]["responses"]["200"])["content"]["application/json"]["schema"]
    described = unwrapped(answer, declared) - LEFT_IN_EXTRA.get(name, set())
    different = described ^ (declared - INFERRED_BY_US.get(name, set()))
    assert not different, describe(name, sorted(different))


def unwrapped(schema: Any, declared: set[str]) -> set[str]:
    """Return the names of the properties of an object, or of those in a list, bare or below a key such as ``data``."""
    found = set()
    for part in parts(schema):
        if "items" in part:
            found |= unwrapped(part["items"], declared)
        for name, inner in part.get("properties", {}).items():
            if name in declared or name not in WRAPPERS:
                found.add(name)
            else:
                found |= unwrapped(inner, declared)
    return found


REASONS = DESCRIPTION["components"]["schemas"]["DeclineReason"]
NUMBERED = DESCRIPTION["components"]["schemas"]["DeclineReasonId"]


def test_the_decline_reasons_are_those_that_are_described_and_so_are_their_ids():
    assert REASONS["enum"] == [reason.value for reason in DeclineReason]
    numbers = {reason.id: reason.value for reason in DeclineReason if reason.id is not None}
    assert [*numbers, None] == NUMBERED["enum"]
    assert {e["id"]: e["name"] for e in NUMBERED["x-decline-reasons"] if e["id"] is not None} == numbers
