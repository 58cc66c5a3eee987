"""``kycaid upload``: from a manifest to documents, with a ledger."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import anyio

from kycaid_async.bulk.ledger import Ledger, secret_key_of
from kycaid_async.bulk.manifest.check import ManifestCheck
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.rejects import UNCERTAIN, Rejects
from kycaid_async.bulk.manifest.row import ManifestRow
from kycaid_async.bulk.manifest_rows import EarlierRuns
from kycaid_async.bulk.requests.limits import most_rows_at_once
from kycaid_async.bulk.row import BulkResult, BulkStatus
from kycaid_async.cli.manifests import folder_of, next_command, open_manifest, reason_of_end
from kycaid_async.cli.upload.ending import advice, exit_code, summary_text, was_stopped_by
from kycaid_async.cli.upload.options import UploadOptions
from kycaid_async.cli.upload.report import write_report
from kycaid_async.cli.upload.screen import UploadScreen
from kycaid_async.cli.upload.stats import UploadStats, look_for
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import KycaidError
from kycaid_async.signals import end_with, stop_signals

if TYPE_CHECKING:
    from kycaid_async.bulk.upload import BulkUpload

_SECONDS_BETWEEN_LOOKS = 0.2


def run(options: UploadOptions) -> int:
    """Do what ``options`` say; return the exit code. Raises `Problem` and `KycaidError` when nothing could begin."""
    return anyio.run(UploadJob(options).run)


class UploadJob:
    """One run of ``kycaid upload``: the check, the upload, and what is said of both."""

    def __init__(self, options: UploadOptions) -> None:
        self._options = options
        self._stats = UploadStats(manifest=options.manifest, server=options.server)
        self._screen = UploadScreen(as_json=options.as_json)
        self._rejects: Rejects | None = None
        self._uncertain: Rejects | None = None
        self._upload: BulkUpload | None = None
        self._signal = 0
        self._error: Exception | None = None
        self._last_failure: Exception | None = None

    async def run(self) -> int:
        """Do all of it, and return the exit code."""
        # Rows that fail are written back when others have been sent.
        writes_back = not self._options.dry_run
        manifest = await open_manifest(self._options.manifest, self._options.reading, rejects=writes_back)
        for note in manifest.notes:
            self._screen.say(f"guessed: {note}")
        with stop_signals() as told:
            with self._screen.progress():
                async with anyio.create_task_group() as group:
                    group.start_soon(self._watch, told, group.cancel_scope)
                    group.start_soon(self._show, group.cancel_scope)
                    await self._work(manifest)
                    group.cancel_scope.cancel()
            code = self._ended()  # here, where no signal can keep it from saying so
        end_with(code)
        return code

    def _ended(self) -> int:
        """Say how it ended, write the report, and return the exit code."""
        options, stats, number, error = self._options, self._stats, self._signal, self._error
        if self._rejects is not None and self._rejects.count:
            stats.rejects = self._rejects.path
        if self._uncertain is not None and self._uncertain.count:
            stats.uncertain = self._uncertain.path
        if number:
            stats.ended = was_stopped_by(number)
        elif error is not None:
            stats.ended = (
                "stopped at the first row that failed" if error is self._last_failure else reason_of_end(error)
            )
        try:
            if options.report is not None:
                write_report(options.report, stats)
        except OSError as problem:
            error = error or problem
            stats.ended = stats.ended or f"--report: {options.report}: {problem.strerror}"
        self._screen.summary(stats, summary_text(options, stats))
        if stats.ended:
            self._screen.say(f"kycaid: {stats.ended}")
        for line in advice(options, stats, number=number, error=error):
            self._screen.say(line)
        code = exit_code(options, stats, number=number, error=error)
        if not code and stats.rows and not options.dry_run:
            command = next_command(
                "verify", options.manifest, "--form", "FORM_ID", ledger=options.ledger, reading=options.reading
            )
            self._screen.hint(f"To start a verification of each applicant: {command}")
        return code

    async def _watch(self, told: Callable[[], Awaitable[int]], scope: anyio.CancelScope) -> None:
        """At the first signal let what is in flight be finished; stop at the second, or when nothing is in flight."""
        self._signal = await told()
        if self._upload is not None:
            self._upload.drain()
            flying = self._upload.progress.in_flight
            self._screen.say(f"finishing {flying} in flight; press Ctrl-C again to stop at once")
            await told()
        else:
            self._screen.say("stopping; nothing was sent")
        scope.cancel()

    async def _work(self, manifest: Manifest) -> None:
        """Check and send. What ends it early is kept, so that there is a summary all the same."""
        aside = self._options.on_error == "continue" and not self._options.dry_run
        try:
            with Rejects(self._options.rejects, manifest) if aside else nullcontext() as self._rejects:
                check = await self._check(manifest)
                if not self._options.dry_run and (aside or not self._stats.bad):
                    with Rejects(self._options.uncertain, manifest, mark=UNCERTAIN) as self._uncertain:
                        await self._send(check.good_rows())
        except (KycaidError, OSError) as error:
            self._error = error

    async def _check(self, manifest: Manifest) -> ManifestCheck:
        """Check all rows, beside those of earlier runs; return the check, which has the good ones."""
        ledger = await self._known()
        if ledger is None:
            return await self._tell_checked(ManifestCheck(manifest))
        try:
            with EarlierRuns(ledger, allow_same_files=self._options.reading.allow_same_files) as earlier:
                check = ManifestCheck(manifest, known=earlier.has_sent, clash=earlier.clash)
                await self._tell_checked(check)
                self._stats.note_earlier(earlier.states)
                return check
        finally:
            await ledger.close()

    async def _tell_checked(self, check: ManifestCheck) -> ManifestCheck:
        remarks = Counter[str]()
        async for row in check.rows():
            note = self._stats.note_checked(row)
            if note is not None:
                self._screen.bad(note)
            if isinstance(row, ManifestRow):
                remarks.update(row.remarks)
            elif note is not None and self._rejects is not None:
                self._rejects.add(row, note.reason)
        for remark, count in remarks.items():
            self._screen.say(f"{count:,} rows: {remark}")
        return check

    async def _known(self) -> Ledger | None:
        """Open the ledger of an earlier run, for a look."""
        return await self._opened(read_only=True) if self._options.ledger.exists() else None

    async def _opened(self, *, read_only: bool) -> Ledger:
        options = self._options
        return await Ledger.open(
            options.ledger,
            server=options.server,
            api_key=options.api_key,
            same_account=options.same_account,
            folder=folder_of(options.manifest),
            secret_from=options.ledger_secret,
            secret_key=secret_key_of(),
            read_only=read_only,
        )

    async def _send(self, rows: Iterator[ManifestRow]) -> None:
        options, most = self._options, most_rows_at_once(self._options.concurrency)
        await (await self._opened(read_only=False)).close()  # from here on it knows the folder of the manifest
        async with AsyncKycaid(
            options.api_key, base_url=options.server, max_connections=most, proxy=options.proxy
        ) as client:
            self._upload = client.bulk.upload(
                rows,
                ledger=options.ledger,
                on_uncertain=options.on_uncertain,
                on_error=options.on_error,
                same_account=options.same_account,
                applicants_at_once=options.applicants_at_once,
            )
            self._stats.begin(self._upload.summary)
            self._look()  # at once: a short upload is over before the next look
            try:
                async with self._upload:
                    async for result in self._upload:
                        with self._letting_go(self._upload.drain):
                            self._note(result)
            finally:
                self._stats.summary = self._upload.summary

    def _note(self, result: BulkResult) -> None:
        note = self._stats.note(result)
        if note is not None or self._options.as_json:
            self._screen.result(result, note)
        if note is None or not isinstance(result.row, ManifestRow):
            return
        if result.status is BulkStatus.UNCERTAIN and self._uncertain is not None:
            self._uncertain.add(result.row, f"{note.reason} {look_for(result)}")
        elif result.status is BulkStatus.FAILED:
            self._last_failure = result.error
            if self._rejects is not None:
                self._rejects.add(result.row, note.reason)

    async def _show(self, scope: anyio.CancelScope) -> None:
        while True:
            if self._upload is not None:
                self._look()
            else:
                with self._letting_go(scope.cancel):
                    self._screen.checking(self._stats)
            await anyio.sleep(_SECONDS_BETWEEN_LOOKS)

    def _look(self) -> None:
        """Show how far the upload is."""
        if self._upload is not None:
            with self._letting_go(self._upload.drain):
                self._screen.sending(self._stats, self._upload.progress)

    @contextmanager
    def _letting_go(self, stop: Callable[[], None]) -> Iterator[None]:
        """Let what is in flight be finished when nothing can be written any more: a full disk, a pipe that closed."""
        try:
            yield
        except OSError as error:
            self._error = self._error or error
            stop()
