"""``kycaid upload``: from a manifest to documents, with a ledger."""

from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kycaid_async.bulk.ledger import UploadLedger
from kycaid_async.bulk.ledger.opening import ledger_exists
from kycaid_async.bulk.manifest.check import ManifestCheck
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.rejects import UNCERTAIN, Rejects
from kycaid_async.bulk.manifest.row import ManifestRow
from kycaid_async.bulk.manifest_rows import CheckedManifest, EarlierRuns
from kycaid_async.bulk.row import BulkResult, BulkStatus
from kycaid_async.cli.frame import ManifestJob
from kycaid_async.cli.manifests import needs_documents, next_command
from kycaid_async.cli.upload.ending import advice, exit_code, summary_text
from kycaid_async.cli.upload.options import UploadCommand
from kycaid_async.cli.upload.report import page
from kycaid_async.cli.upload.screen import UploadScreen
from kycaid_async.cli.upload.stats import UploadStats, look_for
from kycaid_async.signals import run_async

if TYPE_CHECKING:
    from kycaid_async.bulk.upload import BulkUpload


def run(options: UploadCommand) -> int:
    """Do what ``options`` say; return the exit code. Raises `Problem` and `KycaidError` when nothing could begin."""
    return run_async(UploadJob(options).run) or 0


class UploadJob(ManifestJob[UploadCommand, UploadScreen]):
    """One run of ``kycaid upload``: the check, the upload, and what is said of both."""

    def __init__(self, options: UploadCommand) -> None:
        super().__init__(options, UploadScreen(as_json=options.as_json))
        self._stats = UploadStats(manifest=options.manifest, server=options.server)
        self._rejects: Rejects | None = None
        self._uncertain: Rejects | None = None
        self._upload: BulkUpload | None = None
        self._last_failure: Exception | None = None

    @property
    def _writes_back(self) -> bool:
        return not self._options.dry_run

    def _begin(self, manifest: Manifest) -> None:
        needs_documents(manifest, self._options.manifest, "upload")
        super()._begin(manifest)

    async def _work(self, manifest: Manifest) -> None:
        """Check and send."""
        aside = self._options.on_error == "continue" and not self._options.dry_run
        with Rejects(self._options.rejects, manifest) if aside else nullcontext() as self._rejects:
            check = await self._check(manifest)
            if not self._options.dry_run and (aside or not self._stats.bad):
                with Rejects(self._options.uncertain, manifest, mark=UNCERTAIN) as self._uncertain:
                    await self._send(manifest, check.good_rows())

    async def _check(self, manifest: Manifest) -> ManifestCheck:
        """Check all rows, beside those of earlier runs; return the check, which has the good ones."""
        ledger = await self._known()
        if ledger is None:
            return await self._tell_checked(ManifestCheck(manifest, name=manifest.path))
        try:
            with EarlierRuns(ledger, allow_same_files=self._options.reading.allow_same_files) as earlier:
                check = ManifestCheck(manifest, known=earlier.has_sent, clash=earlier.clash, name=manifest.path)
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

    async def _known(self) -> UploadLedger | None:
        """Open the ledger of an earlier run, for a look."""
        return await self._opened(read_only=True) if await ledger_exists(self._options.any_ledger) else None

    async def _opened(self, *, read_only: bool) -> UploadLedger:
        return await self._open_ledger(read_only=read_only, secret_from=self._options.ledger_secret)

    async def _send(self, manifest: Manifest, rows: Iterator[ManifestRow]) -> None:
        options = self._options
        await (await self._opened(read_only=False)).close()  # from here on it knows the folder of the manifest
        async with self._client() as client:
            self._upload = upload = client.bulk.upload(
                CheckedManifest(manifest, rows),
                ledger=options.any_ledger,
                engine=options.engine,
                on_uncertain=options.on_uncertain,
                on_error=options.on_error,
                same_account=options.same_account,
                applicants_at_once=options.applicants_at_once,
            )
            self._stats.begin(upload.summary)
            self._show()  # at once: a short upload is over before the next look
            async with upload:
                async for result in upload:
                    try:
                        self._note(result)
                    except OSError as error:
                        self._error = self._error or error
                        upload.drain()

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

    def _show(self) -> None:
        if self._upload is None:
            self._screen.checking(self._stats)
            return
        with self.letting_go(self._upload.drain):
            self._screen.sending(self._stats, self._upload.progress)

    def _drain(self) -> bool:
        if self._upload is None:
            self._screen.say("stopping; nothing was sent")
            return False
        self._upload.drain()
        flying = self._upload.progress.in_flight
        self._screen.say(f"finishing {flying} in flight; press Ctrl-C again to stop at once")
        return True

    def _why_ended(self) -> str:
        if self._error is not None and self._error is self._last_failure and not self._signal:
            return "stopped at the first row that failed"
        return super()._why_ended()

    async def _ended(self, _manifest: Manifest, /) -> int:
        options, stats = self._options, self._stats
        stats.note_end(self._why_ended())
        stats.note_files(rejects=_path_of(self._rejects), uncertain=_path_of(self._uncertain))
        if self._upload is not None:
            stats.note_summary(self._upload.summary)
        stats.note_end(self._write_report(options.report, partial(page, stats)))
        self._screen.summary(stats, summary_text(options, stats))
        self._say_end(stats.ended)
        for line in advice(options, stats, number=self._signal, error=self._error):
            self._screen.say(line)
        code = exit_code(options, stats, number=self._signal, error=self._error)
        if not code and stats.rows and not options.dry_run:
            command = next_command("verify", options, "--form", "FORM_ID")
            self._screen.hint(f"To start a verification of each applicant: {command}")
        return code


def _path_of(rejects: Rejects | None) -> Path | None:
    return rejects.path if rejects is not None and rejects.count else None
