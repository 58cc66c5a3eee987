"""Verifications that share a ledger in a database: at once, one after another, and after an owner died."""

import asyncio
from collections import Counter

import pytest

from kycaid_async import AsyncKycaid, ConfigurationError, LedgerError
from kycaid_async.bulk.audit.run import AuditPlan
from kycaid_async.bulk.results.run import ResultsPlan
from kycaid_async.bulk.verify.run import VerifyPlan
from tests.bulk.ledger.shared import die, end_leases
from tests.bulk.verify.conftest import FORM, Trial
from tests.bulk.verify.test_wanted import document

EACH_ONCE = {1}


LOST = {"on": ["verifications.create"], "answers": ["reset"], "count": 2}


@pytest.fixture
async def trial(oracle, ledger_url):
    async with AsyncKycaid(oracle.key, base_url=oracle.url) as client:
        yield Trial(client, oracle, ledger_url)


@pytest.fixture
async def crowd(oracle):
    return await oracle.applicants(30)


async def test_two_runs_at_once_start_each_verification_once(trial, crowd):
    one, other = await asyncio.gather(trial.verify(crowd), trial.verify(crowd))
    assert set(trial.started.values()) == EACH_ONCE
    assert len(trial.started) == 30
    told = [sorted(result.status.value for result in pair) for pair in zip(one, other, strict=True)]
    assert told == [["done_before", "started"]] * 30


async def test_an_upload_its_verifications_its_verdicts_and_its_audit_share_a_ledger(trial, crowd):
    rows = [document(number, applicant_id) for number, applicant_id in enumerate(crowd[:5])]
    await trial.client.bulk.upload_all(rows[:4], ledger=trial.ledger)
    assert Counter(await trial.statuses(rows)) == {"started": 4, "not_delivered": 1}
    assert Counter(await trial.statuses(rows)) == {"done_before": 4, "not_delivered": 1}
    verdicts, _ = await trial.client.bulk.results_all(rows, ledger=trial.ledger)
    assert Counter(found.verdict.value for found in verdicts) == {"pending": 4, "not_started": 1}
    known, _ = await trial.client.bulk.results_all(ledger=trial.ledger)
    assert {found.applicant_id for found in known} == set(crowd[:4])
    audit = [found async for found in trial.client.bulk.audit(rows, ledger=trial.ledger)]
    assert Counter(found.status.value for found in audit) == {"as_sent": 4, "not_sent": 1}


async def test_one_whose_answer_was_lost_is_found_by_another_run(trial, crowd, oracle):
    await oracle.set(faults=[LOST])
    assert await trial.statuses(crowd[:3], settle_after=0) == ["started"] * 3
    assert set(trial.started.values()) == EACH_ONCE


async def test_a_run_whose_lease_is_over_pays_for_nothing_more(trial, crowd, sql):
    run = trial.client.bulk.verify(crowd, ledger=trial.ledger, form_id=FORM, settle_after=0)
    with pytest.raises(LedgerError, match="others may have taken over"):
        await each(run, lambda: die(sql))
    started = len(trial.started)
    assert started < 30
    results = await trial.verify(crowd, settle_after=0)
    assert {result.status.value for result in results} <= {"started", "done_before"}
    assert set(trial.started.values()) == EACH_ONCE
    assert len(trial.started) == 30


async def test_nothing_leaves_in_the_last_part_of_a_lease_and_nothing_is_uncertain_after_it(trial, crowd, monkeypatch):
    with monkeypatch.context() as later:
        end_leases(later)
        with pytest.raises(LedgerError, match="others may have taken over"):
            await trial.verify(crowd[:1])
    assert not trial.started
    assert await trial.statuses(crowd[:1], settle_after=3600) == ["started"]


async def test_a_dry_run_makes_no_tables(trial, crowd, sql):
    assert await trial.statuses(crowd[:2], dry_run=True) == ["to_start"] * 2
    assert sql("SELECT to_regclass('kycaid_about')").fetchone() == (None,)


@pytest.mark.parametrize("look", ["results", "audit"])
async def test_where_there_is_no_ledger_nothing_is_known_and_none_is_made(trial, crowd, sql, look):
    with pytest.raises(LedgerError, match="there is no such ledger"):
        _ = [found async for found in getattr(trial.client.bulk, look)([document(0, crowd[0])], ledger=trial.ledger)]
    assert sql("SELECT to_regclass('kycaid_about')").fetchone() == (None,)


@pytest.mark.parametrize("plan", [VerifyPlan, ResultsPlan, AuditPlan])
def test_a_plan_shows_no_password_and_takes_a_lease(plan):
    made = plan(ledger="postgresql+psycopg://me:secret@db/kyc?password=secret", ledger_lease=10)
    assert "secret@" not in repr(made)
    assert "password" not in repr(made)
    with pytest.raises(ConfigurationError, match="ledger_lease"):
        plan(ledger="l.db", ledger_lease=10)


async def each(run, do):
    async for _ in run:
        do()
