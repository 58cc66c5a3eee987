"""``kycaid verify``: a look at what would be started, a question, and then the verifications."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import typer

from kycaid_async.bulk.ledger.opening import ledger_exists, ledger_name
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.rejects import UNCERTAIN, Rejects
from kycaid_async.bulk.verify import BulkVerify, VerifyResult, VerifyStatus, VerifySummary
from kycaid_async.cli.frame import ManifestJob
from kycaid_async.cli.manifests import aside_of, ledger_of, next_command
from kycaid_async.cli.problems import Problem, UsageProblem
from kycaid_async.cli.reading import words_of
from kycaid_async.cli.verify.options import VerifyCommand
from kycaid_async.cli.verify.screen import VerifyScreen
from kycaid_async.errors import LedgerError, ManifestError
from kycaid_async.shell import command_line
from kycaid_async.signals import run_async
from kycaid_async.uploads.reader import in_thread

if TYPE_CHECKING:
    from kycaid_async.api.verifications.fields import CheckTypeName

_NOT_ALL, _MISUSED = 1, 2


def run(options: VerifyCommand) -> int:
    """Do what ``options`` say; return the exit code. Raises `Problem` and `KycaidError` when nothing could begin."""
    look = VerifyJob(options, dry_run=True)
    code = run_async(look.run)
    if code is not None:
        return code
    number = look.summary.to_start + look.summary.uncertain
    if options.limit is not None:
        number = min(number, options.limit)
    if not number:
        return run_async(VerifyJob(options, dry_run=True, is_told=True).run) or 0
    _agree_to(number, options, look.summary)
    return run_async(VerifyJob(options, limit=number).run) or 0


def _agree_to(number: int, options: VerifyCommand, summary: VerifySummary) -> None:
    """Ask before money is spent. Raises `Problem` when the answer is no, or nobody can be asked."""
    most = options.max_verifications
    words = f"{number:,} verification{'' if number == 1 else 's'}"
    if most is not None and number > most:
        raise UsageProblem(f"{words} would be started, which is more than --max-verifications {most:,}: none was")
    if summary.mixed_forms:
        rows = f"{summary.mixed_forms:,} applicant{'' if summary.mixed_forms == 1 else 's'}"
        told = f"{rows} with rows that name no form beside rows that do: all go by the form that is named."
        typer.echo(f"{told} --dry-run names them.", err=True)
    if options.yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageProblem(f"{words} would be started, and each costs a fee: say --yes, or look with --dry-run")
    if number < summary.verifications:
        typer.echo(f"{summary.verifications:,} verifications: {summary.words()}.", err=True)
    if not typer.confirm(f"Start {words}? Each costs a fee", err=True):
        raise Problem("nothing was started")


class VerifyJob(ManifestJob[VerifyCommand, VerifyScreen]):
    """A run over the verifications of a manifest: the look with ``dry_run``, or the start of at most ``limit``."""

    def __init__(
        self, options: VerifyCommand, *, dry_run: bool = False, is_told: bool = False, limit: int | None = None
    ) -> None:
        super().__init__(options, VerifyScreen(as_json=options.as_json))
        self._dry_run = dry_run
        self._limit = options.limit if limit is None else limit
        self._is_told = is_told or options.dry_run or not dry_run
        """False for the look before a run: only what keeps that from beginning is told."""
        self._uncertain: dict[int, str] = {}
        """Why, by the line of each row."""
        self._verify: BulkVerify | None = None

    @property
    def summary(self) -> VerifySummary:
        """Counts of what was found, or started."""
        return VerifySummary() if self._verify is None else self._verify.summary

    def _begin(self, manifest: Manifest) -> None:
        if self._options.ledger_url is None:
            self._needs_ledger(manifest)
        if self._dry_run:
            super()._begin(manifest)

    def _needs_ledger(self, manifest: Manifest) -> None:
        """Raise `UsageProblem` where there is no ledger, unless somebody said that it is a new one."""
        ledger = self._options.ledger
        if manifest.names_documents and not ledger.exists():
            raise UsageProblem(
                f"{ledger}: there is no such ledger, so nothing is known to be sent; --ledger names another"
            )
        if not manifest.names_documents and ledger == ledger_of(self._options.manifest) and not ledger.exists():
            # Another ledger may have started the same applicants, and each would be paid for again.
            raise UsageProblem(
                f"{ledger}: there is no such ledger, so nothing is known to be started. --ledger names the one that "
                "knows these applicants, such as that of their upload; or a new one, when nobody started them before"
            )

    async def _work(self, manifest: Manifest) -> None:
        options = self._options
        if await ledger_exists(options.any_ledger):
            await self._look_at_the_ledger()
        async with self._client() as client:
            self._verify = verify = client.bulk.verify(
                manifest,
                ledger=options.any_ledger,
                form_id=options.form,
                partial=options.partial,
                limit=self._limit,
                dry_run=self._dry_run,
                on_uncertain="create" if options.create_uncertain else "set_aside",
                callback_url=options.callback_url,
                types=cast("list[CheckTypeName] | None", options.types),
                same_account=options.same_account,
                engine=None if self._dry_run else options.engine,
            )
            async with verify:
                async for result in verify:
                    with self.letting_go(verify.drain):
                        self._tell(result)

    def _tell(self, result: VerifyResult) -> None:
        is_bad = result.status is VerifyStatus.NOT_DELIVERED and result.applicant_id is None and not result.keys
        if self._is_told or (is_bad and not self._options.partial):
            self._screen.result(result)
        if result.status is VerifyStatus.UNCERTAIN and not self._dry_run:
            seen = f" It could be {', '.join(result.candidates)}." if result.candidates else ""
            told = f"{result.reason} Look for a verification of applicant {result.applicant_id}.{seen}"
            self._uncertain |= dict.fromkeys(result.lines, told)

    def _show(self) -> None:
        if self._verify is None:
            return
        progress = self._verify.progress
        if self._dry_run:
            self._screen.checking(progress.summary.read)
        else:
            self._screen.starting(progress)

    def _drain(self) -> bool:
        if self._verify is None or self._dry_run:
            return False
        self._verify.drain()
        flying = self._verify.progress.in_flight
        self._screen.say(f"finishing {flying} in flight; press Ctrl-C again to stop at once")
        return True

    async def _ended(self, manifest: Manifest, /) -> int | None:
        if self._is_only_a_look:
            return None
        uncertain = await in_thread(lambda: self._set_aside(manifest)) if self._uncertain else None
        ended, summary = self._why_ended(), self.summary
        self._screen.summary(summary, self._summary_text(), ended=ended)
        self._say_end(ended)
        for line in self._advice(uncertain, ended):
            self._screen.say(line)
        if not ended and not self._dry_run and summary.started + summary.done_before:
            more = ("--wait", "6h", "-o", "verdicts.xlsx")
            command = next_command("results", self._options, *more)
            self._screen.hint(f"For the verdicts: {command}")
        return self._exit_code()

    @property
    def _is_only_a_look(self) -> bool:
        bad = self.summary.bad and not self._options.partial
        return not (self._is_told or bad or self._signal or self._error)

    def _set_aside(self, manifest: Manifest) -> str:
        """Write the rows of those that are uncertain, as they stand in the manifest; return the name of the file."""
        path = aside_of(self._options.manifest, self._options.ledger, mark=UNCERTAIN)
        with Rejects(path, manifest, mark=UNCERTAIN) as aside:
            for row in manifest.rows():
                if row.line in self._uncertain:
                    aside.add(row, self._uncertain[row.line])
        return str(aside.path)

    def _summary_text(self) -> str:
        summary = self.summary
        if not summary.read:
            return "Nothing was started." if self._error or self._signal else "Nothing to verify: there are no rows."
        if self._dry_run:
            told = f" {summary.left:,} more applicants are over the limit." if summary.left else ""
            counts = f"{summary.verifications:,} verifications: {summary.words()}."
            return f"Nothing was started{', this was a dry run' if self._options.dry_run else ''}. {counts}{told}"
        if not summary.verifications:
            nothing = "Nothing is known to be started" if self._may_have_begun else "Nothing was started"
            return f"{nothing}; {summary.applicants:,} applicants left."
        return str(summary)

    @property
    def _may_have_begun(self) -> bool:
        """True when it was cut off at a moment at which some were sent, and their answers were lost with it."""
        was_cut_off = bool(self._signal) or isinstance(self._error, LedgerError)
        return was_cut_off and (self.summary.requests > 0 or self._options.engine is not None)

    def _advice(self, uncertain: str | None, ended: str) -> Iterator[str]:
        options, summary = self._options, self.summary
        if summary.bad and not options.partial:
            rows = "1 row is bad" if summary.bad == 1 else f"{summary.bad:,} rows are bad"
            yield f"{rows}, and nobody can tell whose they are. Correct what is named above, or say --partial."
        if ended and summary.started:
            ledger = ledger_name(options.any_ledger)
            yield f"What was started is recorded in {ledger}. Run the same command again to go on."
        if uncertain is not None:
            words = ["kycaid", "verify", uncertain, *options.ledger_words_elsewhere]
            words += ["--form", options.form] if options.form else []
            words += ["--types", ",".join(options.types)] if options.types else []
            words += ["--callback-url", options.callback_url] if options.callback_url else []
            yield (
                f"The uncertain ones are in {uncertain}, each with what to look for. Run the same command again later: "
                "it asks the server once more. To start them anew, which may cost a second fee, run: "
                f"{command_line([*words, *words_of(options.reading), '--on-uncertain', 'create'])}"
            )

    def _exit_code(self) -> int:
        summary = self.summary
        if self._signal:
            return 128 + self._signal
        if isinstance(self._error, ManifestError) or (summary.bad and not self._options.partial):
            return _MISUSED
        well = summary.started + summary.done_before + (summary.to_start if self._dry_run else 0)
        return _NOT_ALL if self._error or well < summary.verifications or summary.left else 0
