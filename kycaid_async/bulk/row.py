"""One document to deliver: whose it is, what it says, and its files."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import attrs

from kycaid_async.api.applicants import Company, Person
from kycaid_async.api.documents.models import NewDocument
from kycaid_async.api.documents.section import new_document
from kycaid_async.errors import FieldProblem, InvalidRequestError
from kycaid_async.masking import Discreet
from kycaid_async.values.check import check_request
from kycaid_async.values.constraints import ID_LENGTH
from kycaid_async.values.converter import unstructure

BulkSource = str | os.PathLike[str] | bytes
"""A local path, the bytes themselves, or the URL of a remote file, such as ``s3://bucket/passport.jpg``."""

SIDES: Final = ("front_side", "back_side", "other_side_1", "other_side_2", "other_side_3")
"""The sides of a document, in the order of the reference."""

_ANY_ID = "0" * ID_LENGTH
_GIVEN_HERE = ("applicant_id", "affiliated_person_id", *(f"{side}_id" for side in SIDES))


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

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield "line", self.line
        yield "sides", [side for side, _ in self.sides()]

    def sides(self) -> Iterator[tuple[str, BulkSource]]:
        """Give the name and the source of each side that the row has."""
        for side in SIDES:
            source = getattr(self, side)
            if source is not None:
                yield side, source

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for the row in a ledger: SHA-256 of its key, or of all that it says.

        Files count by their path, and bytes by their content.
        """
        if self.key is not None:
            return hashlib.sha256(b"key\0" + self.key.encode(errors="surrogatepass")).digest()
        says = {
            "document": dict(self.document),
            "applicant_id": self.applicant_id,
            "applicant": self.applicant,
            "sides": {side: _name(source) for side, source in self.sides()},
        }
        return hashlib.sha256(b"row\0" + _canonical(unstructure(says))).digest()

    @property
    def says(self) -> bytes | None:
        """Of a row with a key: what stands for the rest of it. Files count by their sides only, for they may move."""
        if self.key is None:
            return None
        return digest_of([dict(self.document), self.applicant_id, self.applicant, [side for side, _ in self.sides()]])

    def problems(self) -> list[FieldProblem]:
        """Return every field that the reference's limits refuse. Files are not looked at."""
        found = [FieldProblem(name, "none: the row gives it", "one") for name in _GIVEN_HERE if name in self.document]
        found += self.misfits()
        if (self.applicant_id is None) == (self.applicant is None):
            both = "neither" if self.applicant is None else "both"
            found.append(FieldProblem("applicant_id", "this or applicant, and not both", both))
        if self.applicant is not None:
            found += check_request(self.applicant)
        if self.applicant_id is not None and len(self.applicant_id) != ID_LENGTH:
            got = f"{len(self.applicant_id)} characters"
            found.append(FieldProblem("applicant_id", f"{ID_LENGTH} characters", got))
        if found:
            return found
        try:
            return check_request(self.new_document(_ANY_ID, {}))
        except InvalidRequestError as error:
            return list(error.problems)

    def misfits(self) -> list[FieldProblem]:
        """Return every field with which the row could not be told from others, or not be sent at all."""
        found = []
        if self.key is not None and not (isinstance(cast("object", self.key), str) and self.key):
            found.append(FieldProblem("key", "a text that is not empty", "another value"))
        if self.applicant is not None and not isinstance(cast("object", self.applicant), Person | Company):
            found.append(FieldProblem("applicant", "Person or Company", "another value"))
        elif self.applicant is not None and not self.applicant.external_applicant_id:
            found.append(FieldProblem("external_applicant_id", "a value, to make the applicant once", "nothing"))
        for side, source in self.sides():
            if not isinstance(cast("object", source), str | bytes | os.PathLike):
                found.append(FieldProblem(side, "a path, a URL or bytes", "another value"))
        return found

    def new_document(self, applicant_id: str, file_ids: Mapping[str, str]) -> NewDocument:
        """Return what is sent, with the ids of its owner and its files by side. Raises `InvalidRequestError`."""
        ids = {f"{side}_id": file_id for side, file_id in file_ids.items()}
        return new_document(None, {**self.document, "applicant_id": applicant_id, **ids})


def _name(source: BulkSource) -> str:
    if isinstance(source, bytes):
        return "sha256:" + hashlib.sha256(source).hexdigest()
    path = os.fsdecode(source).encode(errors="surrogateescape")
    try:
        return path.decode()
    except UnicodeDecodeError:  # a file name may be any bytes
        return "bytes:" + path.hex()


def digest_of(value: Any) -> bytes:
    """Return 16 bytes that stand for ``value``, whatever the order of its keys."""
    return hashlib.sha256(_canonical(unstructure(value))).digest()[:16]


def _canonical(value: Any) -> bytes:
    """Return ``value`` as JSON in which the order of keys plays no part."""
    return _encode(value).encode()


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True).encode
