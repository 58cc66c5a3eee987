"""Verifications in a shared ledger: none has two owners, and what one that died knew is kept."""

from datetime import UTC, datetime

import attrs
import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import VerificationState
from tests.bulk.ledger.shared import die
from tests.bulk.ledger.test_shared import opened  # noqa: F401 - a fixture

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ANN, BOB = "a" * 36, "b" * 36
FORM, OTHER_FORM = "c" * 36, "d" * 36


@pytest.fixture
def owner(opened):  # noqa: F811 - a fixture
    return opened


async def intend(ledger, applicant_id=ANN, form_id=FORM, count_before=0):
    return await ledger.verifications.intend(applicant_id, form_id, count_before=count_before, now=NOON)


async def test_what_one_owner_records_another_reads(owner):
    one, other = await owner(), (await owner()).verifications
    sent = await intend(one)
    one.verifications.created(await intend(one, BOB), "v" * 36)
    one.verifications.failed(await intend(one, BOB, None, count_before=None), "insufficient_data")
    assert await one.verifications.entry(ANN, OTHER_FORM) is None
    read = await other.entry(ANN, FORM)
    assert attrs.evolve(read, at=0.0) == attrs.evolve(sent, at=0.0)
    assert (read.state, read.count_before, read.intended_at) == (VerificationState.SENT, 0, NOON)
    assert (await other.by_id("v" * 36)).applicant_id == BOB
    assert await other.by_id("w" * 36) is None
    refused = await other.entry(BOB, None)
    assert (refused.state, refused.code, refused.count_before) == (VerificationState.FAILED, "insufficient_data", None)
    assert {entry.form_id for entry in await other.of(BOB)} == {FORM, None}
    assert [entry.applicant_id for entry in [entry async for entry in other.unsettled()]] == [ANN]
    assert [entry.applicant_id for entry in [entry async for entry in other.open()]] == [BOB]
    assert len([entry async for entry in other.all()]) == 3


async def test_an_applicant_is_one_however_its_id_is_spelt(owner):
    ledger = await owner()
    await intend(ledger, ANN.upper())
    assert [entry.applicant_id for entry in await ledger.verifications.of(ANN)] == [ANN.upper()]
    assert [name async for name in ledger.applicant_ids()] == [ANN.upper()]


async def test_what_was_started_is_not_intended_anew(owner):
    one, other = await owner(), await owner()
    one.verifications.created(await intend(one), "v" * 36)
    await one.verifications.entry(ANN, FORM)
    with pytest.raises(LedgerError, match="was not sent"):
        await intend(other)


async def test_a_verification_is_one_entrys_only(owner):
    one, other = await owner(), await owner()
    first, second = await intend(one), await intend(other, form_id=OTHER_FORM)
    assert await one.verifications.claim(first, "v" * 36)
    assert not await other.verifications.claim(second, "v" * 36)
    other.verifications.created(second, "v" * 36)
    assert (await other.verifications.entry(ANN, OTHER_FORM)).state is VerificationState.SENT
    with pytest.raises(LedgerError, match="nothing more is sent"):
        await intend(other, BOB)


async def test_a_dead_owner_records_nothing_over_what_another_sent(owner, sql):
    one = await owner()
    sent = await intend(one)
    die(sql)
    other = await owner()
    await intend(other)
    one.verifications.created(sent, "v" * 36)
    with pytest.raises(LedgerError, match="others may have taken over"):
        await one.verifications.entry(ANN, FORM)
    with pytest.raises(LedgerError, match="others may have taken over"):
        await one.close()
    assert (await other.verifications.entry(ANN, FORM)).state is VerificationState.SENT


async def test_what_a_dead_owner_still_knows_is_kept_where_nobody_sent_anew(owner, sql):
    one = await owner()
    sent = await intend(one)
    die(sql)
    one.verifications.created(sent, "v" * 36)
    with pytest.raises(LedgerError):
        await one.close()
    other = await owner()
    assert (await other.verifications.entry(ANN, FORM)).verification_id == "v" * 36


async def test_an_intent_that_was_not_carried_out_is_forgotten_and_an_earlier_one_comes_back(owner, sql):
    one = await owner()
    await intend(one, count_before=4)
    sql("UPDATE kycaid_verifications SET at = clock_timestamp() - INTERVAL '100 seconds'")
    die(sql)
    sql("UPDATE kycaid_owners SET expires = clock_timestamp() - INTERVAL '60 seconds'")
    ledger = await owner()
    records = ledger.verifications
    earlier = await records.entry(ANN, FORM)
    assert records.waited(earlier) == pytest.approx(60, abs=5)
    anew = await intend(ledger, count_before=5)
    assert records.waited(anew) < 5
    records.restore(earlier)
    back = await records.entry(ANN, FORM)
    assert (back.count_before, back.state) == (4, VerificationState.SENT)
    assert records.waited(back) == pytest.approx(60, abs=5)
    other = await intend(ledger, BOB)
    records.forget(other)
    assert await records.entry(BOB, FORM) is None


async def test_a_refusal_is_recorded_also_of_an_intent_that_was_forgotten(owner):
    ledger = await owner()
    sent = await intend(ledger)
    ledger.verifications.forget(sent)
    ledger.verifications.failed(sent, "insufficient_data")
    refused = await ledger.verifications.entry(ANN, FORM)
    assert (refused.state, refused.code) == (VerificationState.FAILED, "insufficient_data")
    assert (await intend(ledger)).state is VerificationState.SENT


async def test_a_result_is_kept_and_one_with_a_verdict_is_no_longer_open(owner):
    one, other = await owner(), await owner()
    one.verifications.created(await intend(one), "v" * 36)
    await one.verifications.entry(ANN, FORM)
    text = other.verifications.seal("Jane")
    for verdict, number in ((None, 1), ("passed", 0)):
        other.verifications.record_result(
            "v" * 36, status="completed", verdict=verdict, result=f'{{"a": "{text}"}}', now=NOON
        )
        assert len([entry async for entry in other.verifications.open()]) == number
    known = await one.verifications.entry(ANN, FORM)
    assert (known.status, known.verdict, known.looked_at) == ("completed", "passed", NOON)
    assert one.verifications.unseal(text) == "Jane"


async def test_all_entries_come_once_however_many_there_are(owner, monkeypatch):
    monkeypatch.setattr("kycaid_async.bulk.ledger.shared.verifications._AT_ONCE", 3)
    ledger = await owner()
    for number in range(10):
        await intend(ledger, f"{number:036}")
    assert sorted([entry.applicant_id async for entry in ledger.verifications.all()]) == [
        f"{number:036}" for number in range(10)
    ]
