"""Rows of manifests: from the names and texts of a file to what is delivered."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

import attrs

from kycaid_async.api.applicants import ApplicantType, Company, Person
from kycaid_async.api.documents.models import ApplicantDocument
from kycaid_async.api.verifications.models import VerificationCreate
from kycaid_async.bulk.manifest.document_guesses import nearest_type
from kycaid_async.bulk.manifest.latin import in_latin_letters, letters_beyond
from kycaid_async.bulk.manifest.places import Reach
from kycaid_async.bulk.row import SIDES, BulkRow, BulkVerification
from kycaid_async.errors import FieldProblem
from kycaid_async.masking import Unlisted
from kycaid_async.tracebacks import guarded
from kycaid_async.values.check import check_values
from kycaid_async.values.constraints import Pattern
from kycaid_async.values.fields import ID_LENGTH, Field, element_of, fields_of
from kycaid_async.values.mismatch import Mismatch, kind
from kycaid_async.values.scalars import read_boolean, read_number

APPLICANT: Final = "applicant."
"""What the columns of an applicant to make begin with."""
EXTRA: Final = ("line", "error")
"""The columns of a rejects file that a manifest has not. They are read over."""

_DOCUMENT = {
    field.name: field
    for field in fields_of(ApplicantDocument)
    if field.name not in ("applicant_id", *(f"{side}_id" for side in SIDES))
}
_KINDS: dict[str, type[Person | Company]] = {ApplicantType.PERSON: Person, ApplicantType.COMPANY: Company}
_PEOPLE = {field.name: field for cls in _KINDS.values() for field in fields_of(cls)}

_VERIFICATION = {field.name: field for field in fields_of(VerificationCreate) if field.name != "applicant_id"}
"""Of the applicant's verification: the form, and what else may be said of it."""

COLUMNS: Final = (
    *("key", "applicant_id", "type"),
    *SIDES,
    *(name for name in _DOCUMENT if name != "type"),
    *(APPLICANT + name for name in _PEOPLE),
    *_VERIFICATION,
)
"""Every column a manifest can have."""

_OFFERED: Final = tuple(name for name in COLUMNS if name != "types")
"""Those that a misspelt name may stand for: hardly anybody means the old way to select checks."""

_TYPES: Final[Mapping[str, type]] = {
    prefix + name: kind
    for prefix, fields in (("", _DOCUMENT), (APPLICANT, _PEOPLE))
    for name, field in fields.items()
    for kind in (date, datetime, float, bool)
    if kind in field.types
}

_PERSON_NAME: Final = next(c.expected for c in _PEOPLE["first_name"].constraints if isinstance(c, Pattern))
_MOST_LETTERS: Final = 3
"""Letters of a name that a message shows: not so many that they could be read as one."""
_TEXTS: Final = ("key", "applicant_id", *SIDES)
_EXTERNAL_ID: Final = f"{APPLICANT}external_applicant_id"
_ANY_ID = "0" * ID_LENGTH
_OWNER = "this or applicant.external_applicant_id, and not both"


@guarded
@attrs.frozen(kw_only=True, repr=False, eq=False)
class ManifestRow(BulkRow):
    """A row that stands in a manifest. Relative paths start at the manifest's folder."""

    raw: Any = None
    """What stands in the file, for a rejects file: cells, an object, or text. It is personal data."""
    written: Mapping[str, str] = attrs.field(factory=dict)
    """The sides as they stand in the file."""
    remarks: tuple[str, ...] = ()
    """What a person should know of its files although they are sent, as far as a check found it."""

    @property
    def digest(self) -> bytes:
        """As of any row, but paths count from its folder on: a manifest may move, with its files and its ledger."""
        fields: dict[str, Any] = {"document": self.document, "applicant": self.applicant, **self.written}
        return BulkRow(applicant_id=self.applicant_id, key=self.key, **fields).digest


@guarded
@attrs.frozen(kw_only=True)
class BadRow(Unlisted):
    """A row of a manifest that cannot be delivered as it stands."""

    line: int
    """The line on which it begins, from 1."""
    problems: tuple[FieldProblem, ...]
    """Every column at fault."""
    raw: Any = attrs.field(default=None, repr=False, eq=False)
    """What stands in the file. It is personal data."""
    key: str | None = attrs.field(default=None, repr=False, eq=False)
    """The key of the row, or the ``external_applicant_id`` of its applicant, as far as there is one."""

    @property
    def reason(self) -> str:
        """The problem, in one line, without any value."""
        return "; ".join(map(str, self.problems))


def what_stands(row: ManifestRow | BadRow) -> bytes:
    """Return what stands for a row of a file that may change while it is read."""
    return repr((row.line, row.raw)).encode(errors="surrogatepass")


def column_type(column: str) -> type:
    """Return what a column takes: ``date``, ``datetime``, ``float``, ``bool``, or else ``str``."""
    return _TYPES.get(column, str)


def unknown_columns(names: Sequence[str]) -> list[FieldProblem]:
    """Return a problem for each of ``names`` that is no column, with the nearest one that is."""
    return [
        FieldProblem(
            shown_column(name), f"a column of a manifest{_near(name.strip().lower(), _OFFERED)}", "another name"
        )
        for name in names
        if name not in COLUMNS and name not in EXTRA
    ]


def read_row(
    record: Mapping[str, Any], *, line: int, reach: Reach, raw: Any, known: Sequence[FieldProblem] = ()
) -> ManifestRow | BadRow:
    """Return the row that ``record`` spells, by column, or what is wrong with it beside what is ``known`` already."""
    fields = _filled(record)
    document = {name: _typed(field, fields[name]) for name, field in _DOCUMENT.items() if name in fields}
    person = _below(APPLICANT, fields)
    person = {name: _typed(_PEOPLE[name], value) if name in _PEOPLE else value for name, value in person.items()}
    problems = _all_problems(known, [*unknown_columns(list(fields)), *_problems(fields, document, person)])
    if problems:
        return BadRow(line=line, problems=tuple(problems), raw=raw, key=_key_of(fields))
    written: dict[str, str] = {side: fields[side] for side in SIDES if side in fields}
    sides: dict[str, Any] = {side: reach.place(text) for side, text in written.items()}
    return ManifestRow(
        document=document,
        applicant_id=fields.get("applicant_id"),
        applicant=_applicant(person),
        key=fields.get("key"),
        **_verification_fields(fields),
        line=line,
        raw=raw,
        written=written,
        **sides,
    )


def read_verification(
    record: Mapping[str, Any], *, line: int, raw: Any, known: Sequence[FieldProblem] = ()
) -> BulkVerification | BadRow:
    """Return the verification that ``record`` spells, of an applicant that is there, or what is wrong with it."""
    fields = _filled(record)
    problems = _all_problems(known, [*unknown_columns(list(fields)), *_asked_problems(fields)])
    if problems:
        return BadRow(line=line, problems=tuple(problems), raw=raw, key=_key_of(fields))
    return BulkVerification(
        applicant_id=fields["applicant_id"], key=_key_of(fields), line=line, **_verification_fields(fields)
    )


def _filled(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in a record, without cells that are empty."""
    fields = {name: _trimmed(value) for name, value in record.items() if name not in EXTRA}
    if type(fields.get(_EXTERNAL_ID)) is int:
        fields[_EXTERNAL_ID] = str(fields[_EXTERNAL_ID])  # as a `Person` takes it
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def _all_problems(known: Sequence[FieldProblem], others: Sequence[FieldProblem]) -> list[FieldProblem]:
    """Return what was known and what was found beside it, each field once."""
    named = {problem.field for problem in known}
    return [*known, *(problem for problem in others if problem.field not in named)]


def _asked_problems(fields: Mapping[str, Any]) -> Iterator[FieldProblem]:
    for name, value in fields.items():
        if isinstance(value, str):
            yield from _text_problems(name, value)
        elif name in ("key", "applicant_id"):
            yield FieldProblem(name, "text", kind(value))
    if "applicant_id" not in fields:
        yield FieldProblem("applicant_id", f"{ID_LENGTH} characters", "nothing")
    yield from _id_problems(fields, "applicant_id")
    yield from _verification_problems(fields)


def _key_of(fields: Mapping[str, Any]) -> str | None:
    """Return what the customer knows a row by."""
    return next((str(fields[name]) for name in ("key", _EXTERNAL_ID) if fields.get(name)), None)


def _problems(fields: dict[str, Any], document: dict[str, Any], person: dict[str, Any]) -> Iterator[FieldProblem]:
    for name, value in fields.items():
        if isinstance(value, str):
            yield from _text_problems(name, value)
        elif name in _TEXTS:
            yield FieldProblem(name, "text", kind(value))
    if "front_side" not in fields:
        yield FieldProblem("front_side", "a path or a URL", "nothing")
    yield from _verification_problems(fields)
    for problem in check_values(ApplicantDocument, {"applicant_id": _ANY_ID} | document):
        yield _type_problem(document["type"]) if problem.field == "type" and document.get("type") else problem
    if ("applicant_id" in fields) == bool(person):
        yield FieldProblem("applicant_id", _OWNER, "both" if person else "neither")
    elif person:
        for problem in _person_problems(person):
            yield attrs.evolve(_letters(problem, person.get(problem.field)), field=APPLICANT + problem.field)
    else:
        yield from _id_problems(fields, "applicant_id")


def _verification_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row says of its applicant's verification."""
    return {name: _typed(_VERIFICATION[name], fields[name]) for name in _VERIFICATION if name in fields}


def _verification_problems(fields: Mapping[str, Any]) -> list[FieldProblem]:
    """Return what is wrong with that."""
    said = _verification_fields(fields)
    return check_values(VerificationCreate, {"applicant_id": _ANY_ID} | said) if said else []


def _id_problems(fields: Mapping[str, Any], name: str) -> Iterator[FieldProblem]:
    value = fields.get(name)
    if isinstance(value, str) and len(value) != ID_LENGTH:
        yield FieldProblem(name, f"{ID_LENGTH} characters", f"{len(value)} characters")


def _text_problems(name: str, value: str) -> Iterator[FieldProblem]:
    if not is_text(value):
        yield FieldProblem(shown_column(name), "text in UTF-8", "other bytes")
    if "\0" in value:
        yield FieldProblem(shown_column(name), "text without NUL characters", "one")


def _person_problems(person: dict[str, Any]) -> Iterator[FieldProblem]:
    cls = _KINDS.get(_kind(person))
    if cls is None:
        yield FieldProblem("type", "PERSON or COMPANY", "another word")
        return
    if "external_applicant_id" not in person:
        yield FieldProblem("external_applicant_id", "your own id of the applicant", "nothing")
    known = {field.name for field in fields_of(cls)}
    for name in person:
        if name in _PEOPLE and name not in known:
            yield FieldProblem(name, f"nothing for a {cls.__name__.lower()}", "a value")
    yield from check_values(cls, {"type": _kind(person)} | person)


def _letters(problem: FieldProblem, value: Any) -> FieldProblem:
    """Return the problem of a name with the letters that it must not have, and how it gets others."""
    if problem.expected != _PERSON_NAME or not isinstance(value, str) or not (others := letters_beyond(value)):
        return problem
    named = " ".join(map(_shown_letter, others[:_MOST_LETTERS])) + (
        " and others" if len(others) > _MOST_LETTERS else ""
    )
    how = "--transliterate, or transliterate=True, writes them by ICAO Doc 9303"
    if letters_beyond(in_latin_letters(value)):
        how = "as in the machine-readable lines of the passport; --transliterate does not know these letters"
    return attrs.evolve(problem, expected=f"{problem.expected} ({how})", got=named)


def _shown_letter(letter: str) -> str:
    return letter if letter.isprintable() and not letter.isspace() else f"U+{ord(letter):04X}"


def _type_problem(value: Any) -> FieldProblem:
    """Return a shorter problem than one with all twenty types."""
    meant = _nearest_type(value) if isinstance(value, str) else None
    near = f" (did you mean {meant}?)" if meant else ""
    return FieldProblem("type", f"a document type of the reference{near}", "another word")


def _applicant(person: dict[str, Any]) -> Person | Company | None:
    fields = {name: value for name, value in person.items() if name != "type"}
    return _KINDS[_kind(person)](**fields) if person else None


def _kind(person: dict[str, Any]) -> str:
    name = person.get("type", ApplicantType.PERSON)
    return name if isinstance(name, str) else ""


def _below(prefix: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)}


def _typed(field: Field, value: Any) -> Any:
    """Return text as the type that ``field`` takes; what cannot be read stays text, and is refused as such."""
    if not isinstance(value, str):
        return value
    try:
        if float in field.types:
            return read_number(value)
        if bool in field.types:
            return read_boolean(value)
    except Mismatch:
        return value
    if any(element_of(t) is not None for t in field.types):
        return [word for word in re.split(r"[\s,;|]+", value) if word]
    return value


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def is_text(value: str) -> bool:
    """Say whether ``value`` can be written in UTF-8."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def shown_column(name: str) -> str:
    """Return a column's name as a message may hold it: in a file without a header it is the content of a row."""
    return (
        name if re.fullmatch(r"[^\W\d_][^\W\d]{0,39}(?:[ .:/()#-]{1,3}[^\W\d]{1,39}){0,6}[.:)]?[0-9]?", name) else "***"
    )


_nearest_type = lru_cache(nearest_type)


@lru_cache
def _near(name: str, known: tuple[str, ...]) -> str:
    if f"{APPLICANT}{name}" in known:
        return f" (did you mean {APPLICANT}{name}?)"
    near = difflib.get_close_matches(name.replace(" ", "_"), known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
