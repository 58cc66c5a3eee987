"""Entries of a ledger: what it says of a row, of an applicant, of a file and of a run.

The time that passed since a row was sent is told from those of runs, without trust in the time of day: clocks are set,
and laptops sleep.
"""

import enum
import functools
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from json.encoder import encode_basestring_ascii as _quoted
from pathlib import Path
from typing import Any, Final, NoReturn, Self

import attrs

from kycaid_async.bulk.ledger.problems import damaged
from kycaid_async.uploads.path_source import Origin

DOCUMENT_TAKEN: Final = "document_taken"
"""The code of a row for which the server gave the id of a document that another row has."""


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
        values = {"type": self.type, **self.file_ids}
        return "{" + ", ".join([f"{_quoted(name)}: {_quoted(values[name])}" for name in sorted(values)]) + "}"

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
        if not (isinstance(applicant_id, str) and isinstance(document_id, str | None)):
            raise damaged("the ledger")  # one flipped bit makes bytes of a text
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
        if not isinstance(applicant_id, str | None):
            raise damaged("the ledger")
        return cls(
            state=EntryState(state), applicant_id=applicant_id, code=code, fingerprint=fingerprint, run=run, at=at
        )


@attrs.frozen
class FirstFile:
    """The first file that came with its two ends."""

    file_id: str | None
    origin: Origin | None = attrs.field(repr=False)
    """None once it is known by the whole of its content, like all others with these ends: see `Ledger.file`."""


@attrs.frozen
class BootTime:
    """A moment by a clock that nobody can set."""

    boot: str
    """Which start of which machine it counts from."""
    seconds: float

    def since(self, boot: str, seconds: float) -> float:
        """Return the seconds since another moment, 0 when it counts from another start."""
        return max(0.0, self.seconds - seconds) if boot and boot == self.boot else 0.0


NO_BOOT_TIME = BootTime("", 0.0)


def boot_time() -> BootTime:
    """Return the time since the machine started, with what names that start; nothing where no system tells it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    boot = _boot()
    return NO_BOOT_TIME if clock is None or not boot else BootTime(boot, time.clock_gettime(clock))


@functools.cache
def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # A container may have a clock of its own.
        return f"{boot} {os.readlink('/proc/self/ns/time')}"
    except (OSError, ValueError):
        return ""


@attrs.frozen(kw_only=True)
class Run:
    """Record of the time that a run took."""

    number: int
    seconds: float
    """For how long it certainly ran, by its own clock."""
    boot: str
    began: float
    """When it began, by the clock of ``boot``."""
    beat: float
    """When ``seconds`` was written."""


@attrs.frozen
class _Past:
    seconds: float
    since_beat: float
    """Seconds between ``seconds`` of it and the start of this run, at least."""
    since_next: float
    """The same, from the start of the run after it."""


class RunClock:
    """The clock of a run, which knows how long the runs before it took."""

    def __init__(self, past: Iterable[Run], clock: Callable[[], float], boot: Callable[[], BootTime]) -> None:
        self._clock, self._boot = clock, boot
        self._started, self._began = clock(), boot()
        self._past: dict[int, _Past] = {}
        since_next, self.number = 0.0, 1
        for run in sorted(past, key=lambda run: run.number, reverse=True):
            self.number = max(self.number, run.number + 1)
            since_beat = max(since_next, self._began.since(run.boot, run.beat))
            self._past[run.number] = _Past(run.seconds, since_beat, since_next)
            since_next = max(run.seconds + since_beat, self._began.since(run.boot, run.began))

    @property
    def elapsed(self) -> float:
        """Seconds since this run began."""
        return max(0.0, self._clock() - self._started)

    def waited(self, run: int, at: float) -> float:
        """Return how many seconds have certainly passed since a run was ``at`` seconds old. Raises `LedgerError`."""
        if not isinstance(at, int | float):  # as a damaged page can say
            raise damaged("the ledger")
        if run == self.number:
            return max(0.0, self.elapsed - at)
        past = self._past.get(run)
        if past is None:
            return self.elapsed
        before = past.seconds - at + past.since_beat if at <= past.seconds else past.since_next
        return before + self.elapsed

    def record(self) -> Run:
        """Return what the ledger should know of this run by now."""
        elapsed, boot = self.elapsed, self._boot()
        return Run(
            number=self.number, seconds=elapsed, boot=self._began.boot, began=self._began.seconds, beat=boot.seconds
        )


async def in_pages(
    read: Callable[..., Awaitable[list[tuple[Any, ...]]]],
    sql: str,
    *values: Any,
    key: Callable[[tuple[Any, ...]], Any],
    last: Any,
) -> AsyncIterator[tuple[Any, ...]]:
    """Give what ``sql`` gives, a page at a time. Its first values are the ``key`` of the ``last`` row so far.

    Raises `LedgerError`, also where a row does not come after the one before: by a damaged index this would go round
    for ever.
    """
    while rows := await read(sql, *(last if isinstance(last, tuple) else (last,)), *values):
        for row in rows:
            if not _comes_after(key(row), last):
                raise damaged("the ledger")
            last = key(row)
            yield row


def _comes_after(key: Any, last: Any) -> bool:
    try:
        return bool(key > last)
    except TypeError:  # what is no text or no bytes in a column of these
        return False
