"""The numbers of an upload so far: for the screen, for JSON, and for the report."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs

from kycaid_async.bulk.ledger import EntryState
from kycaid_async.bulk.manifest.places import source_of
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.row import BulkResult, BulkStatus, BulkSummary
from kycaid_async.cli.problems import one_line
from kycaid_async.masking import shown_path

BAD: Final = "bad"
"""The status of a row that was never sent, for what stands in it."""

_NOTES_KEPT = 1000
_KEY_LENGTH = 200
_RECENT = 30.0
"""Seconds for which a refusal explains what is seen."""


@attrs.frozen
class Note:
    """A row that was not delivered."""

    line: int
    status: str
    reason: str
    """In one line, without a value of the row or the path of a file."""
    key: str = attrs.field(default="", repr=False)
    """What the customer knows it by."""


class History:
    """Documents over time, in at most some hundred steps: for long runs the steps get longer."""

    def __init__(self, *, step: float = 0.25, most: int = 120) -> None:
        self.step = step
        """Seconds per count."""
        self.counts: list[int] = []
        self._most = most

    def note(self, seconds: float) -> None:
        """Count a document that was made so many seconds after the start."""
        while seconds >= self.step * self._most:
            self.counts = [sum(self.counts[at : at + 2]) for at in range(0, len(self.counts), 2)]
            self.step *= 2
        self.extend(seconds)
        self.counts[-1] += 1

    def until(self, seconds: float) -> "History":
        """Return the same, up to so many seconds after the start."""
        history = History(step=self.step, most=self._most)
        history.counts += self.counts
        history.extend(seconds)
        return history

    def extend(self, seconds: float) -> None:
        """Reach to so many seconds after the start."""
        self.counts += [0] * (min(int(seconds / self.step), self._most - 1) + 1 - len(self.counts))


@attrs.define(kw_only=True)
class UploadStats:
    """The numbers of an upload so far."""

    manifest: Path
    server: str
    rows: int = 0
    """Rows of the manifest, good and bad."""
    bad: int = 0
    done: int = 0
    """Rows that the ledger had as done before this run."""
    unsettled: int = 0
    """Rows that an earlier run had sent without an answer."""
    unknown_applicants: int = 0
    """Uncertain rows of which nobody can say whether there is an applicant."""
    sending: bool = False
    """False as long as nothing can have been sent."""
    summary: BulkSummary = attrs.field(factory=BulkSummary)
    notes: list[Note] = attrs.field(factory=list)
    """The first of the rows that were not delivered."""
    history: History = attrs.field(factory=History)
    rejects: Path | None = None
    uncertain: Path | None = None
    """The file of the uncertain rows."""
    ended: str = ""
    """Why it ended early; empty when it did not."""
    started: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    clock: Callable[[], float] = time.monotonic
    _began: float = 0.0
    _sign: tuple[int, ...] = ()
    _signed: float = 0.0
    _refusals: int = 0
    _refused: float = float("-inf")
    _most_at_once: int = 0

    def begin(self, summary: BulkSummary) -> None:
        """Begin to send, with a summary that somebody keeps."""
        self.sending, self.summary, self._began = True, summary, self.clock()

    def note_summary(self, summary: BulkSummary) -> None:
        """Note what came of the rows so far."""
        self.summary = summary

    def note_files(self, *, rejects: Path | None, uncertain: Path | None) -> None:
        """Note where rows were set aside."""
        self.rejects, self.uncertain = rejects, uncertain

    def note_end(self, why: str) -> None:
        """Note why it ended early; empty when it did not."""
        self.ended = why

    def silence(self) -> float:
        """Return for how many seconds nothing has come of the upload, as of now."""
        sign = (self.summary.rows, self.summary.files, self.summary.applicants)
        if sign != self._sign:
            self._sign, self._signed = sign, self.clock()
        return self.clock() - self._signed

    def hindrance(self, at_once: int) -> str:
        """Return why it goes slower than it did, as of now; empty when nothing is in its way.

        ``at_once`` is how many rows may be under way.
        """
        self._most_at_once = max(self._most_at_once, at_once)
        if self.summary.refusals > self._refusals:
            self._refusals, self._refused = self.summary.refusals, self.clock()
        if self.clock() - self._refused < _RECENT:
            return f"slower, because the server refuses some requests for now ({self._refusals:,} so far)"
        if at_once * 2 <= self._most_at_once:
            return f"slower, because answers take longer than they did: {at_once} at once, not {self._most_at_once}"
        return ""

    def note_checked(self, row: ManifestRow | BadRow) -> Note | None:
        """Count a row that was checked; return a note when it is not to be sent."""
        self.rows += 1
        return None if isinstance(row, ManifestRow) else self.note_bad(row)

    def note_bad(self, row: BadRow) -> Note:
        """Count a row that is not sent."""
        self.bad += 1
        return self._keep(Note(row.line, BAD, one_line(row.reason), _short(row.key)))

    def note_earlier(self, states: Mapping[EntryState, int]) -> None:
        """Note in which states earlier runs left rows."""
        self.done, self.unsettled = states[EntryState.CREATED], states[EntryState.SENT]

    def note(self, result: BulkResult) -> Note | None:
        """Count a result; return a note when the row was not delivered."""
        if result.status is BulkStatus.CREATED:
            self.history.note(self.clock() - self._began)
        self.unknown_applicants += result.status is BulkStatus.UNCERTAIN and result.applicant_id is None
        return (
            None
            if result.error is None
            else self._keep(Note(result.row.line or 0, result.status, reason_of(result), _short(result.row.own_key())))
        )

    def _keep(self, note: Note) -> Note:
        if len(self.notes) < _NOTES_KEPT:
            self.notes.append(note)
        return note

    @property
    def failures(self) -> int:
        """The number of rows that were looked at and not delivered."""
        return self.bad + self.summary.failed + self.summary.uncertain

    @property
    def left(self) -> int:
        """The number of rows not looked at, because the run ended early."""
        return max(0, self.rows - self.bad - self.summary.rows)

    def counts(self) -> str:
        """Return what became of the rows in words, without what became of none."""
        summary = self.summary
        counts = {
            "created": summary.created,
            "done before": summary.done_before,
            "bad": self.bad,
            "failed": summary.failed,
            "uncertain": summary.uncertain,
        }
        return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number or name == "created")

    def as_json(self) -> dict[str, Any]:
        """Return the last object that ``--json`` prints."""
        counts = attrs.asdict(self.summary) | {"seconds": round(self.summary.seconds, 3)}
        places = {
            "rejects": None if self.rejects is None else str(self.rejects),
            "uncertain_file": None if self.uncertain is None else str(self.uncertain),
            "ended": self.ended or None,
        }
        return {"kind": "summary", "rows": self.rows, "bad": self.bad, "left": self.left} | counts | places


def _short(key: str | None) -> str:
    return one_line(key or "")[:_KEY_LENGTH]


def reason_of(result: BulkResult) -> str:
    """Return why a row was not delivered: with the side instead of the path of its file, which may hold a name."""
    text = result.error.message if result.error else ""
    for side, place in result.row.sides():
        label = shown_path(source_of(place, UrlRules()).label)
        text = text.replace(f"{label}: ", f"{side}: ")
    return one_line(text)


def look_for(result: BulkResult, *, now: datetime | None = None) -> str:
    """Return what to look for to find out what became of an uncertain row."""
    now = now or datetime.now(UTC)
    began = now - timedelta(seconds=result.seconds)
    when = "by an earlier run, if at all" if result.sent_before else f"between {_time(began)} and {_time(now)} UTC"
    if result.applicant_id is None:
        return f"Look for its applicant, sent {when}."
    return f"Look for a {result.row.document.get('type')} of applicant {result.applicant_id}, sent {when}."


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
