"""Messages between the one who starts a run and its workers: without key, without password, without rows."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from kycaid_async.bulk.manifest.options import ManifestKeywords
from kycaid_async.bulk.options import RunPlan
from kycaid_async.bulk.row import BulkResult, BulkStatus
from kycaid_async.errors import ApiError, ConfigurationError, KycaidError
from kycaid_async.transport.settings import Settings

if TYPE_CHECKING:
    from kycaid_async.bulk.upload import BulkUpload
    from kycaid_async.bulk.verify import BulkVerify
    from kycaid_async.client import AsyncKycaid

    Run = BulkUpload | BulkVerify

_HELD: Final = ("ledger", "engine", "ledger_secret_key", "concurrency", *ManifestKeywords.__annotations__)
"""Options of a run that are for the one who starts it."""


def secret_from(place: str) -> str:
    """Return the text at ``env:NAME`` or ``file:/path``. Raises `ConfigurationError`, which does not show it."""
    kind, _, name = place.partition(":")
    if kind == "env" and name:
        text = os.environ.get(name, "")
    elif kind == "file" and name:
        try:
            text = Path(name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{place}: cannot be read on this machine ({type(error).__name__})") from None
    else:
        raise ConfigurationError("key_from, ledger_from: expected env:NAME or file:/path")
    if not text:
        raise ConfigurationError(f"{place}: there is nothing on this machine")
    return text


class ShardWork(Protocol):
    """The work that is done with shards."""

    def items(self, shard: Any, key: str) -> list[Any]:
        """Return what is in a shard. Raises `KycaidError`."""
        ...

    def run(self, client: "AsyncKycaid", items: AsyncIterator[Any], ledger: str) -> "Run":
        """Return a run over items, which gives a result for each."""
        ...

    def item_of(self, result: Any) -> Any:
        """Return the item that a result is of."""
        ...

    def outcome_of(self, result: Any) -> Any:
        """Return what travels of a result."""
        ...


@attrs.frozen(kw_only=True)
class Job:
    """A run as its workers know it: references, and names of places where secrets are."""

    name: str
    work: "ShardWork" = attrs.field(repr=False)
    key_from: str
    ledger: str
    """The URL of the ledger; empty where it is a secret, too."""
    ledger_from: str = ""
    connections: int
    """How many requests each worker may have under way."""
    all_together: int | None = None
    """How many all of them may have, if somebody said so."""
    pace_from: str = ""
    """The place of the URL of the Redis in which they agree on their pace; empty where they know it themselves."""
    lease: float | None = None
    """That of each worker on the ledger, in seconds."""
    client: dict[str, Any] = attrs.field(repr=False)
    """Options of the client."""

    @property
    def ledger_url(self) -> str:
        """The URL of the ledger, on a worker."""
        return secret_from(self.ledger_from) if self.ledger_from else self.ledger


def client_options(settings: Settings) -> dict[str, Any]:
    """Return the options of clients on workers. Raises `ConfigurationError` for what cannot travel."""
    if settings.ssl_context is not None or settings.proxy is not None:
        raise ConfigurationError(
            "engine: a client with a proxy or an ssl_context cannot be made anew on workers, for neither travels"
        )
    return {
        "base_url": settings.base_url,
        "timeout": settings.timeout,
        "max_retries": settings.retries.max_retries,
        "max_file_size": settings.files.max_size,
        "check": settings.check,
        "auth_header": settings.auth_header,
        "paths": dict(settings.paths),
        "allow_http": sorted(settings.allow_http),
    }


def run_options(plan: RunPlan, *besides: str) -> dict[str, Any]:
    """Return those options of a run that workers need."""
    options = attrs.asdict(plan, recurse=False)
    return {name: value for name, value in options.items() if name not in (*_HELD, *besides)}


@attrs.frozen(kw_only=True)
class RowOutcome:
    """The result of a row, without the row."""

    line: int
    status: BulkStatus
    applicant_id: str | None
    document_id: str | None
    file_ids: dict[str, str]
    attempts: int
    seconds: float
    bytes: int
    sent_before: bool
    error: KycaidError | None

    @classmethod
    def of(cls, result: BulkResult) -> "RowOutcome":
        """Return what travels of a result."""
        names = ("status", "applicant_id", "document_id", "file_ids", "attempts", "seconds", "bytes", "sent_before")
        fields = {name: getattr(result, name) for name in names}
        return cls(line=result.row.line or 0, error=bare(result.error), **fields)


def bare(error: KycaidError | None) -> KycaidError | None:
    """Return an error without what a server wrote in it: that may be of a person."""
    if error is None:
        return None
    # Not `copy.copy`: where Dask is, its copies of errors share their attributes with the originals.
    plain = type(error).__new__(type(error), *error.args)
    plain.__dict__.update(error.__dict__)
    if isinstance(plain, ApiError):
        plain.body = b""
        plain.errors = tuple(attrs.evolve(field, message="") for field in plain.errors)
    return plain


@attrs.frozen(kw_only=True)
class Counts:
    """Counts of one process so far."""

    process: str
    requests: int = 0
    refusals: int = 0
    files: int = 0
    files_shared: int = 0
    files_unused: int = 0
    applicants: int = 0
    bytes: int = 0
    concurrency: int = 0
    trouble: str = ""

    @classmethod
    def of(cls, process: str, run: "Run") -> "Counts":
        """Return those of a run in this process."""
        summary, progress = run.summary, run.progress
        counted = {name: getattr(summary, name, 0) for name in COUNTED}
        return cls(process=process, concurrency=progress.concurrency, trouble=progress.trouble, **counted)


COUNTED: Final = ("requests", "refusals", "files", "files_shared", "files_unused", "applicants", "bytes")
"""Numbers that are added up over all processes."""


@attrs.define
class WorkerCounts:
    """The counts of all processes of a run, of each as it told them last."""

    _by_process: dict[str, Counts] = attrs.field(init=False, factory=dict)

    def note(self, counts: Counts) -> None:
        """Note what a process told."""
        self._by_process[counts.process] = counts

    def total(self, name: str) -> int:
        """Return a number over all processes."""
        total: int = sum(getattr(counts, name) for counts in self._by_process.values())
        return total

    @property
    def trouble(self) -> str:
        """The trouble of the first process that has some: what came in place of an answer of use."""
        return next((counts.trouble for counts in self._by_process.values() if counts.trouble), "")


@attrs.frozen(kw_only=True)
class ShardOutcome:
    """Outcome of a shard."""

    rows: list[Any] = attrs.field(repr=False)
    """Of each row, or of each applicant, what came of it."""
    counts: Counts
    error: KycaidError | None = None
    """What ended the work on it early."""
    again: bool = False
    """True when another process can go on with it."""
