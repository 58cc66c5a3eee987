"""The one cattrs converter: JSON to models and back.

Reading is tolerant about absence, null, unknown keys, unknown enum values and numbers as text, and strict about types:
null never becomes ``'None'`` and ``"false"`` never becomes True. A field of another type than declared is None on the
object, or holds the entries that are good, and its value stays whole in ``extra``: one odd field does not lose the
object, and one odd entry does not lose the list.

Writing leaves out `UNSET` and keeps the order in which the fields are declared, which is that of the reference.
"""

import functools
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args, get_origin

from kycaid_async.errors import DecodeError
from kycaid_async.tracebacks import bordered
from kycaid_async.values.decline_reasons import DeclineReason, read_reasons
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import fields_of, is_class_of, members_of
from kycaid_async.values.mismatch import MOST_ENTRIES, Mismatch, read_each, reading
from kycaid_async.values.model import Request, Response
from kycaid_async.values.plain import plain
from kycaid_async.values.scalars import (
    read_boolean,
    read_date,
    read_integer,
    read_number,
    read_text,
    read_time,
    write_time,
)
from kycaid_async.values.unset import UNSET, Unset

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")
Reader = Callable[[Any], Any]

_LEAVES: dict[Any, Reader] = {
    str: read_text,
    bool: read_boolean,
    int: read_integer,
    float: read_number,
    date: read_date,
    datetime: read_time,
}


@functools.cache
def converter() -> "Converter":
    """Return the converter. It is made at the first call, because importing cattrs takes a while."""
    from cattrs import Converter

    made = Converter(detailed_validation=False)
    # By class, as cattrs' own for these are: a hook by predicate would come after them.
    for leaf, read in _LEAVES.items():
        made.register_structure_hook(leaf, _hook(read))
    made.register_structure_hook(OpenEnum, lambda raw, t: _enum_hook(t)(raw, t))
    made.register_structure_hook_factory(_is_dict, functools.partial(_dict_hook, made))
    made.register_structure_hook_factory(_is_list, functools.partial(_list_hook, made))
    made.register_structure_hook_func(lambda t: t == list[DeclineReason], _hook(read_reasons))
    made.register_structure_hook_factory(_subclass_of(Response), functools.partial(_response_hook, made))
    made.register_unstructure_hook_factory(_subclass_of(Request), functools.partial(_request_unhook, made))
    made.register_unstructure_hook_factory(_subclass_of(Response), functools.partial(_response_unhook, made))
    made.register_unstructure_hook(date, date.isoformat)
    made.register_unstructure_hook(datetime, write_time)
    made.register_unstructure_hook(OpenEnum, lambda member: member.value)
    made.register_unstructure_hook(Unset, _refuse_unset)
    return made


@bordered
def structure(data: Any, cls: type[T]) -> T:
    """Return ``data``, a decoded JSON value, as a ``cls``. Raises `DecodeError` when its type is another one.

    Of all lists in it together, 20,000 entries are read: the rest stays in ``extra``, as what cannot be read does.
    """
    try:
        return read_as(data, cls)
    except Mismatch as mismatch:
        problem = str(mismatch)
    raise DecodeError(f"{getattr(cls, '__name__', 'the value')}: nothing was made of it: {problem}.")


def read_as(data: Any, cls: type[T]) -> T:
    """Return as `structure` does; raises `Mismatch`, for those who catch it: its frames hold ``data``."""
    hook = _HOOKS.get(cls)
    if hook is None:  # cattrs would look it up at each call
        hook = _HOOKS[cls] = reader_of(members_of(cls))
    if reading.left is not None:  # within another one
        return hook(data, cls)  # type: ignore[no-any-return]  # as cattrs promises
    reading.left = MOST_ENTRIES
    try:
        return hook(data, cls)  # type: ignore[no-any-return]  # as above
    finally:
        reading.left = None


_HOOKS: dict[type, Callable[[Any, Any], Any]] = {}


def reader_of(types: tuple[Any, ...]) -> Callable[[Any, Any], Any]:
    """Return what reads a field of these types. It raises `Mismatch`."""
    return _reader(converter(), types)


@bordered
def unstructure(value: Any) -> Any:
    """Return ``value`` as plain JSON types. A response gives back the keys that came, and the unknown ones too."""
    return _write(converter(), value)


def _hook(read: Reader) -> Callable[[Any, Any], Any]:
    return lambda raw, _type: read(raw)


def _refuse_unset(_: Unset) -> Any:
    raise TypeError("UNSET leaves out a field of a model; it has no JSON")


def _subclass_of(base: type) -> Callable[[Any], bool]:
    return lambda t: is_class_of(t, base)


def _is_list(t: Any) -> bool:
    return get_origin(t) is list


def _list_hook(made: "Converter", t: Any) -> Callable[[Any, Any], Any]:
    (item,) = get_args(t)
    read = _reader(made, members_of(item))

    def read_list(raw: Any, _type: Any) -> Any:
        if raw.__class__ is not list:
            raise Mismatch("a list", raw)
        return read_each(lambda entry: read(entry, item), raw) if raw else []

    return read_list


def _is_dict(t: Any) -> bool:
    return get_origin(t) is dict


def _dict_hook(made: "Converter", t: Any) -> Callable[[Any, Any], Any]:
    _, item = get_args(t)
    read = _reader(made, members_of(item))

    def read_dict(raw: Any, _type: Any) -> Any:
        if raw.__class__ is not dict:
            raise Mismatch("an object", raw)
        try:
            given = ((key, entry) for key, entry in raw.items() if entry is not None)
            return dict(read_each(lambda pair: (pair[0], read(pair[1], item)), given))
        except Mismatch as mismatch:
            mismatch.usable = dict(mismatch.usable)
            raise

    return read_dict


def _discriminating_hook(readers: list[tuple[Callable[[Any, Any], Any], Any]]) -> Callable[[Any, Any], Any]:
    """Return a function that reads an object once, as the class that its discriminator names, or else as the first."""
    first, *others = readers
    tagged = [(*reader[1].discriminator, reader) for reader in others]
    ((key, _, _), *_) = tagged
    by_value = {value: reader for _, value, reader in tagged}

    def read_object(raw: Any, _type: Any) -> Any:
        if raw.__class__ is not dict:
            raise Mismatch("an object", raw)
        value = raw.get(key)
        read, member = by_value.get(value, first) if value.__class__ is str else first
        return read(raw, member)

    return read_object


def _union_hook(readers: list[tuple[Callable[[Any, Any], Any], Any]]) -> Callable[[Any, Any], Any]:
    """Return a function that reads the first member type that takes the value, in the order of the annotation."""

    def read_union(raw: Any, _type: Any) -> Any:
        for read, member in readers:
            try:
                return read(raw, member)
            except Mismatch:
                continue
        raise Mismatch("another type", raw)

    return read_union


def _enum_hook(t: type[OpenEnum]) -> Callable[[Any, Any], Any]:
    members = cast("dict[Any, Any]", t._value2member_map_)

    def read_enum(raw: Any, _type: Any) -> Any:
        if raw.__class__ is not str:
            raise Mismatch("text", raw)
        return members.get(raw) or t(raw)

    return read_enum


def _response_hook(made: "Converter", cls: type[Response]) -> Callable[[Any, Any], Any]:
    """Return a function that makes a ``cls`` out of a dict with one positional call.

    It is generated, as cattrs' own are: one call per field and keyword arguments would take three times as long.
    """
    lines = [
        "def read(raw, _type):",
        "    if raw.__class__ is not dict: raise Mismatch('an object', raw)",
        "    get, odd = raw.get, ()",
    ]
    scope: dict[str, Any] = {"Mismatch": Mismatch, "cls": cls}
    for n, field in enumerate(fields_of(cls)):
        lines.append(f"    v{n} = get({field.name!r})")
        if field.types == (str,):
            lines += [
                f"    if v{n}.__class__ is not str and v{n} is not None:",
                f"        v{n}, odd = None, (*odd, {field.name!r})",
            ]
            continue
        if field.types == (Any,):
            continue
        scope[f"t{n}"] = field.types[0]
        scope[f"h{n}"] = _reader(made, field.types)
        lines += [
            f"    if v{n} is not None:",
            f"        try: v{n} = h{n}(v{n}, t{n})",
            f"        except Mismatch as mismatch: v{n}, odd = mismatch.usable, (*odd, {field.name!r})",
        ]
    lines.append(f"    made = cls({', '.join(f'v{n}' for n, _ in enumerate(fields_of(cls)))})")
    lines += ["    made._raw, made._odd = raw, odd", "    return made"]
    exec("\n".join(lines), scope)  # noqa: S102 - the text is made of field names of our own classes
    return cast("Callable[[Any, Any], Any]", scope["read"])


def _reader(made: "Converter", types: tuple[Any, ...]) -> Callable[[Any, Any], Any]:
    """Return what reads a field of these types. Unions are not looked up: to cattrs' memory their order is the same."""
    only, *others = types
    if others:
        readers = [(_reader(made, (member,)), member) for member in types]
        return _discriminating_hook(readers) if all(is_class_of(t, Response) for t in types) else _union_hook(readers)
    if only is Any:
        return _hook(lambda raw: raw)
    return _enum_hook(only) if is_class_of(only, OpenEnum) else made.get_structure_hook(only)


_JSON: Final = frozenset({str, bool, int, float, type(None)})
_OWN: Final = frozenset({date, list, tuple, dict})
"""With the former, the classes of which no field makes another one."""


def _write(made: "Converter", value: Any) -> Any:
    if value.__class__ in _JSON:
        return value
    if isinstance(value, OpenEnum):  # by itself, as the next: cattrs would look them up at each value
        return value._value_
    if value.__class__ is date:
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _write(made, entry) for key, entry in value.items() if entry is not UNSET}
    if isinstance(value, list | tuple):
        return [_write(made, entry) for entry in value]
    return made.unstructure(value if isinstance(value, Request) else plain(value))


def _request_unhook(made: "Converter", cls: type[Request]) -> Callable[[Any], dict[str, Any]]:
    fields = [(field.name, field.plain) for field in fields_of(cls)]

    def write(request: Any) -> dict[str, Any]:
        values = {}
        for name, plain_as_field in fields:
            value = getattr(request, name)
            if value is UNSET:  # as most are
                continue
            if value.__class__ in _JSON:
                values[name] = value
            else:
                values[name] = _write(made, value if value.__class__ in _OWN else plain_as_field(value))
        return values

    return write


def _response_unhook(made: "Converter", cls: type[Response]) -> Callable[[Any], dict[str, Any]]:
    names = [field.name for field in fields_of(cls)]

    def write(response: Any) -> dict[str, Any]:
        raw, extra = response.raw, response.extra
        own = {name: _write(made, getattr(response, name)) for name in names}
        kept = {key: extra[key] if key in extra else own[key] for key in raw}
        return kept | {name: value for name, value in own.items() if name not in raw and value is not None}

    return write
