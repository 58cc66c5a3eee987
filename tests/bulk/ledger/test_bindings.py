"""What no database can hold costs nobody else: neither what is recorded with it, nor what comes after it."""

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import EntryState
from tests.bulk.ledger.test_ledger import SENT, opened

ODD = ["\ud800", "a\udfff", "a\0"]


@pytest.mark.parametrize("odd", ODD)
async def test_a_text_that_is_no_unicode_is_kept_escaped_with_all_that_is_recorded_beside_it(tmp_path, odd):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.intend_row(b"2", SENT)
    ledger.created_row(b"1", "d" * 36)
    ledger.failed_row(b"2", odd)
    ledger.uploaded(b"content", odd)
    await ledger.intend_applicant(b"x", b"says")
    ledger.uncertain_row(b"3", odd)
    assert not await ledger.claim_row(b"3", odd)
    assert await ledger.rows_of(odd) == []
    await ledger.close()
    again = await opened(tmp_path / "l")
    assert (await again.row(b"1")).document_id == "d" * 36
    assert (await again.row(b"2")).state is EntryState.FAILED
    assert (await again.row(b"2")).code.isprintable()
    assert (await again.file(b"content")).isprintable()
    await again.close()


async def test_a_number_that_is_too_large_is_refused_and_all_else_is_recorded(tmp_path):
    ledger = await opened(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    ledger.created_row(b"1", "d" * 36)
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(LedgerError, match="64 bits"):
            await ledger._database.write_durable("DELETE FROM rows WHERE at = ?", number)
        with pytest.raises(LedgerError, match="64 bits"):
            ledger._database.write_behind("DELETE FROM rows WHERE at = ?", number)
        with pytest.raises(LedgerError, match="64 bits"):
            await ledger._database.read("SELECT ?", number)
    assert await ledger._database.read("SELECT ?, ?", 2**63 - 1, -(2**63)) == [(2**63 - 1, -(2**63))]
    await ledger.intend_row(b"2", SENT)
    await ledger.close()
    again = await opened(tmp_path / "l")
    assert (await again.row(b"1")).document_id == "d" * 36
    assert (await again.row(b"2")).state is EntryState.SENT
    await again.close()
