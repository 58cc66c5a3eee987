"""Entries of a ledger: what it says of a row, of an applicant and of a file."""

import enum
import functools
import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn, Self

import attrs

from kycaid_async.bulk.ledger.problems import damaged
from kycaid_async.uploads.path_source import Origin

# Made once: `json.dumps` with options makes an encoder for each call.
_as_text: Final = json.JSONEncoder(sort_keys=True).encode


class EntryState(enum.StrEnum):
    """State of a creation."""

    SENT = "sent"
    """About to be sent, or sent, and no answer is on record."""
    CREATED = "created"
    FAILED = "failed"
    """Refused: nothing was made."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:  # noqa: ARG003 - the name is that of enum
        raise damaged("the ledger")


@attrs.frozen(kw_only=True)
class Intent:
    """Intent to create a document: what was about to be sent, as far as the server shows it again."""

    applicant_id: str
    type: str
    file_ids: Mapping[str, str]
    """By side."""

    @property
    def key(self) -> tuple[str, str]:
        """Key of documents that the server shows alike: no two of them may be under way at once."""
        return self.applicant_id, self.text

    @functools.cached_property
    def text(self) -> str:
        """The type and the files as one text, which is the same for the same."""
        return _as_text({"type": self.type, **self.file_ids})

    @classmethod
    def of(cls, applicant_id: str, text: str) -> Self:
        """Return the intent with this `text`."""
        try:
            fields = json.loads(text) if text else {"type": ""}
            return cls(applicant_id=applicant_id, type=fields.pop("type"), file_ids=fields)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            raise damaged("the ledger") from None


@attrs.frozen(kw_only=True)
class RowEntry:
    """Entry of a row."""

    digest: bytes
    """As it stands in the ledger: keyed."""
    state: EntryState
    intent: Intent
    document_id: str | None
    code: str | None
    """Why it failed; of a row that was sent, what was last found out about it."""
    fingerprint: bytes | None
    """Keyed; see `Ledger.has_said`. None of a row without a key of its own."""
    run: int
    """The run that sent it last."""
    at: float
    """How many seconds old that run was then."""

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> Self:
        """Return the entry that the values of its columns make."""
        digest, state, applicant_id, intent, document_id, code, fingerprint, run, at = values
        return cls(
            digest=digest,
            state=EntryState(state),
            intent=Intent.of(applicant_id, intent),
            document_id=document_id,
            code=code,
            fingerprint=fingerprint,
            run=run,
            at=at,
        )


@attrs.frozen(kw_only=True)
class ApplicantEntry:
    """Entry of an applicant that was to be made."""

    state: EntryState
    applicant_id: str | None
    code: str | None
    fingerprint: bytes
    """Of its data, keyed; see `Ledger.has_said`."""
    run: int
    at: float

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> Self:
        """Return the entry that the values of its columns make."""
        state, applicant_id, code, fingerprint, run, at = values
        return cls(
            state=EntryState(state), applicant_id=applicant_id, code=code, fingerprint=fingerprint, run=run, at=at
        )


@attrs.frozen
class FirstFile:
    """The first file that came with its two ends."""

    file_id: str | None
    origin: Origin | None = attrs.field(repr=False)
    """None once it is known by the whole of its content, like all others with these ends: see `Ledger.file`."""
