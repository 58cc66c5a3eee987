"""Verifications in the ledger: an intent before each start, one id for one entry, and results beside them."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import VerificationState
from kycaid_async.bulk.ledger.entries import NO_BOOT_TIME
from kycaid_async.bulk.ledger.repair import repair, show
from tests.bulk.ledger.formats import as_format_3, format_2
from tests.bulk.ledger.test_ledger import SENT, opened

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ANN, BOB = "a" * 36, "b" * 36
FORM, OTHER_FORM = "c" * 36, "d" * 36


async def intend(ledger, applicant_id=ANN, form_id=FORM, count_before=0):
    return await ledger.verifications.intend(applicant_id, form_id, count_before=count_before, now=NOON)


async def test_what_was_intended_and_recorded_is_there_in_the_next_run(tmp_path):
    ledger = await opened(tmp_path / "l")
    sent = await intend(ledger)
    ledger.verifications.created(await intend(ledger, BOB), "v" * 36)
    ledger.verifications.failed(await intend(ledger, BOB, None), "insufficient_data")
    await ledger.close()
    again = await opened(tmp_path / "l")
    records = again.verifications
    assert await records.entry(ANN, FORM) == sent
    assert (sent.state, sent.count_before, sent.intended_at) == (VerificationState.SENT, 0, NOON)
    assert (await records.entry(BOB, FORM)).verification_id == "v" * 36
    refused = await records.entry(BOB, None)
    assert (refused.state, refused.code) == (VerificationState.FAILED, "insufficient_data")
    assert await records.entry(ANN, OTHER_FORM) is None
    assert {entry.form_id for entry in await records.of(BOB)} == {FORM, None}
    assert [entry.applicant_id for entry in [entry async for entry in records.unsettled()]] == [ANN]
    assert [entry.applicant_id for entry in [entry async for entry in records.open()]] == [BOB]
    await again.close()


async def test_an_intent_is_on_the_disk_when_the_call_returns(tmp_path):
    ledger = await opened(tmp_path / "l")
    await intend(ledger)
    for name in ("l", "l-wal", "l.key"):  # as a killed process leaves them
        (tmp_path / name.replace("l", "copy", 1)).write_bytes((tmp_path / name).read_bytes())
    await ledger.close()
    copy = await opened(tmp_path / "copy")
    assert (await copy.verifications.entry(ANN, FORM)).state is VerificationState.SENT
    await copy.close()


async def test_a_verification_that_another_entry_has_cannot_be_claimed(tmp_path):
    ledger = await opened(tmp_path / "l")
    first, second = await intend(ledger), await intend(ledger, form_id=OTHER_FORM)
    assert await ledger.verifications.claim(first, "v" * 36)
    assert not await ledger.verifications.claim(second, "v" * 36)
    assert (await ledger.verifications.by_id("v" * 36)).form_id == FORM
    assert (await ledger.verifications.entry(ANN, OTHER_FORM)).state is VerificationState.SENT
    await ledger.close()


async def test_a_server_that_gives_one_id_twice_is_not_trusted_with_more(tmp_path):
    ledger = await opened(tmp_path / "l")
    first, second = await intend(ledger), await intend(ledger, BOB)
    ledger.verifications.created(first, "v" * 36)
    ledger.verifications.created(second, "v" * 36)
    with pytest.raises(LedgerError, match="for a new verification the server gave the id"):
        await intend(ledger, form_id=OTHER_FORM)
    assert (await ledger.verifications.entry(BOB, FORM)).state is VerificationState.SENT
    with pytest.raises(LedgerError):
        await ledger.close()


async def test_an_intent_that_was_not_carried_out_is_forgotten_and_one_that_was_is_not(tmp_path):
    ledger = await opened(tmp_path / "l")
    unsent, sent = await intend(ledger), await intend(ledger, BOB)
    ledger.verifications.created(sent, "v" * 36)
    ledger.verifications.forget(unsent)
    ledger.verifications.forget(sent)
    assert await ledger.verifications.entry(ANN, FORM) is None
    assert await ledger.verifications.entry(BOB, FORM) is not None
    await ledger.close()


async def test_a_result_is_kept_and_one_with_a_verdict_is_no_longer_open(tmp_path):
    ledger = await opened(tmp_path / "l")
    records = ledger.verifications
    records.created(await intend(ledger), "v" * 36)
    records.record_result("v" * 36, status="pending", verdict=None, result=None, now=NOON)
    assert [entry.status async for entry in records.open()] == ["pending"]
    later = NOON + timedelta(hours=1)
    records.record_result("v" * 36, status="completed", verdict="declined", result="{}", now=later)
    assert [entry async for entry in records.open()] == []
    entry = await records.entry(ANN, FORM)
    assert (entry.status, entry.verdict, entry.result, entry.looked_at) == ("completed", "declined", "{}", later)
    await ledger.close()


async def test_all_entries_come_once_however_many_there_are(tmp_path):
    ledger = await opened(None)
    for number in range(1203):
        await intend(ledger, f"{number:036}")
    assert sorted([entry.applicant_id async for entry in ledger.verifications.all()]) == [
        f"{number:036}" for number in range(1203)
    ]
    await ledger.close()


async def test_the_time_that_passed_since_one_was_sent_counts_over_runs(tmp_path):
    now = [100.0]
    ledger = await opened(tmp_path / "l", clock=lambda: now[0], boot=lambda: NO_BOOT_TIME)
    await intend(ledger)
    now[0] += 3
    await ledger.close()
    again = await opened(tmp_path / "l", clock=lambda: now[0], boot=lambda: NO_BOOT_TIME)
    now[0] += 2
    assert again.verifications.waited(await again.verifications.entry(ANN, FORM)) == 5
    await again.close()


async def test_a_ledger_of_the_format_before_gets_the_table_and_keeps_its_rows(tmp_path):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.close()
    as_format_3(tmp_path / "l")
    assert show(tmp_path / "l").problem is None
    looked = await opened(tmp_path / "l", read_only=True)
    assert [entry async for entry in looked.verifications.all()] == []
    assert await looked.row(b"1") is not None
    await looked.close()
    again = await opened(tmp_path / "l")
    await intend(again)
    assert await again.row(b"1") is not None
    await again.close()
    last = await opened(tmp_path / "l", read_only=True)
    assert [entry.applicant_id async for entry in last.verifications.all()] == [ANN]
    await last.close()
    assert show(tmp_path / "l").format == "5"


async def test_a_ledger_of_the_first_format_gets_the_table_too(tmp_path):
    format_2(tmp_path / "l")
    ledger = await opened(tmp_path / "l")
    await intend(ledger)
    assert (await ledger.verifications.entry(ANN, FORM)).state is VerificationState.SENT
    await ledger.close()


async def test_verifications_survive_a_repair_and_refused_ones_are_unknown_after_it(tmp_path):
    ledger = await opened(tmp_path / "l")
    ledger.verifications.created(await intend(ledger), "v" * 36)
    ledger.verifications.failed(await intend(ledger, BOB), "insufficient_data")
    await intend(ledger, BOB, OTHER_FORM)
    await ledger.close()
    content = bytearray((tmp_path / "l").read_bytes())
    content[60:64] = (int.from_bytes(content[60:64], "big") ^ 1).to_bytes(4, "big")
    (tmp_path / "l").write_bytes(content)
    report, kept = repair(tmp_path / "l")
    assert kept
    assert report.verifications == {"created": 1, "sent": 1}
    again = await opened(tmp_path / "l")
    assert again.may_have_gaps
    assert (await again.verifications.entry(ANN, FORM)).verification_id == "v" * 36
    assert await again.verifications.entry(BOB, FORM) is None
    await again.close()


async def test_the_digests_of_two_ledgers_have_nothing_in_common(tmp_path):
    one, two = await opened(tmp_path / "one"), await opened(tmp_path / "two")
    assert (await intend(one)).digest != (await intend(two)).digest
    await one.close()
    await two.close()


async def test_an_entry_that_makes_no_sense_is_said_to_be_damage(tmp_path):
    ledger = await opened(tmp_path / "l")
    await intend(ledger)
    await ledger.close()
    connection = sqlite3.connect(tmp_path / "l")
    connection.execute("UPDATE verifications SET state = 'maybe'")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    again = await opened(tmp_path / "l")
    with pytest.raises(LedgerError, match="damaged"):
        await again.verifications.entry(ANN, FORM)
    await again.close()
