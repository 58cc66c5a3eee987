"""``client.bulk``: many documents."""

from typing import Unpack

import attrs

from kycaid_async.api.section import Caller
from kycaid_async.bulk.audit import AuditOptions, AuditPlan, AuditRows, BulkAudit
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.places import AnyPath
from kycaid_async.bulk.manifest_rows import CheckedManifest
from kycaid_async.bulk.results import BulkResults, BulkVerdict, ResultsOptions, ResultsPlan, ResultsRows, ResultsSummary
from kycaid_async.bulk.row import BulkResult, BulkSummary
from kycaid_async.bulk.upload import BulkUpload, Rows, UploadOptions, UploadPlan
from kycaid_async.bulk.verify import (
    BulkVerify,
    VerifyOptions,
    VerifyPlan,
    VerifyResult,
    VerifyRows,
    VerifySummary,
    rows_of,
)
from kycaid_async.timing import Timing
from kycaid_async.tracebacks import bordered, confidential
from kycaid_async.transport.settings import Settings


@attrs.define
class Bulk:
    """Delivers many documents: none lost, none made twice, whatever happens on the way."""

    _call: Caller = attrs.field(repr=False)
    _settings: Settings = attrs.field(repr=False)
    _timing: Timing = attrs.field(repr=False)

    @bordered
    def upload(self, rows: Rows | AnyPath | Manifest | CheckedManifest, **options: Unpack[UploadOptions]) -> BulkUpload:
        """Return a run over ``rows``; iterate over it: ``async for result in client.bulk.upload(rows): …``.

        ``rows`` is any iterable or async iterable of `BulkRow`; it is read as the work goes on, and never held whole.
        Or it is the path of a manifest, or a `Manifest`: that is checked as a whole first, and `ManifestError` ends the
        run before anything is sent when a row of it is bad, or would send files that went to another applicant before
        (``allow_same_files=True`` lets it). The keywords of `read_manifest` say how a path is to be read.

        What concerns one row is a value, ``result.error``. What ends the run is raised, as `BulkUpload` says.

        * ``ledger``: a file that records what was sent and what came of it. The same rows with the same ledger go on
          where the last run was cut off, even by a crash, and leave alone what is done. A failed row is tried again.
          It is bound to the server and the account of the key. Its ``-wal`` and ``.key`` files are a part of it.
          Without a file, each content and each applicant is still sent once, and lost answers are still settled,
          within this run.
        * ``on_uncertain``: what becomes of a row when something was sent, no answer came, and nobody can tell whether
          the server acted. That is so for an applicant, which cannot be looked up, and for a document that looks like
          another one of its applicant. ``set_aside``, the default, names the row and leaves it; ``create`` creates
          anew, once a run, what an earlier run with the same ledger left so: that may make a second one.
        * ``on_error``: ``continue``, the default; or ``stop``, which ends the run with the error of the first row that
          fails.
        * ``concurrency``: at most so many rows under way, and never more than the client's ``max_connections``, or than
          this process may open files and connections for. It begins lower, grows while the server answers as quickly,
          and halves when the server refuses. Rows that wait, for the server, for an applicant or after a lost answer,
          do not count. Default: ``max_connections``; with a ledger in a database twice as many, because about half of
          them wait for it, and still no more requests than connections.
        * ``applicants_at_once``: at most so many applicants are being made at one time, 4 by default. Of those nobody
          can find out later: when the run is killed, they and their rows are uncertain.
        * ``give_up_after``: seconds without an answer of use after which the run ends, 300 by default. Until then it
          waits for a server that is away, and no row fails for it. While the server takes requests and does not say
          what it did with them, nothing is created but one at a time, after pauses that grow, to see whether it is well
          again.
        * ``settle_after``: seconds after which a document whose answer was lost, and which the server does not show,
          is taken as not made. It counts the time that has certainly passed since it was sent, in this run and those
          before. Default: 5 more than the client waits for an answer (``Timeout.read``), since the
          server may be at work for as long. A shorter time risks a second document.
        * ``same_account``: the ledger was begun with another key, and this one is of the same account.
        * ``ledger_secret``: where the secret is from that the digests in a new ledger are keyed with. ``file``: a file
          beside it, ``.key``, as by default. ``api-key``: the API key, of 32 characters or more; then nothing lies
          beside the ledger that could be lost or copied with it. A ledger that was made knows where its secret is from,
          and is refused when something else is asked for.
        * ``ledger_secret_key``: the API key that a ledger was made with, when its secret is from that, and your key is
          a new one by now. Default: the environment's ``KYCAID_LEDGER_KEY``.
        * ``ledger_lease``: seconds after which others that share the ledger, in a database, take over from a process
          that says nothing, 30 by default.
        * ``engine``: what carries the upload out on many processes or machines, `kycaid_async.cluster.DaskEngine`.
        * ``urls``: the rules for sides that are URLs; see `UrlRules`. Rows of a manifest keep to those of
          the manifest.

        Raises `ConfigurationError` for values that make no sense.
        """
        plan = UploadPlan(**options)
        make = BulkUpload if plan.engine is None else plan.engine.upload
        return make(plan.source_of(rows), plan, caller=self._call, settings=self._settings, timing=self._timing)

    @bordered
    def audit(self, rows: AuditRows | Manifest, **options: Unpack[AuditOptions]) -> BulkAudit:
        """Return a look at what the server has of ``rows``; iterate over it: ``async for result in audit``.

        It writes nothing, on the server or in the ledger. It tells of each row, by the documents of its applicant and
        by the ledger, whether its document is there as sent, there twice, missing or different, or that it cannot be
        told: what is not shown proves nothing. That finds what no client can prevent, such as a server that acted
        minutes late, or a gateway that delivered a request twice. Files are not read, and their content on the server
        is not compared: what counts is the id that the upload got for it.

        * ``rows``: as they were uploaded, see `upload`; or as `read_manifest` gives them, bad ones included; or a
          `Manifest`.
        * ``ledger``: the one of the upload, which no run may have open meanwhile.
        * ``state``: a small file of digests, so that an audit that was cut off is gone on from within six hours. It
          is gone when an audit comes to its end. ``fresh`` asks for all again.
        * ``concurrency``: at most so many applicants at once; as with `upload` it adapts to what the server takes.
        * ``give_up_after``: seconds without an answer of use after which the audit ends, 300 by default.
        * ``settle_after``: seconds after a row was sent before which it does not count as missing. Default as in
          `upload`.
        * ``same_account``: the ledger was begun with another key, and this one is of the same account.
        * ``ledger_secret``, ``ledger_secret_key``, ``ledger_lease``: as with `upload`.

        Raises `ConfigurationError` for values that make no sense; what ends it early is raised by the iteration.
        """
        plan = AuditPlan(**options)
        source = rows.rows() if isinstance(rows, Manifest) else rows
        return BulkAudit(source, plan, caller=self._call, settings=self._settings, timing=self._timing)

    @bordered
    def verify(self, rows: VerifyRows | Manifest, **options: Unpack[VerifyOptions]) -> BulkVerify:
        """Return a run that starts verifications; iterate over it: ``async for result in client.bulk.verify(rows, …)``.

        One verification for each applicant and form, and none twice, since each costs a fee. What is about to be
        started is on the disk before it is sent. What got no answer is looked for in the report of the days since,
        and in the count that the applicant has: when both show it, it is recorded; when neither does, it is sent
        again; when they disagree, or one cannot be asked, it is uncertain, set aside and named.

        * ``rows``: as they were uploaded, see `upload`, or a `Manifest`, read as for the upload: then an applicant is
          verified when all its rows are delivered by the ledger; one without columns for types and files names
          applicants that are there. Or ids of applicants, pairs of an applicant's and a
          form's id, or `BulkVerification`. All are read before anything is started.
        * ``form_id``: the form, for all rows that name none of their own. Rows of documents that do
          (`BulkRow.form_id`, the column ``form_id``) speak for their applicant: the others go by them, which the result
          notes, and where they name two forms, it gets a verification with each. Of ids, pairs and
          `BulkVerification`, each asks for its own form, or for this one; two that ask for the same are one.
        * ``ledger``: the one of the upload. It knows the applicants that were made, and what was started.
        * ``partial``: start the verification of an applicant too of whose rows only some are delivered.
        * ``limit``: start at most so many.
        * ``dry_run``: say what would be started, for whom, and why not for the others. Nothing is sent or written.
        * ``on_uncertain``: ``create`` starts anew, once a run, what an earlier run left uncertain: that may cost a
          second fee. ``set_aside``, the default, asks the server once more, and leaves it.
        * ``callback_url``, ``types``: as in ``verifications.create``, for rows that name none of their own. Rows that
          disagree about one verification start none.
        * ``settle_after``: seconds after which a verification whose answer was lost, and which the server does not
          show, is taken as not started. Default as in `upload`. A shorter time risks a second fee.
        * ``concurrency``, ``give_up_after``, ``same_account``, ``ledger_secret``, ``ledger_secret_key``,
          ``ledger_lease``: as with `upload`.
        * ``engine``: what starts them on many processes or machines, `kycaid_async.cluster.DaskEngine`.

        A refusal is a value, ``result.status`` with ``result.advice``; only what concerns the account ends the run.
        Raises `ConfigurationError` for values that make no sense.
        """
        plan = VerifyPlan(**options)
        source = rows_of(rows) if isinstance(rows, Manifest) else rows
        make = BulkVerify if plan.engine is None else plan.engine.verify
        return make(source, plan, caller=self._call, settings=self._settings, timing=self._timing)

    @confidential
    async def verify_all(
        self, rows: VerifyRows | Manifest, **options: Unpack[VerifyOptions]
    ) -> tuple[list[VerifyResult], VerifySummary]:
        """Start all verifications and return their results, in the order of the rows, and a summary.

        Takes and raises what `verify` does. It holds all results; for very many, iterate over `verify`.
        """
        run = self.verify(rows, **options)
        results = [result async for result in run]
        return sorted(results, key=lambda result: result.numbers), run.summary

    @bordered
    def results(self, rows: ResultsRows | Manifest | None = None, **options: Unpack[ResultsOptions]) -> BulkResults:
        """Return a look at the verdicts of a ledger's verifications; iterate: ``async for verdict in results``.

        It gives each applicant's verdict, with each check and each decline reason, as far as it is known by now. What
        runs is looked up in the report, 1,000 a call, and only what is finished is asked for one by one. The ledger
        keeps what was found, so that the next run asks for what is open only.

        * ``rows``: as they were uploaded, see `upload`; or as `read_manifest` gives them, or a `Manifest`; or what was
          given to `verify`. They tell
          your own keys and their order, which no ledger has. Without them, all applicants of the ledger come, by id.
        * ``ledger``: the one of the upload and of the verifications.
        * ``wait``: for how many seconds to look again, after pauses that grow up to 5 minutes, while some are open. By
          default it looks once.
        * ``per_document``: tell the review of each document too: one more request for each applicant that is decided.
        * ``fresh``: ask for those that are decided, too: a person at KYCAID may have decided anew.
        * ``concurrency``: at most so many requests at once; as with `upload` it adapts to what the server takes.
        * ``give_up_after``: seconds without an answer of use after which it ends, 300 by default.
        * ``same_account``, ``ledger_secret``, ``ledger_secret_key``, ``ledger_lease``: as with `upload`.

        Raises `ConfigurationError` for values that make no sense; what ends it early is raised by the iteration, after
        the verdicts that are known.
        """
        plan = ResultsPlan(**options)
        source = rows_of(rows) if isinstance(rows, Manifest) else rows
        return BulkResults(source, plan, caller=self._call, settings=self._settings, timing=self._timing)

    @confidential
    async def results_all(
        self, rows: ResultsRows | Manifest | None = None, **options: Unpack[ResultsOptions]
    ) -> tuple[list[BulkVerdict], ResultsSummary]:
        """Return all verdicts, in the order of the rows, and a summary.

        Takes and raises what `results` does. It holds all verdicts; for very many, iterate over `results`.
        """
        results = self.results(rows, **options)
        return [verdict async for verdict in results], results.summary

    @confidential
    async def upload_all(
        self, rows: Rows | AnyPath | Manifest, **options: Unpack[UploadOptions]
    ) -> tuple[list[BulkResult], BulkSummary]:
        """Deliver all ``rows`` and return their results, in the order of the rows, and a summary.

        Takes and raises what `upload` does. It holds all results; for very many rows, iterate over `upload`.
        """
        upload = self.upload(rows, **options)
        results = [result async for result in upload]
        return sorted(results, key=lambda result: result.number), upload.summary
