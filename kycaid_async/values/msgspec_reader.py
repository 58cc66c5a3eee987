"""Answers read straight from their bytes where msgspec is installed: the same objects in half the time.

The order of the steps is another than in the converter, the result is not: what cannot be read in this way, for
example because one field is of another type, is left to the converter.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar, cast, get_origin

from kycaid_async.extras import is_recent
from kycaid_async.values.converter import reader_of
from kycaid_async.values.decline_reasons import DeclineReason, read_reasons
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import Field, element_of, fields_of, is_class_of
from kycaid_async.values.model import Response
from kycaid_async.values.scalars import read_number, read_time

R = TypeVar("R", bound=Response)

LONGEST = 4000
"""Bytes up to which answers are read here. Fewer cannot hold a whole number that Python refuses to read later."""
WRAPPER = "data"
"""The key under which some answers put the object."""


def structure_bytes(body: bytes, cls: type[R]) -> R | None:
    """Return the object in ``body`` as a ``cls``, or None when the converter has to read it."""
    if len(body) > LONGEST:
        return None
    try:
        read = _READERS[cls]
    except KeyError:
        read = _READERS[cls] = _reader(cls)
    if read is None:
        return None
    try:
        if not body.isascii():
            body.decode()  # msgspec does not look at the text under keys it does not know
        return read(body)  # type: ignore[no-any-return]  # it is generated
    except (TypeError, ValueError, RecursionError):
        return None


_READERS: dict[type, Callable[[bytes], Any] | None] = {}


def _reader(cls: type[R]) -> Callable[[bytes], R | None] | None:
    """Return a function that reads a ``cls``; None when that needs the converter, or no msgspec is there that is used.

    It is generated, as that of the converter is.
    """
    fields = fields_of(cls)
    if any(f.name == WRAPPER or _holds_objects(f) for f in fields):
        return None  # an object within the object keeps what it was made of, and that would be lost here
    try:
        import msgspec
        from msgspec.json import Decoder
    except ImportError:
        return None
    if not is_recent("msgspec", msgspec.__version__):
        return None
    members = [(f.name, f.types[0] | None if _is_plain(f) else Any, None) for f in fields]
    # What wraps others comes last: msgspec is quicker where the first key of an answer is the first field.
    struct = msgspec.defstruct(cls.__name__, [*members, (WRAPPER, Any, None)], gc=False)
    scope: dict[str, Any] = {
        "cls": cls,
        "new": cls.__new__,
        "decode": Decoder(struct).decode,
        "astuple": msgspec.structs.astuple,
    }
    # Sets the fields as the method that attrs makes does, without a call of the class, and a tuple less.
    values = [f"v{n}" for n in range(len(fields))]
    lines = ["def read(body):", f"    {', '.join(values)}, wrapped = astuple(decode(body))"]
    lines += ["    if wrapped is not None: return None"]
    for n, field in enumerate(fields):
        if not _is_plain(field) and field.types != (Any,):
            scope[f"read{n}"] = _LENIENT.get(field.types) or _of_converter(field)
            is_list = all(get_origin(kind) is list for kind in field.types)  # an empty one has nothing to read
            lines.append(f"    if v{n} is not None{f' and v{n} != []' if is_list else ''}: v{n} = read{n}(v{n})")
    lines += ["    made = new(cls)", *(f"    made.{f.name} = v{n}" for n, f in enumerate(fields))]
    lines += ["    made._raw = body", "    return made"]
    exec("\n".join(lines), scope)  # noqa: S102 - the text is made of field names of our own classes
    return cast("Callable[[bytes], R | None]", scope["read"])


_LENIENT: dict[tuple[Any, ...], Callable[[Any], Any]] = {
    (float,): read_number,
    (datetime,): read_time,
    (list[DeclineReason],): read_reasons,
}
"""The readers that the converter has for these types, without the way through it."""


def _of_converter(field: Field) -> Callable[[Any], Any]:
    read, kind = reader_of(field.types), field.types[0]
    return lambda value: read(value, kind)


def _is_plain(field: Field) -> bool:
    """Say whether msgspec reads a field exactly as the converter does, or refuses it."""
    (kind, *others) = field.types
    item = element_of(kind) if get_origin(kind) is list else kind
    return not others and (
        item in (str, int, bool, date) or (is_class_of(item, OpenEnum) and item is not DeclineReason)
    )


def _holds_objects(field: Field) -> bool:
    return any(is_class_of(kind, Response) or is_class_of(element_of(kind), Response) for kind in field.types)
