"""The frame of commands that run over a manifest: what they know, their ledger, their signals, progress and end."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Generic, TypeVar

import anyio

from kycaid_async.bulk.ledger import LedgerOwner, SecretFrom, UploadLedger, secret_key_of
from kycaid_async.bulk.ledger.opening import open_ledger
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.requests.limits import most_rows_at_once
from kycaid_async.cli.manifests import ManifestCommand, folder_of, open_manifest, reason_of_end
from kycaid_async.cli.screen import Screen
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import KycaidError
from kycaid_async.signals import end_with, stop_signals

_SECONDS_BETWEEN_LOOKS: Final = 0.2


O = TypeVar("O", bound=ManifestCommand)  # noqa: E741 - options
S = TypeVar("S", bound=Screen)


class ManifestJob(ABC, Generic[O, S]):
    """One run of a command. What ends it early is kept, so that there is a summary all the same."""

    def __init__(self, options: O, screen: S) -> None:
        self._options = options
        self._screen = screen
        self._signal = 0
        """The number of the signal that stopped it; 0 for none."""
        self._error: Exception | None = None

    async def run(self) -> int | None:
        """Do all of it, and return the exit code. Raises `Problem` when nothing could begin."""
        manifest = await open_manifest(self._options.manifest, self._options.reading, rejects=self._writes_back)
        self._begin(manifest)
        with stop_signals() as told:
            with self._screen.progress():
                async with anyio.create_task_group() as group:
                    group.start_soon(self._watch, told, group.cancel_scope)
                    group.start_soon(self._show_often, group.cancel_scope)
                    await self._work_or_keep_error(manifest)
                    group.cancel_scope.cancel()
            code = await self._ended(manifest)  # here, where no signal can keep it from saying so
        if code is not None:
            end_with(code)
        return code

    @property
    def _writes_back(self) -> bool:
        """True when rows may be written into a file like the manifest."""
        return False

    def _begin(self, manifest: Manifest) -> None:
        """Say what somebody should know before the work begins."""
        for note in manifest.notes:
            self._screen.say(f"guessed: {note}")

    @abstractmethod
    async def _work(self, manifest: Manifest) -> None:
        """Do the work. Raises what ends it early."""

    @abstractmethod
    def _show(self) -> None:
        """Show how far it is."""

    @abstractmethod
    def _drain(self) -> bool:
        """Begin nothing more, and say so; return False when nothing is left to be waited for."""

    @abstractmethod
    async def _ended(self, manifest: Manifest, /) -> int | None:
        """Say how it ended, and return the exit code; None when another run follows."""

    async def _work_or_keep_error(self, manifest: Manifest) -> None:
        try:
            await self._work(manifest)
        except (KycaidError, OSError, ModuleNotFoundError) as error:
            self._error = self._error or error

    async def _watch(self, told: Callable[[], Awaitable[int]], scope: anyio.CancelScope) -> None:
        """Let what is in flight be finished at the first signal; stop at the second, or when nothing is in flight."""
        self._signal = await told()
        if self._drain():
            await told()
        scope.cancel()

    async def _show_often(self, scope: anyio.CancelScope) -> None:
        while True:
            with self.letting_go(scope.cancel):
                self._show()
            await anyio.sleep(_SECONDS_BETWEEN_LOOKS)

    @contextmanager
    def letting_go(self, stop: Callable[[], None]) -> Iterator[None]:
        """Let what is in flight be finished when nothing can be written any more: a full disk, a pipe that closed."""
        try:
            yield
        except OSError as error:
            self._error = self._error or error
            stop()

    async def _open_ledger(self, *, read_only: bool, secret_from: SecretFrom | None = None) -> UploadLedger:
        """Open the ledger. Raises `LedgerError`, also for one that is not good for this manifest's folder."""
        options = self._options
        owner = LedgerOwner(
            server=options.server,
            api_key=options.api_key,
            same_account=options.same_account,
            folder=folder_of(options.manifest),
            secret_from=secret_from,
            secret_key=secret_key_of(),
        )
        return await open_ledger(options.any_ledger, owner, clock=time.monotonic, read_only=read_only)

    async def _look_at_the_ledger(self) -> None:
        """Raise `LedgerError` for one that is not good for this manifest's folder."""
        await (await self._open_ledger(read_only=True)).close()

    def _client(self) -> AsyncKycaid:
        options, most = self._options, most_rows_at_once(self._options.concurrency)
        return AsyncKycaid(options.api_key, base_url=options.server, max_connections=most, proxy=options.proxy)

    def _why_ended(self) -> str:
        """Return why it ended early; empty when it did not."""
        if self._signal:
            return f"interrupted ({signal.Signals(self._signal).name})"
        return "" if self._error is None else reason_of_end(self._error)

    def _write_report(self, path: Path | None, page: Callable[[], str]) -> str:
        """Write the page of ``--report``, if it is wanted; return why it ended early, by now."""
        ended = self._why_ended()
        try:
            if path is not None:
                # Names of files and keys may hold bytes that are no text. Made whole first: it replaces an older page.
                content = page().encode(errors="replace")
                path.write_bytes(content)
        except OSError as problem:
            self._error = self._error or problem
            ended = ended or f"--report: {path}: {problem.strerror}"
        return ended

    def _say_end(self, ended: str) -> None:
        if ended:
            self._screen.say(f"kycaid: {ended}")
