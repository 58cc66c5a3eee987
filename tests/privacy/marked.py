"""Calls of every operation whose arguments are marks, and answers of marks."""

import io
import json
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import attrs

import kycaid_async
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.testing.shape import field_builders
from kycaid_async.values.fields import Field, fields_of
from kycaid_async.values.model import Model, Response
from tests.api.cases import CASES
from tests.pictures import PNG_START
from tests.security.marks import Marks

M = Marks()
FILE_SIZE = 200_000
_KEPT = frozenset({"type", "status", "provider", "verification_status", "created_at", "bdb_name"})
_BY_NAME = {
    "email": "email",
    "dob": "born",
    "birth": "born",
    "card": "card",
    "account": "card",
    "number": "number",
    "phone": "number",
    "last_name": "surname",
    "token": "secret",
}


def mark_for(name: str) -> str:
    """Return the mark that stands in a field of this name."""
    if name == "id" or name.endswith("_id"):
        return M.ident
    return getattr(M, next((mark for part, mark in _BY_NAME.items() if part in name), "name"))


class Marked:
    """Builds the parts of a request, of marks wherever text or a day can stand."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def word(self, words: Sequence[Any]) -> Any:
        return self._chance.choice(words)

    def choice(self, options: Sequence[Callable[[], Any]]) -> Any:
        return self._chance.choice(options)()

    def number(self, kind: type, lowest: float, highest: float) -> Any:
        return kind(min(max(lowest, 1), highest))

    def day(self, field: Field) -> Any:
        return date.fromisoformat(M.born) if "dob" in field.name else date(2031, 1, 1)

    def moment(self) -> datetime:
        return datetime(2024, 1, 1)  # noqa: DTZ001 - the field takes one without a zone

    def series(self, item: Callable[[], Any], most: int) -> list[Any]:
        return [item() for _ in range(min(1, most))]

    def table(self, item: Callable[[], Any]) -> dict[str, Any]:
        return {"profile": item()}

    def text(self, field: Field) -> str:
        return mark_for(field.name)

    def model(self, cls: type[Model]) -> Any:
        return cls(**self.fields(cls))

    def fields(self, cls: type[Model]) -> dict[str, Any]:
        return {field.name: build() for field, build in field_builders(self, cls)}


class Arguments:
    """The arguments of one call. They print nothing, so that they can stand in any frame."""

    __slots__ = ("_keywords", "_positional")

    def __init__(self, *positional: Any, **keywords: Any) -> None:
        self._positional, self._keywords = positional, keywords

    def call(self, method: Callable[..., Any]) -> Any:
        return method(*self._positional, **self._keywords)

    def objects(self) -> list[Model]:
        return [one for one in self._positional if isinstance(one, Model)]


_PATH_IDS = {
    "update": ("addresses", "affiliated_persons", "applicants", "documents"),
    "create_url": ("forms",),
}
_BY_OBJECT_ONLY = ("blacklist_databases", "risk_checks")
_WAYS = ("objects", "keywords")


def arguments(operation: str, way: str, chance: random.Random) -> Arguments:
    """Return marked arguments of an operation: an object of one of its models, or the same as keywords."""
    if operation in _PLAIN:
        return _PLAIN[operation](chance, way)
    section, _, method = operation.partition(".")
    accepts = ENDPOINTS[operation].accepts
    first = [M.ident] if section in _PATH_IDS.get(method, ()) else []
    if not accepts:
        return Arguments(M.ident)
    cls, marked = chance.choice(accepts), Marked(chance)
    if way == "objects" or section in _BY_OBJECT_ONLY:
        return Arguments(*first, marked.model(cls))
    kind = getattr(next((a for a in attrs.fields(cls) if a.name == "type" and not a.init), None), "default", None)
    fields = marked.fields(cls)
    return Arguments(*first, **fields, **({"type": str(kind)} if isinstance(kind, str) else {}))


def content() -> bytes:
    return PNG_START + M.content.encode() * (FILE_SIZE // len(M.content))


def path() -> Path:
    folder = Path(tempfile.gettempdir()) / f"kycaid-privacy-{M.folder}"
    folder.mkdir(exist_ok=True)
    place = folder / f"{M.name}.png"
    if not place.exists():
        place.write_bytes(content())
    return place


async def _chunks_later() -> AsyncIterator[bytes]:
    yield content()


def _chunks() -> Iterator[bytes]:
    yield content()


def _file(chance: random.Random, way: str, *first: str) -> Arguments:
    """Return the arguments of an upload; keywords stand for an iterator, which the two clients take in other forms."""
    source = chance.choice((content, path, lambda: io.BytesIO(content())))
    if way == "keywords":
        return Arguments(*first, source(), filename=f"{M.name}.png", content_type="image/png")
    return Arguments(*first, source())


def iterator(*, is_blocking: bool) -> Arguments:
    """Return the arguments of an upload from an iterator."""
    return Arguments(_chunks if is_blocking else _chunks_later, size=len(content()), filename=f"{M.name}.png")


_CALLBACK = {"asset": "ETH", "callback_url": "https://example.com/" + "callback"}
_PLAIN: dict[str, Callable[[random.Random, str], Arguments]] = {
    "applicants.get": lambda _, way: Arguments(M.ident, **({"verification_id": M.ident} if way == "keywords" else {})),
    "business_activities.list": lambda _, __: Arguments(max_age=0),
    "countries.list": lambda _, __: Arguments(max_age=0),
    "languages.list": lambda _, __: Arguments(max_age=0),
    "forms.list": lambda _, __: Arguments(),
    "crypto.check_address": lambda _, __: Arguments(M.number, **_CALLBACK),
    "crypto.check_transaction": lambda _, __: Arguments(M.number, **_CALLBACK),
    "files.create": _file,
    "files.replace": lambda chance, way: _file(chance, way, M.ident),
    "non_doc_verifications.ng_nin": lambda _, __: Arguments(M.number),
    "non_doc_verifications.run": lambda _, __: Arguments("BR", "cpf", {"cpf": M.number, "deep": {"name": [M.name]}}),
    "phone_numbers.check": lambda _, __: Arguments(M.number),
    "qes.verify": lambda _, __: Arguments({"who": M.name, "deep": {"card": M.card}}),
    "verifications.report": lambda _, __: Arguments("2024-11-16"),
    "verifications.update_status": lambda _, __: Arguments(M.ident, "approved", callback_enabled=True),
}


_LISTS = ("business_activities", "countries", "forms", "languages")
"""What these answer with is of nobody, and prints itself."""


def answer(operation: str, *, in_words: bool = False) -> str:
    """Return an answer to an operation that is all marks, but for lists of the reference.

    Where it is ``in_words``, each is one word, as a short name, a code or a number is.
    """
    plain = CASES[operation].answer
    is_list = operation.startswith(_LISTS) and operation.endswith(".list")
    return json.dumps(plain if is_list else _marked(plain, in_words=in_words))


def _marked(value: Any, name: str = "", *, in_words: bool) -> Any:
    if isinstance(value, dict):
        marked = {key: _marked(inner, key, in_words=in_words) for key, inner in value.items()}
        return marked | {"unknown_key": M.answer}
    if isinstance(value, list):
        return [_marked(inner, name, in_words=in_words) for inner in value]
    if not (isinstance(value, str) or value is None) or name in _KEPT or name.endswith(("_at", "_date")):
        return value
    mark = mark_for(name)
    if in_words:
        return mark if mark == M.ident or name not in _codes() else M.word
    return mark if mark == M.ident else f"{M.answer} {mark}"


@cache
def _codes() -> frozenset[str]:
    """Return the names of the fields of answers whose content shows where it is one word."""
    public = (getattr(kycaid_async, name) for name in kycaid_async.__all__)
    models = [cls for cls in public if isinstance(cls, type) and issubclass(cls, Response)]
    return frozenset(field.name for cls in models for field in fields_of(cls) if field.shown)
