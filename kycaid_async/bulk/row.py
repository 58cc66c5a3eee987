"""Rows, each a document to deliver, and their results."""

import enum
import os
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from kycaid_async.api.applicants import Company, Person
from kycaid_async.api.documents.kinds import check_document, new_document
from kycaid_async.api.documents.models import NewDocument
from kycaid_async.bulk.digests import as_sent, digest_of, digest_of_key, digest_of_row, name_of
from kycaid_async.errors import FieldProblem, InvalidRequestError, KycaidError
from kycaid_async.masking import Discreet
from kycaid_async.tracebacks import guarded
from kycaid_async.values.check import check_request
from kycaid_async.values.converter import unstructure
from kycaid_async.values.fields import ID_LENGTH

if TYPE_CHECKING:
    from kycaid_async.api.verifications.fields import CheckType, CheckTypeName

BulkSource = str | os.PathLike[str] | bytes
"""A local path, the bytes themselves, or the URL of a remote file, such as ``s3://bucket/passport.jpg``."""

SIDES: Final = ("front_side", "back_side", "other_side_1", "other_side_2", "other_side_3")
"""The sides of a document, in the order of the reference."""

_SOURCES: Final = (str, bytes, os.PathLike)
_ANY_ID = "0" * ID_LENGTH
_ODD: Final = FieldProblem("row", "the types of BulkRow, and values that JSON can carry", "others")
_GIVEN_HERE = ("applicant_id", "affiliated_person_id", *(f"{side}_id" for side in SIDES))


@guarded
@attrs.frozen(kw_only=True, repr=False, eq=False)
class BulkRow(Discreet):
    """One document to deliver, with up to five files, for an applicant that exists or is made."""

    document: Mapping[str, Any]
    """``type`` and the other fields of ``documents.create``, without owner and without ids of sides."""
    applicant_id: str | None = None
    """An applicant that exists."""
    applicant: Person | Company | None = None
    """Or one to make: once for each ``external_applicant_id``, which it must have."""
    front_side: BulkSource | None = None
    back_side: BulkSource | None = None
    other_side_1: BulkSource | None = None
    other_side_2: BulkSource | None = None
    other_side_3: BulkSource | None = None
    key: str | None = None
    """How the ledger knows the row again, such as your own number of the document. Default: by all that it says, so
    that two rows that say the same are one, and a row that was changed is another. A key stands for one row: one that
    was delivered, and then comes with another document or another applicant, fails. Its files may have moved."""
    line: int | None = None
    """Where it stands in its manifest. It has no part in how the ledger knows the row."""
    form_id: str | None = None
    """The form of its applicant's verification, for ``client.bulk.verify``. It has no part in that, either."""
    callback_url: str | None = None
    """Where the result of that verification is sent. Nor has this."""
    types: "Sequence[CheckType | CheckTypeName] | None" = None
    """Its checks, the old way to select them. Nor have these."""

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield "line", self.line
        yield "sides", [side for side, _ in self.sides()]

    def sides(self) -> list[tuple[str, BulkSource]]:
        """Return the name and the source of each side that the row has."""
        sources = (self.front_side, self.back_side, self.other_side_1, self.other_side_2, self.other_side_3)
        return [(side, source) for side, source in zip(SIDES, sources, strict=True) if source is not None]

    # No property: inspectors of objects would show it.
    def own_key(self) -> str | None:
        """Return the customer's name for the row: its key, or the ``external_applicant_id`` of its applicant."""
        external_id = None if self.applicant is None else self.applicant.external_applicant_id
        return self.key or (external_id if isinstance(external_id, str) else None)

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for the row in a ledger: SHA-256 of its key, or of all that it says.

        Fields count as they are sent. Files count by their path, without ``.`` and doubled slashes, and bytes by their
        content.
        """
        if self.key is not None:
            return digest_of_key(self.key)
        sides = {side: name_of(source) for side, source in self.sides()}
        return digest_of_row(self.document, self.applicant_id, self.applicant, sides)

    @property
    def says(self) -> bytes | None:
        """16 bytes that stand for the rest of a row with a key. Files count by their sides only, for they may move."""
        if self.key is None:
            return None
        return digest_of(
            [as_sent(self.document), self.applicant_id, self.applicant, [side for side, _ in self.sides()]]
        )

    def problems(self) -> list[FieldProblem]:
        """Return every field that the reference's limits refuse. Files are not looked at."""
        return self.misfits() or self.refusals()

    def refusals(self) -> list[FieldProblem]:
        """Return the problems of a row that has no misfits."""
        problems = [
            FieldProblem(name, "none: the row gives it", "one") for name in _GIVEN_HERE if name in self.document
        ]
        if (self.applicant_id is None) == (self.applicant is None):
            both = "neither" if self.applicant is None else "both"
            problems.append(FieldProblem("applicant_id", "this or applicant, and not both", both))
        if self.applicant is not None:
            problems += check_request(self.applicant)
        if self.applicant_id is not None and len(self.applicant_id) != ID_LENGTH:
            got = f"{len(self.applicant_id)} characters"
            problems.append(FieldProblem("applicant_id", f"{ID_LENGTH} characters", got))
        if problems:
            return problems
        try:
            return check_document({**self.document, "applicant_id": _ANY_ID})
        except InvalidRequestError as error:
            return list(error.problems)

    def misfits(self) -> list[FieldProblem]:
        """Return every field with which the row could not be told from others, or not be sent at all."""
        problems: list[FieldProblem] = []
        key, applicant = cast("object", self.key), cast("object", self.applicant)
        if not isinstance(cast("object", self.document), Mapping):
            problems.append(FieldProblem("document", "a mapping of its fields", "another value"))
        if not isinstance(cast("object", self.applicant_id), str | None):
            problems.append(FieldProblem("applicant_id", "a text", "another value"))
        if key is not None and not (isinstance(key, str) and key):
            problems.append(FieldProblem("key", "a text that is not empty", "another value"))
        if applicant is None:
            pass
        elif not isinstance(applicant, Person | Company):
            problems.append(FieldProblem("applicant", "Person or Company", "another value"))
        elif not applicant.external_applicant_id:
            problems.append(FieldProblem("external_applicant_id", "a value, to make the applicant once", "nothing"))
        problems += [
            FieldProblem(side, "a path, a URL or bytes", "another value")
            for side, source in self.sides()
            if not isinstance(cast("object", source), _SOURCES)
        ]
        return problems

    def new_document(self, applicant_id: str, file_ids: Mapping[str, str]) -> NewDocument:
        """Return what is sent, with the ids of its owner and its files by side. Raises `InvalidRequestError`."""
        ids = {f"{side}_id": file_id for side, file_id in file_ids.items()}
        return new_document(None, {**self.document, "applicant_id": applicant_id, **ids})


def identify(row: BulkRow) -> tuple[bytes, bytes | None] | list[FieldProblem]:
    """Return the digest of a row and what it says, or the problems for which a ledger could not know it again."""
    try:
        return row.misfits() or (row.digest, row.says)
    except Exception:  # noqa: BLE001, S110 - an object of the user can raise anything
        pass  # its text can hold a value, so that it must not be the context of what is raised for the problems
    return refusals_of(row) or _of_other_types(row)


def refusals_of(row: BulkRow) -> list[FieldProblem]:
    """Return the problems of a row that has no misfits, whatever its values are."""
    try:
        return row.refusals()
    except Exception:  # noqa: BLE001, S110 - as above
        pass
    return _of_other_types(row)


def _of_other_types(row: BulkRow) -> list[FieldProblem]:
    """Return the problems of a row that cannot be written or checked."""
    from kycaid_async.values.json_problems import json_problems  # few rows need it

    texts = {side: source for side, source in row.sides() if isinstance(source, str)}
    given = {**row.document, "applicant_id": row.applicant_id, "applicant": row.applicant, **texts}
    return [_ODD if problem.field == "*" else problem for problem in json_problems(given, unstructure)]


_WINDOW: Final = 10.0
_STEP: Final = 0.25
"""Seconds."""


@guarded
@attrs.frozen(kw_only=True, eq=False, repr=False)
class BulkVerification(Discreet):
    """A verification to start, for an applicant that exists."""

    applicant_id: str
    form_id: str | None = None
    """None for that of the run."""
    callback_url: str | None = None
    """None for that of the run."""
    types: "Sequence[CheckType | CheckTypeName] | None" = None
    """None for those of the run."""
    key: str | None = None
    """Your own name of it, which comes back in the result."""
    line: int | None = None

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield "line", self.line

    @classmethod
    def of(cls, row: "AskedVerification") -> "BulkVerification":
        """Return ``row``, or the verification of the applicant, and with the form, that it names by ids."""
        if isinstance(row, str):
            return cls(applicant_id=row)
        if isinstance(row, tuple):
            applicant_id, form_id = row
            return cls(applicant_id=applicant_id, form_id=form_id)
        if not isinstance(cast("object", row), cls):
            raise TypeError(f"bulk: expected BulkRow, BulkVerification, or ids, got {type(row).__name__}")
        return row


AskedVerification = BulkVerification | str | tuple[str, str | None]
"""A verification to start: one of its own, the id of an applicant, or that and the id of a form."""

_ID: Final = re.compile(rf"[0-9A-Fa-f]{{{ID_LENGTH}}}")


def plain_id(text: str) -> str:
    """Return an id as the server writes it: without spaces around it, and its hex digits small.

    A spreadsheet may have made capitals of them, and two spellings must not be paid for twice.
    """
    text = text.strip()
    return text.lower() if _ID.fullmatch(text) else text


class BulkStatus(enum.StrEnum):
    """The end of a row."""

    CREATED = "created"
    """Its document was made, or found to have been made by an earlier run that was cut off."""
    DONE_BEFORE = "done_before"
    """The ledger has its document: nothing was sent."""
    FAILED = "failed"
    """Refused, by this side or by the server: no document was made. The next run tries it again."""
    UNCERTAIN = "uncertain"
    """Something was sent, no answer came, and nobody can tell whether the server acted: it was set aside."""


@attrs.define(kw_only=True)
class BulkResult:
    """The result of a row. It is made once, when the row has come to its end."""

    row: BulkRow
    status: BulkStatus
    number: int = 0
    """Its place in what was given, from 0."""
    applicant_id: str | None = None
    document_id: str | None = None
    file_ids: dict[str, str] = attrs.field(factory=dict)
    """Ids of files by side, such as ``{"front_side": "…"}``."""
    attempts: int = 0
    """How many requests were made for it now, repetitions included."""
    seconds: float = 0.0
    """From its turn to its end."""
    bytes: int = 0
    """Bytes of files that were uploaded for it now: none for a file whose content the server has already."""
    sent_before: bool = False
    """True when an earlier run had sent it, or its applicant, or may have, and nobody knew what came of that."""
    error: KycaidError | None = None
    """Why it failed or was set aside."""


@guarded
@attrs.define(kw_only=True)
class BulkSummary:
    """The sum of the results of a run."""

    created: int = 0
    done_before: int = 0
    failed: int = 0
    uncertain: int = 0
    applicants: int = 0
    """Applicants that were made."""
    files: int = 0
    """Files that were uploaded."""
    files_shared: int = 0
    """Files that needed no upload, because the same content had been uploaded already."""
    files_unused: int = 0
    """Files that were uploaded and that no document has so far. The ledger knows them: the next run uses them,
    except for those of more than 32 KiB that were moved by then."""
    bytes: int = 0
    """Bytes of files that were uploaded."""
    requests: int = 0
    """Requests that were made, repetitions included."""
    refusals: int = 0
    """Requests that the server refused for now, because it got too many."""
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """The number of rows that were looked at."""
        return self.created + self.done_before + self.failed + self.uncertain

    def count(self, result: BulkResult) -> None:
        """Add what became of a row. What was sent for it counts when it is sent: the row may come to no end."""
        name = result.status.value
        setattr(self, name, getattr(self, name) + 1)

    def __str__(self) -> str:
        if not self.rows:
            return "Nothing to do: there were no rows."
        if self.rows == self.done_before:
            return f"Nothing to do: all {self.rows:,} rows were done before."
        counts = {"created": self.created, "done before": self.done_before}
        counts |= {"failed": self.failed, "set aside as uncertain": self.uncertain}
        rows = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number or name == "created")
        rate = self.created / self.seconds if self.seconds else 0.0
        return (
            f"{self.rows:,} rows in {self.seconds:,.1f} s: {rows}.\n"
            f"{self.files:,} files uploaded ({self.bytes / 1e6:,.1f} MB), {self.files_shared:,} shared; "
            f"{rate:,.1f} documents per second."
        )


@attrs.frozen(kw_only=True)
class BulkProgress:
    """An upload at one moment."""

    summary: BulkSummary
    """What is done so far."""
    in_flight: int
    """Rows under way."""
    waiting: int = 0
    """Rows that wait: for the server, for an applicant that another row makes, or to be asked for after a lost answer.
    They hold up no other row."""
    concurrency: int
    """How many rows may be under way, as far as the server's answers have taught."""
    documents_per_second: float
    """Over the last ten seconds."""
    bytes_per_second: float
    """Over the last ten seconds."""
    trouble: str = ""
    """What came in place of the last answer: the text of an error. Empty while answers come."""


class Meter:
    """Measures rates over the last seconds, from samples that are never closer than a quarter of a second."""

    def __init__(self, now: float) -> None:
        self._samples: deque[tuple[float, int, int]] = deque([(now, 0, 0)])

    def note(self, now: float, documents: int, size: int) -> None:
        """Note how many documents and bytes were done until now."""
        samples = self._samples
        if now - samples[-1][0] < _STEP:
            return
        samples.append((now, documents, size))
        while len(samples) > 2 and samples[1][0] <= now - _WINDOW:  # noqa: PLR2004 - two points make a rate
            samples.popleft()

    def rates(self, now: float, documents: int, size: int) -> tuple[float, float]:
        """Return documents and bytes per second."""
        then, earlier_documents, earlier_size = self._samples[0]
        seconds = max(now - then, _STEP)
        return (documents - earlier_documents) / seconds, (size - earlier_size) / seconds
