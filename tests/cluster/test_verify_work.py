"""Applicants on a worker: what is started for them, however often their shard is sent."""

import contextlib
from datetime import UTC, datetime

import pytest

from kycaid_async import AsyncKycaid, BulkVerification
from kycaid_async.bulk.ledger import Ledger
from kycaid_async.bulk.verify.wanted import WantedVerification
from kycaid_async.cluster.cluster_verify import ClusterVerify
from kycaid_async.cluster.verify_work import ApplicantTask, Seal, VerifyWork
from tests.bulk.verify.conftest import FORM, OTHER_FORM, Trial
from tests.oracle.running import RunningOracle


@pytest.fixture
async def trial(tmp_path):
    async with (
        RunningOracle(tmp_path / "oracle") as oracle,
        AsyncKycaid(oracle.key, base_url=oracle.url) as client,
    ):
        yield Trial(client, oracle, str(tmp_path / "ledger"))


@pytest.fixture
def killed(trial):
    """Leave a ledger as a run does that was killed before the server got these verifications; return the applicant."""

    async def killed(*forms):
        (applicant_id,) = await trial.oracle.applicants(1)
        ledger = await Ledger.open(trial.ledger, server=trial.oracle.url, api_key=trial.oracle.key)
        for form in forms:
            await ledger.verifications.intend(applicant_id, form, count_before=0, now=datetime.now(UTC))
        await ledger.close()
        return applicant_id

    return killed


async def test_no_more_is_started_than_allowed_also_when_a_shard_is_sent_again(trial, killed):
    applicant_id = await killed(FORM, OTHER_FORM)
    wanted = [WantedVerification(form_id=form, rows=()) for form in (FORM, OTHER_FORM)]

    async def statuses():
        async def items():
            yield ApplicantTask(applicant_id=applicant_id, wanted=wanted, allowed=1)

        run = VerifyWork(Seal("run"), {"settle_after": 0}).run(trial.client, items(), trial.ledger)
        (outcome,) = [outcome async for outcome in run]
        return [result and result.status.value for result in outcome.results]

    first, _ = await statuses()
    again, other = await statuses()
    assert (first, again, other) == ("started", "done_before", None)
    assert trial.started == {(applicant_id, FORM): 1}


class Keeping:
    """An engine that keeps what it is handed, and gives it to nobody."""

    def __init__(self):
        self.tasks = []

    def verify(self, rows, plan, **options):
        return ClusterVerify(self, rows, plan, **options)

    @contextlib.asynccontextmanager
    async def dispatch(self, *_, **__):
        yield self

    async def outcomes(self, next_part):
        while (part := await next_part()) is not None:
            self.tasks += part[1].values()
        return
        yield


async def test_what_may_be_started_goes_to_what_an_earlier_run_left_open_first(trial, killed):
    applicant_id, engine = await killed(OTHER_FORM), Keeping()
    rows = [BulkVerification(applicant_id=applicant_id, form_id=form) for form in (FORM, OTHER_FORM)]
    await trial.client.bulk.verify_all(rows, ledger=trial.ledger, limit=1, engine=engine)
    (task,) = engine.tasks
    assert [wanted.form_id for wanted in task.wanted] == [OTHER_FORM]
    assert (task.allowed, task.is_left) == (1, True)
