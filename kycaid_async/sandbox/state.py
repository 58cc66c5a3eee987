"""The options of a sandbox, and its state while it runs: its database, the folder of its files, its clock."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args

import anyio
import attrs
from anyio import to_thread

from kycaid_async.masking import ValueObject
from kycaid_async.options import FLAG, SECONDS_OR_NONE_AT_ALL, Kind, is_number, whole
from kycaid_async.sandbox.data.account import MAX_BALANCE, is_balance
from kycaid_async.sandbox.events.feed import CallbackTarget, EventFeed, StateChanged
from kycaid_async.sandbox.rules.rules import REFUSED_COUNTRIES, RULES, Rule
from kycaid_async.sandbox.rules.verdict import OutcomeScript
from kycaid_async.sandbox.storage.database import Busy, Store
from kycaid_async.sandbox.storage.folder import opened_folder
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.decline_reasons import reason_of

Review = Literal["rules", "manual"]


def _tuple(rules: Any) -> Any:
    return tuple(rules) if isinstance(rules, Iterable) and not isinstance(rules, str) else rules


def _upper(countries: Collection[str]) -> frozenset[str]:
    _COUNTRIES.check("refused_countries", countries)
    return frozenset(code.upper() for code in countries)


def _is_country(code: Any) -> bool:
    return isinstance(code, str) and re.fullmatch(r"[A-Za-z]{2}", code) is not None


_COUNTRIES: Final = Kind(
    "a list of countries of two letters each",
    lambda value: isinstance(value, Collection) and not isinstance(value, str) and all(map(_is_country, value)),
)
_AMOUNT: Final = Kind(
    f"a number of euros from 0 to {MAX_BALANCE}, or None for an endless account",
    lambda value: value is None or (is_number(value) and is_balance(value)),
)
_LIMIT: Final = whole(1).or_none("no limit")
_REVIEW: Final = Kind(f"one of {', '.join(get_args(Review))}", lambda value: value in get_args(Review))
_RULES: Final = Kind(
    "a list of Rule, each with a reason of DeclineReason",
    lambda value: (
        isinstance(value, tuple) and all(isinstance(rule, Rule) and reason_of(rule.reason).is_known for rule in value)
    ),
)
_URL: Final = Kind(
    "a URL that starts with http:// or https://",
    lambda value: isinstance(value, str) and re.fullmatch(r"https?://[^\s/]+(/\S*)?", value) is not None,
).or_none("nowhere")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SandboxSettings(ValueObject):
    """The options of a sandbox, but for where it listens and where it keeps its data.

    Raises `ConfigurationError` for what cannot be.
    """

    strict: bool = attrs.field(default=False, validator=FLAG)
    review: Review = attrs.field(validator=_REVIEW)
    review_after: float = attrs.field(default=0.0, validator=SECONDS_OR_NONE_AT_ALL)
    rules: tuple[Rule, ...] = attrs.field(default=RULES, converter=_tuple, validator=_RULES)
    refused_countries: frozenset[str] = attrs.field(default=REFUSED_COUNTRIES, converter=_upper)
    applicants_per_minute: int | None = attrs.field(default=None, validator=_LIMIT)
    attempts: int | None = attrs.field(default=None, validator=_LIMIT)
    balance: float | None = attrs.field(default=None, validator=_AMOUNT)
    callback_url: str | None = attrs.field(default=None, validator=_URL)

    @property
    def undecided(self) -> str | None:
        """The outcome where nobody set one: None where the rules decide."""
        return "pending" if self.review == "manual" else None


T = TypeVar("T")

_MOMENT: Final = 0.01
"""Seconds that a read may hold the event loop up; a longer one is done in a thread."""


def _nothing(_done: object) -> None:
    """Let nothing follow."""


@attrs.frozen(eq=False, repr=False)
class SandboxState(ValueObject):
    """The database, the folder of files, the clock, the options, the event feed, and outcomes that wait."""

    store: Store
    folder: Path
    clock: Callable[[], datetime]
    settings: SandboxSettings
    feed: EventFeed = attrs.field(factory=EventFeed)
    script: OutcomeScript = attrs.field(factory=OutcomeScript)
    receiver: CallbackTarget = attrs.field(factory=CallbackTarget)
    decoding: anyio.CapacityLimiter = attrs.field(factory=lambda: anyio.CapacityLimiter(1))
    """One image at a time is unpacked: each may take hundreds of megabytes."""
    # One at a time: transactions would wait for each other anyway, each holding a thread.
    _writing: anyio.CapacityLimiter = attrs.field(factory=lambda: anyio.CapacityLimiter(1))

    @property
    def callback_url(self) -> str | None:
        """The URL of callbacks for which no request named one; None for nowhere."""
        return self.receiver.url or self.settings.callback_url

    async def run(self, work: Callable[[UnitOfWork], T], then: Callable[[T], None] = _nothing) -> T:
        """Do ``work`` in one transaction, off the event loop, and ``then`` what follows of it, on the loop.

        After a commit, events and follow-ups run even if the caller is cancelled.
        """
        loop = asyncio.get_running_loop()

        def in_transaction() -> T:
            with self.store.transaction() as statements:
                done = work(UnitOfWork(statements))
            # Before the answer: the loop keeps the order of calls.
            loop.call_soon_threadsafe(self._follow, statements.changes, done, then)
            return done

        return await to_thread.run_sync(in_transaction, limiter=self._writing)

    async def change(self, work: Callable[[UnitOfWork], T], then: Callable[[T], None] = _nothing) -> T:
        """Do as `run` does with brief ``work`` that can be done again after it was rolled back.

        On the event loop where the database is in memory and nothing runs in it: no commit waits for a disk then.
        """
        if not self.store.is_in_memory:
            return await self.run(work, then)
        try:
            with self.store.transaction(wait=False, seconds=_MOMENT) as statements:
                done = work(UnitOfWork(statements))
        except Busy:
            return await self.run(work, then)
        self._follow(statements.changes, done, then)
        return done

    def _follow(self, changes: dict[tuple[str, str], str | None], done: T, then: Callable[[T], None]) -> None:
        self.feed.publish(StateChanged(kind=kind, id=id_, status=status) for (kind, id_), status in changes.items())
        then(done)

    async def look(self, work: Callable[[UnitOfWork], T]) -> T:
        """Do ``work`` that only reads in one transaction.

        On the event loop where nothing runs in the database: a few rows are there in less time than a thread takes to
        begin. Nobody else has the file, so nobody can hold up a read. What turns out to be many rows is read again in
        a thread.
        """
        try:
            with self.store.transaction(wait=False, seconds=_MOMENT) as statements:
                return work(UnitOfWork(statements))
        except Busy:
            return await self.run(work)

    def look_blocking(self, work: Callable[[UnitOfWork], T]) -> T:
        """Do ``work`` that only reads in one transaction, in the calling thread."""
        with self.store.transaction() as statements:
            return work(UnitOfWork(statements))


@asynccontextmanager
async def opened(
    data: Path | None, clock: Callable[[], datetime], settings: SandboxSettings
) -> AsyncIterator[SandboxState]:
    """Open the state kept in ``data``, or a new one that is gone at the end, also when this is cancelled."""
    state = _open_state(data, clock, settings)
    # A task of its own, because a thread cannot be cancelled: what it opens is closed, whoever has given up.
    opening = asyncio.ensure_future(to_thread.run_sync(state.__enter__))
    try:
        yield await asyncio.shield(opening)
    finally:
        with anyio.CancelScope(shield=True):
            await asyncio.wait([opening])
            if opening.exception() is None:
                await to_thread.run_sync(state.__exit__, None, None, None)


@contextmanager
def _open_state(data: Path | None, clock: Callable[[], datetime], settings: SandboxSettings) -> Iterator[SandboxState]:
    with opened_folder(data) as (store, folder):
        with store.transaction() as statements:
            UnitOfWork(statements).account.open(settings.balance)
        yield SandboxState(store, folder, clock, settings)
