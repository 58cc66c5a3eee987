"""Answers read straight from their bytes where msgspec is installed: the same objects in half the time.

The order of the steps is another than in the converter, the result is not: what cannot be read in this way, for
example because one field is of another type, is left to the converter.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar, cast

from kycaid_async.extras import is_recent
from kycaid_async.values.converter import reader_of
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import Field, element_of, fields_of, is_class_of
from kycaid_async.values.model import Response

R = TypeVar("R", bound=Response)

LONGEST = 4000
"""Bytes up to which answers are read here. Fewer cannot hold a whole number that Python refuses to read later."""
WRAPPER = "data"
"""The key under which some answers put the object."""


def structure_bytes(body: bytes, cls: type[R]) -> R | None:
    """Return the object in ``body`` as a ``cls``, or None when the converter has to read it."""
    if len(body) > LONGEST:
        return None
    if cls not in _READERS:
        _READERS[cls] = _reader(cls)
    read = _READERS[cls]
    try:
        # msgspec does not look at the text under keys it does not know.
        return None if read is None or not body.decode() else cast("R | None", read(body))
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
    scope: dict[str, Any] = {
        "cls": cls,
        "decode": Decoder(msgspec.defstruct(cls.__name__, [*members, (WRAPPER, Any, None)], gc=False)).decode,
    }
    lines = ["def read(body):", "    got = decode(body)", f"    if got.{WRAPPER} is not None: return None"]
    values = []
    for n, field in enumerate(fields):
        if _is_plain(field) or field.types == (Any,):
            values.append(f"got.{field.name}")
            continue
        values.append(f"v{n}")
        scope[f"t{n}"], scope[f"h{n}"] = field.types[0], reader_of(field.types)
        lines += [f"    v{n} = got.{field.name}", f"    if v{n} is not None: v{n} = h{n}(v{n}, t{n})"]
    lines += [f"    made = cls({', '.join(values)})", "    made._raw, made._odd = body, ()", "    return made"]
    exec("\n".join(lines), scope)  # noqa: S102 - the text is made of field names of our own classes
    return cast("Callable[[bytes], R | None]", scope["read"])


def _is_plain(field: Field) -> bool:
    """Say whether msgspec reads a field exactly as the converter does, or refuses it."""
    (kind, *others) = field.types
    return not others and (kind in (str, date) or (is_class_of(kind, OpenEnum) and kind is not DeclineReason))


def _holds_objects(field: Field) -> bool:
    return any(is_class_of(kind, Response) or is_class_of(element_of(kind), Response) for kind in field.types)
