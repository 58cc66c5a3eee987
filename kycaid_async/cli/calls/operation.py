"""Operations as data for commands: the parameters of a method, and the fields of what it sends."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import attrs

from kycaid_async.api.sections import class_of
from kycaid_async.bulk.row import SIDES
from kycaid_async.cli.calls.docs import field_doc, method_doc
from kycaid_async.protocol.endpoint import Endpoint, Replay
from kycaid_async.values.constraints import OneOf
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import Field, attrs_of, element_of, fields_of, is_class_of, members_of
from kycaid_async.values.model import Request

Kind = Literal["text", "flag", "number", "whole number", "list", "JSON", "file"]

BODY: Final = "body"
SOURCE: Final = "source"
_OF_PROGRAMS: Final = frozenset({"max_age", "size"})
"""Parameters for what a command has none of: a client that lives on, and sources that are functions."""


@attrs.frozen(kw_only=True)
class Parameter:
    """An argument or an option of a command."""

    name: str
    """As in Python and in JSON."""
    kind: Kind
    help: str
    is_argument: bool = False
    required: bool = False
    words: tuple[str, ...] = ()
    """The values that the reference lists."""
    is_file_of: str = ""
    """The field that takes the id of the file, once it is uploaded."""

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return self.name.upper() if self.is_argument else f"--{self.name.replace('_', '-')}"


@attrs.frozen(kw_only=True)
class Operation:
    """A method of a section, with its endpoint; one without an endpoint of its own only reads, by several calls."""

    section: str
    method: str
    function: Any
    endpoint: Endpoint[Any] | None

    @property
    def name(self) -> str:
        """As in ``documents.create``."""
        return f"{self.section}.{self.method}"

    @property
    def is_billed(self) -> bool:
        """True when it costs a fee."""
        return self.endpoint is not None and self.endpoint.replay is Replay.BILLED

    @property
    def changes(self) -> bool:
        """True when it makes, changes or removes something."""
        return self.endpoint is not None and self.endpoint.replay is not Replay.SAFE

    @property
    def deletes(self) -> bool:
        """True when it takes something away."""
        return self.endpoint is not None and self.endpoint.method == "DELETE"

    @property
    def help(self) -> str:
        """The first sentence of its help."""
        return method_doc(self.function)

    @property
    def models(self) -> tuple[type[Request], ...]:
        """The models of its body; one of them is sent."""
        return self.endpoint.accepts if self.endpoint else ()

    def parameters(self) -> list[Parameter]:
        """Return its arguments and options, each once."""
        found: dict[str, Parameter] = {}
        for parameter in self._own_and_fields():
            found.setdefault(parameter.name, parameter)
        return list(found.values())

    def files(self) -> list[Parameter]:
        """Return its parameters that are files."""
        return [one for one in self.parameters() if one.kind == "file"]

    def own(self) -> list[inspect.Parameter]:
        """Return the parameters of the method, but for those of programs, and of a model that keywords stand for."""
        every = list(inspect.signature(self.function).parameters.values())[1:]
        fields = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in every)
        return [one for one in every if one.name not in _OF_PROGRAMS and not (fields and _stands_for_fields(one))]

    def _own_and_fields(self) -> Iterator[Parameter]:
        for one in self.own():
            if takes_fields(one):
                yield from self._fields()
            elif one.name != BODY:
                yield self._own_parameter(one)

    def _own_parameter(self, one: inspect.Parameter) -> Parameter:
        is_argument = one.kind is not inspect.Parameter.KEYWORD_ONLY
        if one.name == SOURCE:
            return Parameter(name="file", kind="file", help="The file to upload.", is_argument=True, required=True)
        required = one.default is inspect.Parameter.empty
        for cls in self.models:
            for field in fields_of(cls):
                if field.name == one.name:
                    return attrs.evolve(_of_field(cls, field), is_argument=is_argument, required=required)
        types = tuple(member for member in members_of(one.annotation) if member is not type(None))
        words = _words(types)
        default = "" if one.default in (None, inspect.Parameter.empty) else f"  [default: {one.default:g}]"
        text = f"{_any_help(one.name, _kind(types), words)}{default}"
        return Parameter(
            name=one.name, kind=_kind(types), help=text, words=words, is_argument=is_argument, required=required
        )

    def _fields(self) -> Iterator[Parameter]:
        """Give the fields of all models together, each with its values in all of them."""
        every: dict[str, list[tuple[type[Request], Field]]] = {}
        for cls in self.models:
            for field in fields_of(cls):
                every.setdefault(field.name, []).append((cls, field))
        for name, places in every.items():
            words = tuple(dict.fromkeys(word for place in places for word in _words_of_field(*place)))
            required = len(places) == len(self.models) and all(field.required for _, field in places)
            yield attrs.evolve(_of_field(*places[0], words=words), required=required)
            side = name.removesuffix("_id")
            if side != name and side in SIDES:
                text = "The file of this side, which is uploaded first."
                yield Parameter(name=side, kind="file", help=text, is_file_of=name)


def operations_of(section: str) -> dict[str, Operation]:
    """Return the operations of a section by their methods' names."""
    import importlib

    endpoints = {one.name: one for one in importlib.import_module(f"kycaid_async.api.{section}").ENDPOINTS}
    methods = {
        name: function
        for name, function in vars(class_of(section)).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }
    return {
        name: Operation(section=section, method=name, function=function, endpoint=endpoints.get(f"{section}.{name}"))
        for name, function in methods.items()
    }


def takes_fields(one: inspect.Parameter) -> bool:
    """Say whether a parameter of a method takes the fields of a model: as keywords, or as the model itself."""
    return one.kind is inspect.Parameter.VAR_KEYWORD or _is_model(one)


def _is_model(one: inspect.Parameter) -> bool:
    return any(is_class_of(member, Request) for member in members_of(one.annotation))


def _stands_for_fields(one: inspect.Parameter) -> bool:
    # Not by its type, which some sections name in a text only.
    return one.kind is inspect.Parameter.POSITIONAL_ONLY and one.default is None


def _of_field(cls: type[Request], field: Field, words: tuple[str, ...] = ()) -> Parameter:
    words = words or _words_of_field(cls, field)
    kind = _kind(field.types)
    limits = " ".join(f"{constraint.expected}." for constraint in field.constraints if not words)
    said = field_doc(cls, field.name) or limits[:1].upper() + limits[1:]
    listed = "" if not words or all(word in said for word in words) else _one_of(words, kind)
    text = " ".join(filter(None, [said, listed])) or _any_help(field.name, kind, words)
    return Parameter(name=field.name, kind=kind, help=text, words=words, required=field.required)


def _words_of_field(cls: type[Request], field: Field) -> tuple[str, ...]:
    """Return the values that a field can have; of one that is fixed, only that."""
    attribute = next(one for one in attrs_of(cls) if one.name == field.name)
    if not attribute.init:
        return (str(attribute.default),)
    words = _words(field.types)
    allowed = [constraint.values for constraint in field.constraints if isinstance(constraint, OneOf)]
    return tuple(word for word in words if all(word in values for values in allowed))


def _words(types: tuple[Any, ...]) -> tuple[str, ...]:
    members = [one for t in types for one in (members_of(element_of(t)) if element_of(t) else (t,))]
    return tuple(str(word) for member in members if is_class_of(member, OpenEnum) for word in member)


def _kind(types: tuple[Any, ...]) -> Kind:
    if any(element_of(t) for t in types):
        return "list"
    if any(is_class_of(t, Request) or getattr(t, "__origin__", t) is Mapping for t in types):
        return "JSON"
    if str in types:
        return "text"
    simple: dict[Any, Kind] = {bool: "flag", int: "whole number", float: "number"}
    for t in types:
        if t in simple:
            return simple[t]
    return "text"


def _one_of(words: tuple[str, ...], kind: Kind) -> str:
    return f"{'Repeatable; each one of' if kind == 'list' else 'One of'} {', '.join(words)}."


def _any_help(name: str, kind: Kind, words: tuple[str, ...]) -> str:
    """Return what can be said of a parameter of which nothing is said."""
    if words:
        return _one_of(words, kind)
    if name.endswith("_id"):
        return "An id: 36 characters."
    if name.endswith("_url"):
        return "A URL."
    texts: dict[str, str] = {
        "flag": "Yes or no.",
        "number": "A number.",
        "whole number": "A whole number.",
        "list": "Text. Repeatable.",
        "JSON": "A JSON object.",
    }
    if name == "since":
        return "A day as YYYY-MM-DD, or a time as 2026-11-01T12:00:00Z."
    if name in ("start", "end"):
        return f"{'The first' if name == 'start' else 'The last'} day: YYYY-MM-DD."
    return texts.get(kind, "Text.")
