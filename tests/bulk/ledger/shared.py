"""A PostgreSQL for tests of a shared ledger, empty at the start of each."""

import pytest

from kycaid_async.bulk.ledger.shared.lease import Lease
from tests.callbacks.servers import postgres


@pytest.fixture(scope="module")
def postgresql():
    with postgres() as place:
        yield f"postgresql://kycaid@{place}"


@pytest.fixture
def ledger_url(postgresql):
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgresql.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
def sql(postgresql):
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as connection:
        yield connection.execute


def die(sql):
    """Let every owner that there is be one whose lease is over, and that was declared dead."""
    sql("UPDATE kycaid_owners SET expires = clock_timestamp() - INTERVAL '1 second', dead = TRUE")


def owners_of(sql):
    return sql("SELECT count(*) FROM kycaid_owners").fetchone()[0]


def end_leases(monkeypatch):
    """Let every lease be over by the clock of this machine, as for a process that was stopped."""

    def over(lease):
        raise lease.error()

    monkeypatch.setattr(Lease, "check", over)
