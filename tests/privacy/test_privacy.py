"""A short run of marks through everything; ``python -m tests.privacy`` is the long one."""

import importlib
import json
import pkgutil
import random
import subprocess
import sys

import attrs
import pytest

import kycaid_async
from kycaid_async import AsyncKycaid
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.masking import Discreet
from tests import derived, figures
from tests.docs.pages import DOCS
from tests.privacy import marked, places, shown
from tests.privacy.marked import M


def test_marks_that_went_through_everything_stand_nowhere():
    command = [sys.executable, "-W", "ignore", "-m", "tests.privacy", "--share", "0.006", "--seed", "6"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'marks found': 0" in done.stdout


PLANTED = """
import sys
from kycaid_async.api.section import Section
from kycaid_async.api import phone_numbers as module
from kycaid_async.tracebacks import confidential

@confidential
async def check(self, phone):
    return await self._call(module.CHECK, body=module.PhoneNumberCheck(phone=phone)) or phone

module.PhoneNumbers.check = check
from tests.privacy.__main__ import main
sys.exit(main(["--kinds", "calls", "--only", "async · phone_numbers.check · objects · 404"]))
"""


def found_by(program):
    """Return what a run finds into which something was planted."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_a_leak_is_found():
    """A method as several were: it holds what it was given for as long as it waits."""
    found = found_by(PLANTED)
    assert "async · phone_numbers.check · objects · 404: variables in sentry: " in found
    assert "<number>" in found


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
async def test_a_passage_sends_marks(name, server, make_client):
    """Else nothing would be shown by it."""
    of_nobody = {"business_activities.list", "countries.list", "forms.list", "languages.list", "verifications.report"}
    section, _, method = name.partition(".")
    server.answer(404, {"type": "not_found"})
    client = make_client(server.url, check=False, max_retries=0)
    answer = marked.arguments(name, "keywords", random.Random(1)).call(getattr(getattr(client, section), method))
    with pytest.raises(kycaid_async.NotFoundError):
        await (answer if hasattr(answer, "__await__") else anext(answer))
    (request,) = server.requests
    sent = M.found_in(f"{request.path} {request.query} {request.body.decode(errors='replace')}")
    assert (sent == []) is (name in of_nobody)


async def test_an_answer_of_a_passage_is_read(server, make_client):
    server.answer(200, marked.answer("applicants.get"))
    client: AsyncKycaid = make_client(server.url, check=False)
    person = await client.applicants.get(M.ident)
    assert (M.answer in person.first_name, person.applicant_id) == (True, M.ident)


def test_the_documentation_has_the_list_of_places():
    """After a change: ``python -m tests.derived`` writes it."""
    page = (DOCS / "explanation" / "security.md").read_text(encoding="utf-8")
    assert places.as_markdown() in page, f"`{derived.COMMAND}` has to write the list of places anew"


def test_the_documentation_says_how_much_the_recorded_run_made():
    page = (DOCS / "explanation" / "security.md").read_text(encoding="utf-8")
    made = json.loads((figures.RESULTS / "privacy.json").read_text(encoding="utf-8"))["figures"]["passages"]
    assert made in page


def test_a_run_that_is_cut_off_says_so_and_fails_only_for_what_it_found():
    command = [sys.executable, "-W", "ignore", "-m", "tests.privacy", "--minutes", "0", "--kinds", "objects"]
    done = subprocess.run([*command, "--seed", "6"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 1," in done.stdout
    assert "passages, drawn at random: the others were not made" in done.stdout


def fail_from(cause):
    error = LookupError("it failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        fail_from(ValueError(M.name)),
        ExceptionGroup("several", [ValueError(M.name)]),
        ExceptionGroup("several", [fail_from(KeyError(M.name))]),
    ],
    ids=["a cause", "a member", "a cause of a member"],
)
def test_what_hangs_on_an_error_is_looked_at(error):
    shown_as = shown.of_error(error)
    assert M.found_in(shown_as["error, str"]) == ["name"]
    assert M.found_in(shown_as["error, pickle"]) == ["name"]


METRICS = """
import sys
from tests.privacy.__main__ import main
from tests.privacy.marked import M
from tests.privacy.watch import Watch

Watch.metrics = lambda self: M.number
sys.exit(main(["--kinds", "calls", "--minutes", "0"]))
"""


def test_what_metrics_hold_is_looked_at():
    assert "metrics: '<number>'" in found_by(METRICS)


PERSONAL = {
    *("body", "content", "data", "document", "documents", "fields", "filename", "head", "raw", "row", "rows", "values"),
}
"""Names of attributes that may hold what is personal."""
HARMLESS = {
    "bulk.delivery.PreparedRow.row": "a row prints itself masked",
    "bulk.delivery._RowDelivery.row": "a row prints itself masked",
    "bulk.audit.result.AuditedRow.row": "the same",
    "bulk.audit.judge.Judge.rows": "the same",
    "bulk.row.BulkResult.row": "the same",
    "bulk.verify.wanted.WantedVerification.rows": "such rows print themselves masked",
    "bulk.verify.evidence._Question.rows": "answers print themselves masked",
    "bulk.ledger.database._Change.values": "what a ledger holds: ids, codes and keyed digests",
    "bulk.ledger.shared.transactions.Work.values": "the same",
    "bulk.ledger.repair.LedgerReport.rows": "numbers of rows",
    "bulk.spool.Spool.rows": "numbers",
    "cli.calls.output.Output.fields": "names of fields",
    "cli.calls.options.OutputFlags.fields": "the same",
    "cli.calls.run.CallOptions.fields": "the same",
    "cli.serve.SandboxFlags.data": "a folder",
    "otel._Metrics.rows": "a counter",
    "cli.demo.report.FileOutcome.document": "an answer prints itself masked",
    "values.constraints.OneOf.values": "words of the reference",
    "web.problem.ProblemDetails.content": "what is answered to whoever calls: it has no personal data",
    "web.receive.Reply.content": "the same",
    "transport.aiohttp.session._Body.data": "it has the repr of an object",
}


def classes():
    """Yield each attrs class of the package, but those of the sandbox, which has made-up data only."""
    for module in pkgutil.walk_packages(kycaid_async.__path__, "kycaid_async."):
        if not any(part in module.name for part in (".sandbox", ".examples", ".migrations", "__main__", ".web.django")):
            try:
                found = importlib.import_module(module.name)
            except ImportError:  # of an extra that is not here
                continue
            yield from (c for c in vars(found).values() if isinstance(c, type) and c.__module__ == module.name)


def test_no_object_prints_an_attribute_that_may_be_personal():
    printing = {
        f"{cls.__module__.removeprefix('kycaid_async.')}.{cls.__name__}.{field.name.lstrip('_')}"
        for cls in classes()
        if attrs.has(cls) and not issubclass(cls, Discreet)
        for field in attrs.fields(cls)
        if field.repr is True and field.name.lstrip("_") in PERSONAL and field.type not in (int, "int")
    }
    assert printing - HARMLESS.keys() == set(), "attrs.field(repr=False), or a reason why it is harmless"
