"""The tasks that deliver rows."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs

from kycaid_async.bulk.requests.adaptive_concurrency import AdaptiveConcurrency
from kycaid_async.errors import KycaidError

_MOST_WAITING: Final = 1000
"""Rows that may wait without a place among the workers; further ones keep theirs, so that memory stays bounded."""
_MOST_BYTES: Final = 64 << 20
"""The same for the bytes of files that rows brought along."""


class Stopped(Exception):  # noqa: N818 - it is no error of its own
    """This row goes no further now, because the run has to end: for ``error``, or None when it was told to drain."""

    def __init__(self, error: KycaidError | None = None) -> None:
        super().__init__()
        self.error = error


@attrs.define(kw_only=True, eq=False)
class WorkerPool:
    """As many workers as the server takes. A row that waits takes no place among them: another row is begun."""

    concurrency: AdaptiveConcurrency
    active: int = 0
    """Workers that are at work on a row, or on their way to one."""
    waiting: int = 0
    """Rows that wait, and take no place."""
    bytes: int = 0
    """Of files that rows under way brought along."""
    drained: asyncio.Event = attrs.field(factory=asyncio.Event)
    _hire: Callable[[], object] = lambda: None

    def start(self, group: asyncio.TaskGroup, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let tasks of ``group`` do ``work``, which ends when there is nothing to do or too many do it."""

        def hire() -> None:
            while self.active < self.concurrency.value and not self.drained.is_set():
                self.active += 1
                group.create_task(work())

        self._hire = hire
        hire()

    @property
    def is_too_large(self) -> bool:
        """True when a worker should end."""
        return self.active > self.concurrency.value

    def grow(self) -> None:
        """Let more work, if the server takes more by now."""
        self._hire()

    def left(self) -> None:
        """Note that a worker ended."""
        self.active -= 1

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Let another row be worked on meanwhile. Raises `Stopped` when the run was told to drain by then."""
        counts = self.waiting < _MOST_WAITING and self.bytes < _MOST_BYTES
        if counts:
            self.waiting, self.active = self.waiting + 1, self.active - 1
            self._hire()
        try:
            yield
        finally:
            if counts:
                # Without a wait for a place: those who hold one may wait for what this row holds.
                self.waiting, self.active = self.waiting - 1, self.active + 1
        if self.drained.is_set():
            raise Stopped

    def drain(self) -> None:
        """Begin no row, and let go of those that wait."""
        self.drained.set()
