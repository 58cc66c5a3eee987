"""The converter: JSON to models and back.

Reading is tolerant about absence, null, unknown keys, unknown enum values and numbers as text, and strict about types:
null never becomes ``'None'`` and ``"false"`` never becomes True. A field of another type than declared is None on the
object, or holds the entries that are good, and its value stays whole in ``extra``: one odd field does not lose the
object, and one odd entry does not lose the list.

Writing leaves out `UNSET` and keeps the order in which the fields are declared, which is that of the reference.
"""

import enum
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar, cast, get_args, get_origin

from kycaid_async.values.decline_reasons import DeclineReason, read_reasons
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import fields_of, is_class_of, members_of
from kycaid_async.values.mismatch import MOST_ENTRIES, Mismatch, read_each, reading
from kycaid_async.values.model import Request, Response
from kycaid_async.values.numbers import read_boolean, read_integer, read_number, read_text
from kycaid_async.values.plain import plain
from kycaid_async.values.times import read_date, read_time, write_time
from kycaid_async.values.unset import UNSET, Unset

T = TypeVar("T")
Reader = Callable[[Any], Any]
"""Returns a decoded JSON value as what a field takes, or raises `Mismatch`."""
Writer = Callable[[Any], Any]
"""Returns a value as plain JSON types."""


def structure(data: Any, cls: type[T]) -> T:
    """Return ``data``, a decoded JSON value, as a ``cls``. Raises `Mismatch` when its type is another one.

    Of all lists in it together, `MOST_ENTRIES` are read: the rest stays in ``extra``, as what cannot be read does.
    """
    read: Callable[[Any], T] | None = _READERS.get(cls)
    if read is None:
        read = reader_of(members_of(cls))
        _READERS[cls] = read
    if reading.left is not None:  # within another one
        return read(data)
    reading.left = MOST_ENTRIES
    try:
        return read(data)
    finally:
        reading.left = None


def unstructure(value: Any) -> Any:
    """Return ``value`` as plain JSON types. A response gives back the keys that came, and the unknown ones too."""
    write = _WRITERS.get(value.__class__)
    if write is None:
        write = _WRITERS[value.__class__] = _writer_of(value.__class__)
    return write(value)


def reader_of(types: tuple[Any, ...]) -> Reader:
    """Return what reads a field of these types."""
    if len(types) == 1:
        return _READERS.get(types[0]) or _reader_of(types[0])
    if all(is_class_of(t, Response) for t in types):
        return _by_discriminator(types)
    return _first_that_fits([reader_of((t,)) for t in types])


def _reader_of(t: Any) -> Reader:
    if is_class_of(t, OpenEnum):
        return _enum_reader(t)
    if is_class_of(t, Response):
        read = _READERS[t] = _response_reader(t)
        return read
    if t == list[DeclineReason]:
        return read_reasons
    if get_origin(t) is list:
        return _list_reader(*get_args(t))
    if get_origin(t) is dict:
        return _dict_reader(get_args(t)[1])
    raise TypeError(f"{t!r} is not made of what an answer is made of")


_READERS: dict[Any, Reader] = {
    str: read_text,
    bool: read_boolean,
    int: read_integer,
    float: read_number,
    date: read_date,
    datetime: read_time,
    Any: lambda raw: raw,
}
"""What reads a type: made when it is first asked for."""


def _list_reader(item: Any) -> Reader:
    read = reader_of(members_of(item))

    def read_list(raw: Any) -> Any:
        if raw.__class__ is not list:
            raise Mismatch("a list", raw)
        return read_each(read, raw) if raw else []

    return read_list


def _dict_reader(item: Any) -> Reader:
    read = reader_of(members_of(item))

    def read_dict(raw: Any) -> Any:
        if raw.__class__ is not dict:
            raise Mismatch("an object", raw)
        try:
            given = ((key, entry) for key, entry in raw.items() if entry is not None)
            return dict(read_each(lambda pair: (pair[0], read(pair[1])), given))
        except Mismatch as mismatch:
            mismatch.usable = dict(mismatch.usable)
            raise

    return read_dict


def _by_discriminator(classes: tuple[type[Response], ...]) -> Reader:
    """Return a function that reads an object once, as the class that its discriminator names, or else as the first."""
    first, *others = classes
    (key,) = {cls.discriminator[0] for cls in others if cls.discriminator}
    by_value = {cls.discriminator[1]: reader_of((cls,)) for cls in others if cls.discriminator}
    otherwise = reader_of((first,))

    def read_object(raw: Any) -> Any:
        if raw.__class__ is not dict:
            raise Mismatch("an object", raw)
        value = raw.get(key)
        return (by_value.get(value, otherwise) if value.__class__ is str else otherwise)(raw)

    return read_object


def _first_that_fits(readers: list[Reader]) -> Reader:
    """Return a function that reads a value as the first type that takes it, in the order of the annotation."""

    def read_union(raw: Any) -> Any:
        for read in readers:
            try:
                return read(raw)
            except Mismatch:
                continue
        raise Mismatch("another type", raw)

    return read_union


def _enum_reader(t: type[OpenEnum]) -> Reader:
    members = cast("dict[Any, Any]", t._value2member_map_)

    def read_enum(raw: Any) -> Any:
        if raw.__class__ is not str:
            raise Mismatch("text", raw)
        return members.get(raw) or t(raw)

    return read_enum


def _response_reader(cls: type[Response]) -> Reader:
    """Return a function that makes a ``cls`` out of a dict with one positional call.

    It is generated: one call per field and keyword arguments would take three times as long.
    """
    lines = [
        "def read(raw):",
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
        scope[f"h{n}"] = reader_of(field.types)
        lines += [
            f"    if v{n} is not None:",
            f"        try: v{n} = h{n}(v{n})",
            f"        except Mismatch as mismatch: v{n}, odd = mismatch.usable, (*odd, {field.name!r})",
        ]
    lines.append(f"    made = cls({', '.join(f'v{n}' for n, _ in enumerate(fields_of(cls)))})")
    lines += ["    made._raw, made._odd = raw, odd", "    return made"]
    exec("\n".join(lines), scope)  # noqa: S102 - the text is made of field names of our own classes
    return cast("Reader", scope["read"])


def _writer_of(cls: type) -> Writer:
    if issubclass(cls, Request):
        return _request_writer(cls)
    if issubclass(cls, Response):
        return _response_writer(cls)
    for base, write in _BASES.items():
        if issubclass(cls, base):
            return write
    return _write_foreign


def _write_mapping(mapping: Any) -> dict[Any, Any]:
    return {key: unstructure(entry) for key, entry in mapping.items() if entry is not UNSET}


def _write_list(entries: Any) -> list[Any]:
    return [unstructure(entry) for entry in entries]


def _write_foreign(value: Any) -> Any:
    own = plain(value)
    return own if own is value or own.__class__ is value.__class__ else unstructure(own)


def _refuse_unset(_: Unset) -> Any:
    raise TypeError("UNSET leaves out a field of a model; it has no JSON")


_BASES: dict[type, Writer] = {
    Unset: _refuse_unset,
    enum.Enum: lambda member: member.value,
    datetime: write_time,
    date: date.isoformat,
    Mapping: _write_mapping,
    list: _write_list,
    tuple: _write_list,
}
_WRITERS: dict[type, Writer] = dict.fromkeys((str, bool, int, float, type(None)), lambda value: value)


def _request_writer(cls: type[Request]) -> Writer:
    fields = fields_of(cls)

    def write(request: Any) -> dict[str, Any]:
        values = ((field, getattr(request, field.name)) for field in fields)
        return {field.name: unstructure(field.plain(value)) for field, value in values if value is not UNSET}

    return write


def _response_writer(cls: type[Response]) -> Writer:
    names = [field.name for field in fields_of(cls)]

    def write(response: Any) -> dict[str, Any]:
        raw, extra = response.raw, response.extra
        own = {name: unstructure(getattr(response, name)) for name in names}
        kept = {key: extra[key] if key in extra else own[key] for key in raw}
        return kept | {name: value for name, value in own.items() if name not in raw and value is not None}

    return write
