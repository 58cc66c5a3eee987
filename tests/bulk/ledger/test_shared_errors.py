"""Errors of a ledger in PostgreSQL, without one: they hold nothing of its URL but its place."""

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger.shared import transactions
from kycaid_async.bulk.ledger.shared.shared_ledger import SharedLedger, name_of
from tests.privacy.shown import all_of

PASSWORD = "Zq" + "PASSWORD"  # made here, so that no line that is quoted has it


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
async def test_an_error_of_the_database_holds_no_password(driver, monkeypatch):
    pytest.importorskip(driver)
    monkeypatch.setattr(transactions, "_PATIENCE_AT_FIRST", 0)
    with pytest.raises(LedgerError, match="cannot be used as a ledger") as caught:
        await SharedLedger.exists(f"postgresql+{driver}://u:{PASSWORD}@127.0.0.1:1/x")
    assert {type(one) for one in all_of(caught.value)} == {LedgerError}, "what the driver raises holds its connection"
    assert PASSWORD not in f"{caught.value!r}"


@pytest.mark.parametrize("url", [f"postgresql+psycopg//u:{PASSWORD}@h", f"postgresql://u:{PASSWORD}@h:port/x"])
def test_what_is_no_url_is_not_quoted(url):
    with pytest.raises(LedgerError) as caught:
        name_of(url)
    assert [type(one) for one in all_of(caught.value)] == [LedgerError]
    assert PASSWORD not in f"{caught.value!r}"
