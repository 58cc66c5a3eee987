"""Arguments of all kinds that hold marks, most of them of types that no signature names, and objects of marks."""

import atexit
import inspect
import io
import json
import random
import shutil
import tempfile
import typing
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet

from kycaid_async import BulkRow, BulkVerification, Manifest, Passport, Person, PersonApplicant, Timeout
from kycaid_async.callbacks import sign
from kycaid_async.sandbox import Fault
from kycaid_async.values.model import Model
from kycaid_async.values.unset import UNSET
from tests.privacy.marked import M, Marked

_NAMES = "type,document_number,front_side,key,applicant.type,applicant.first_name,applicant.external_applicant_id"
_CELLS = ("PASSPORT", M.number, "a.png", M.secret, "PERSON", M.name, f"{M.secret}-p")


def _line() -> str:
    return ",".join(_CELLS)


def _workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for cells in (_NAMES.split(","), _CELLS):
        book.active.append(cells)
    book.save(out)
    return out.getvalue()


def _table() -> bytes:
    out = io.BytesIO()
    columns = dict(zip(_NAMES.split(","), ([cell] for cell in _CELLS), strict=True))
    pyarrow.parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def _manifests() -> dict[str, bytes]:
    text = f"{_NAMES}\n{_line()}\n"
    listed = json.dumps([{"type": "PASSPORT", "document_number": M.number}]).encode()
    return {
        "good.csv": text.encode(),
        "good.jsonl": json.dumps(dict(zip(_NAMES.split(","), _CELLS, strict=True))).encode() + b"\n",
        "good.xlsx": _workbook(),
        "good.parquet": _table(),
        "cut.csv": b"\xff\xfe" + text.encode("utf-16-le") + b"\x00\xd8\x00",
        "cut.jsonl": b"\xff\xfe" + '{"type": "x"}\n{'.encode("utf-16-le") + M.name.encode("utf-16-le") + b"\x00",
        "no names.csv": f"{M.name} {M.surname};{M.born}\n".encode() * 3,
        "no rows.csv": f"{_NAMES},{M.word}\n".encode(),
        "dates.csv": f"{_NAMES},issue_date\n{_line()},01/02/2020\n".encode(),
        "broken.csv": f'{_NAMES}\n{_line()}\n"{_line()},x\n{_line()},{M.answer}\n'.encode() + b"\xff" + M.name.encode(),
        "list.json": listed,
        "list.jsonl": listed,
        "broken.jsonl": f'{{"type": ["{M.name}"]}}\n{{"{M.name} x": 1, "type": "{M.answer}\n'.encode(),
        **{f"other.{ending}": f"PK\3\4{M.name}".encode() * 99 for ending in ("xlsx", "ods", "xls", "csv")},
        "other.parquet": f"PAR1{M.name}PAR1".encode() * 99,
        "old.xls": b"\xd0\xcf\x11\xe0" + M.name.encode() * 99,
        "page.csv": f"<html>{M.name}</html>".encode(),
        "not.xlsx": M.name.encode() * 99,
        "half.xlsx": _workbook()[:-400],
        "half.parquet": _table()[:-100],
    }


@cache
def manifests() -> tuple[Path, ...]:
    """Return manifests of marks, good ones and those that cannot be read."""
    folder = Path(tempfile.mkdtemp(prefix="kycaid-privacy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, content in _manifests().items():
        (folder / name).write_bytes(content)
    return (*(folder / name for name in _manifests()), folder, folder / "none.csv")


def _callback() -> bytes:
    return json.dumps({"type": "VERIFICATION_COMPLETED", "request_id": "1", "comment": M.answer}).encode()


class _Refusing(Mapping[str, Any]):
    """A mapping of marks that cannot be read. It prints them, as those of users do."""

    def __getitem__(self, name: str) -> Any:
        raise LookupError

    def __iter__(self) -> Any:
        yield M.name
        raise ZeroDivisionError

    def __len__(self) -> int:
        return 2

    def __repr__(self) -> str:
        return f"{{{M.name}}}"


class _Level(list[Any]):
    """A list that prints itself whole, however deep it is: what prints variables would fail else."""

    def __repr__(self) -> str:
        return f"[{M.name}]"


def _deep() -> Any:
    value: Any = [M.name]
    for _ in range(3000):
        value = _Level([value])
    return value


_ANY: tuple[Callable[[], Any], ...] = (
    lambda: M.name + "",
    lambda: f"{M.name} {M.surname}",
    lambda: str(M.born),
    lambda: M.ident + "",
    lambda: f"{M.name}\ud800",
    lambda: b"%s" % M.name.encode(),
    lambda: M.answer.encode() + b"\xff",
    lambda: [M.name, {"a": M.card}],
    lambda: (M.name, object()),
    lambda: {M.name},
    lambda: {"type": M.name, "first_name": [M.surname], "x": object()},
    lambda: {"first_name": M.name, "dobb": M.born},
    lambda: {"document_number": M.number, "applicant_id": M.ident},
    lambda: {"type": "PASSPORT", "document_number": M.number, 3: object()},
    lambda: {"type": "VERIFICATION_COMPLETED", "applicant": {"first_name": M.name}, "verifications": M.answer},
    lambda: {M.number: float("nan"), "a": {M.secret: {1, 2}}},
    lambda: {("a", M.name): M.name},
    _Refusing,
    _deep,
    lambda: None,
    lambda: UNSET,
    lambda: -1,
    lambda: 3,
    lambda: float("nan"),
    object,
    lambda: lambda *_, **__: M.name,
    lambda: Person(first_name=M.name, last_name=object()),  # type: ignore[arg-type]  # as users without a type checker
    lambda: Passport(applicant_id=M.ident, document_number=M.number, front_side_id=M.ident),
    lambda: Timeout(total=3),
)
_ROWS: tuple[Callable[[], Any], ...] = (
    lambda: BulkRow(document={"document_number": object(), "x": M.name}),
    lambda: BulkRow(document={"document_number": M.number, 3: object()}),
    lambda: BulkRow(document={M.name: 1, "type": "PASSPORT", 1: M.name}, applicant_id="a" * 36, front_side=b"x"),
    lambda: BulkRow(document=M.name),  # type: ignore[arg-type]  # the same
    lambda: BulkRow(document=_Refusing(), applicant_id=M.ident),
    lambda: BulkRow(document={}, key=[M.name], front_side=object()),  # type: ignore[arg-type]  # the same
    lambda: BulkRow(document={"type": [M.name]}, applicant_id={M.name: 1}),  # type: ignore[arg-type]  # the same
    lambda: BulkRow(document={"type": "PASSPORT", "document_number": object()}, key=M.secret, applicant_id=M.ident),
    lambda: BulkRow(document={"type": "PASSPORT"}, applicant=Person(first_name=object(), external_applicant_id=M.name)),  # type: ignore[arg-type]  # the same
    lambda: BulkRow(document={"type": "PASSPORT", "a": _deep()}, applicant_id=M.ident, front_side=f"{M.folder}\0"),
)
_KEYS: tuple[Callable[[], Any], ...] = (
    lambda: str(M.key),
    lambda: f"{M.key}\n",
    lambda: [f"{M.key}", ""],
    lambda: {M.key: 1},
    lambda: b"%s" % M.key.encode(),
)
_CLASSES: tuple[Callable[[], Any], ...] = tuple(
    (lambda cls=cls: cls) for cls in (Person, PersonApplicant, Passport, dict, int, list[str], Timeout)
)
_BY_NAME: Mapping[str, tuple[Callable[[], Any], ...]] = {
    "api_key": _KEYS,
    "body": (_callback, lambda: _callback()[:-4], lambda: _callback().decode(), lambda: b"[" + _callback() + b"]"),
    "cls": _CLASSES,
    "key": _KEYS,
    "keys": _KEYS,
    "model": _CLASSES,
    "name": (lambda: "first_name", lambda: "document", lambda: M.name),
    "path": (*((lambda at=at: manifests()[at]) for at in range(len(manifests()))), object, lambda: {M.name: 1}),
    "row": (*_ROWS, lambda: "rows"),
    "signature": (lambda: sign(_callback(), M.key), lambda: M.answer),
}


_ONLY = ("path",)
"""Parameters of which a text may show: a manifest is named by its operator."""


def value(name: str, chance: random.Random) -> Any:
    """Return an argument for a parameter of this name: of the kind that it is for, or of any other."""
    fitting = _BY_NAME.get(name, ())
    return chance.choice(fitting if fitting and (chance.random() < 0.75 or name in _ONLY) else _ANY)()


class Given:
    """One call and its arguments. It prints nothing of them, so that it can stand in any frame."""

    __slots__ = ("_function", "_named", "_positional")

    def __init__(self, function: Callable[..., Any], positional: list[Any], named: dict[str, Any]) -> None:
        self._function, self._positional, self._named = function, positional, named

    @classmethod
    def of(cls, function: Callable[..., Any], chance: random.Random) -> "Given":
        """Return a call of ``function`` with some arguments that it takes, most of them not of its types."""
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for one in inspect.signature(function).parameters.values():
            if one.kind is one.VAR_POSITIONAL:
                positional += [value(one.name, chance) for _ in range(chance.randrange(2))]
            elif one.kind is one.VAR_KEYWORD:
                names = [name for name in _names_of(one.annotation) if chance.random() < 0.1]
                named |= {name: value(name, chance) for name in names}
            elif one.default is one.empty and one.kind is not one.KEYWORD_ONLY:
                positional.append(value(one.name, chance))
            elif one.default is one.empty or chance.random() < 0.3:
                named[one.name] = value(one.name, chance)
        return cls(function, positional, named)

    def call(self) -> Any:
        return self._function(*self._positional, **self._named)


def _names_of(annotation: Any) -> list[str]:
    unpacked = typing.get_args(annotation)
    return [*getattr(unpacked[0], "__annotations__", {})] if unpacked else []


class NotMadeError(Exception):
    """No object could be made for a method to be called on."""


def made(cls: type, chance: random.Random) -> Any:
    """Return an object of a public class that holds marks."""
    if cls in _MADE:
        return _MADE[cls](chance)
    if issubclass(cls, Model):
        return _model(cls, chance)
    if issubclass(cls, str):
        return chance.choice([*cls]) if [*cls] else cls.__new__(cls)
    for _ in range(100):
        try:
            return Given.of(cls, chance).call()
        except Exception:  # noqa: S112 - it will do with other ones
            continue
    raise NotMadeError(cls.__name__)


def _model(cls: type[Model], chance: random.Random) -> Model:
    """Return a model of marks; now and then one with a field of an odd type, as no type checker would let it be."""
    fields = Marked(chance).fields(cls)
    if fields and chance.random() < 0.5:
        fields[chance.choice([*fields])] = value("", chance)
    return Given(cls, [], fields).call()


_MADE: Mapping[type, Callable[[random.Random], Any]] = {
    BulkRow: lambda chance: chance.choice(_ROWS)(),
    Fault: lambda _: Fault("429"),
    BulkVerification: lambda _: BulkVerification(applicant_id=M.ident, key=M.secret),
    Manifest: lambda chance: Manifest.open(chance.choice([p for p in manifests() if p.stem in ("good", "broken")])),
}
