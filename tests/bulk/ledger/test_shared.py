"""A ledger in PostgreSQL, shared by owners that live, die, and come back."""

import asyncio
import contextlib
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.claims import locks_of
from kycaid_async.bulk.ledger import EntryState, Intent, LedgerOwner
from kycaid_async.bulk.ledger.shared import statements
from kycaid_async.bulk.ledger.shared.lease import suspend_clock
from kycaid_async.bulk.ledger.shared.shared_ledger import SharedLedger, name_of
from kycaid_async.bulk.ledger.shared.transactions import SharedDatabase
from kycaid_async.bulk.ledger.shared.works import Work
from tests.bulk.ledger.shared import die

KEY = "0123456789abcdef0123456789abcdef"
SERVER = "https://api.kycaid.com"
ROW, OTHER = b"r" * 32, b"o" * 32
APPLICANT = b"a" * 32
TABLES = ("kycaid_rows", "kycaid_files", "kycaid_claims")
INTENT = Intent(applicant_id="f" * 36, type="PASSPORT", file_ids={"front_side": "1" * 36})


class Clock:
    """A clock of one machine, which a stopped process does not see go on."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return suspend_clock() + self.ahead


@pytest.fixture(params=["psycopg", "asyncpg"])
async def opened(ledger_url, request):
    """Open the ledger as one more owner."""
    ledgers = []
    ledger_url = ledger_url.replace("psycopg", request.param)

    async def open_ledger(**options):
        owner = LedgerOwner(server=SERVER, api_key=options.pop("api_key", KEY))
        ledger = await SharedLedger.open(ledger_url, owner, **options)
        ledgers.append(ledger)
        return ledger

    yield open_ledger
    for ledger in ledgers:
        with contextlib.suppress(LedgerError):
            await ledger.close()


async def test_what_one_owner_records_another_reads(opened):
    one, other = await opened(), await opened()
    await one.intend_row(ROW, INTENT, b"says")
    one.created_row(ROW, "d" * 36)
    assert await one.has_created(ROW, "d" * 36)
    assert await one.has_created(ROW, "d" * 36)  # also long after
    assert not await one.has_created(ROW, "e" * 36)
    entry = await other.row(ROW)
    assert entry.state is EntryState.CREATED
    assert entry.document_id == "d" * 36
    assert entry.intent == INTENT
    assert other.has_said(entry, b"says")
    assert [e.digest for e in await other.rows_of(INTENT.applicant_id)] == [entry.digest]
    assert await other.rows_of(INTENT.applicant_id, besides=ROW) == []
    assert [e.document_id async for e in other.rows()] == ["d" * 36]


async def test_a_claim_is_one_owners_until_it_lets_go(opened):
    one, other = await opened(), await opened()
    assert await one.try_claim(ROW)
    assert not await other.try_claim(ROW)
    one.release(ROW)
    await one.row(ROW)
    assert await other.try_claim(ROW)


async def test_of_many_who_claim_at_once_one_gets_it(opened):
    owners = [await opened() for _ in range(4)]
    names = [bytes([number]) * 32 for number in range(40)]
    answers = await asyncio.gather(*(owner.try_claim(name) for name in names for owner in owners))
    assert sum(answers) == len(names)


async def test_a_lock_is_waited_for_among_processes(opened):
    one, other = await opened(), await opened()
    order = []

    async def work(name, ledger):
        async with locks_of(ledger, asyncio.sleep).of(ROW):
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(*(work(name, ledger) for name, ledger in [("a", one), ("b", other)] * 3))
    assert all(order[at] == order[at + 1] for at in range(0, len(order), 2))


async def test_a_claim_and_a_look_behind_it_are_one_transaction(opened, monkeypatch):
    one = await opened()
    transactions = []
    inner = SharedDatabase._transact

    async def counted(database, works, **options):
        transactions.append([work.statement for work in works])
        return await inner(database, works, **options)

    monkeypatch.setattr(SharedDatabase, "_transact", counted)
    async with locks_of(one, asyncio.sleep).look(ROW, lambda: one.row(ROW)) as entry:
        assert entry is None
        assert transactions == [[statements.CLAIM, statements.ROW]]


async def test_its_level_of_isolation_is_its_own(opened, ledger_url, sql):
    database = ledger_url.rpartition("/")[2]
    sql(f"ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'")
    try:
        connection = (await opened())._database._connection
    finally:
        sql(f"ALTER DATABASE {database} RESET default_transaction_isolation")
    async with connection.begin():
        shown = await connection.exec_driver_sql("SHOW transaction_isolation")
        assert shown.scalar_one() == "read committed"


async def test_a_look_behind_a_claim_shows_what_was_recorded_by_who_had_it(opened):
    ledgers = [await opened() for _ in range(4)]
    seen = []

    async def work(number, ledger):
        row = b"%32d" % (number // 4)
        async with locks_of(ledger, asyncio.sleep).look(row, lambda: ledger.row(row)) as entry:
            seen.append(entry)
            if entry is None:
                await ledger.intend_row(row, INTENT)
                ledger.created_row(row, f"{number:036}")

    await asyncio.gather(*(work(number, ledgers[number % 4]) for number in range(80)))
    assert seen.count(None) == 20
    assert len({entry.document_id for entry in seen if entry is not None}) == 20


async def test_what_was_looked_at_before_somebody_elses_claim_ended_is_looked_at_anew(opened):
    one, other = await opened(), await opened()
    assert await one.try_claim(sha256(ROW).digest())

    async def pause(_):
        await one.intend_row(ROW, INTENT)
        one.created_row(ROW, "d" * 36)
        one.release(sha256(ROW).digest())
        await one.row(ROW)

    async with locks_of(other, pause).look(ROW, lambda: other.row(ROW)) as entry:
        assert entry.document_id == "d" * 36


async def test_who_cannot_look_has_no_claim(opened):
    one, other = await opened(), await opened()

    async def look():
        await one.row(ROW)
        raise KeyError

    locks = locks_of(one, asyncio.sleep)
    with pytest.raises(KeyError):
        async with locks.look(ROW, look):
            pass
    await one.row(ROW)
    assert not locks.is_held(ROW)
    assert await other.try_claim(sha256(ROW).digest())


async def test_entries_are_found_by_their_keys_however_small_the_tables_were_at_first(opened, sql):
    one = await opened()
    for number in range(30):
        digest = b"%32d" % number
        await one.try_claim(digest)
        assert await one.row(digest) is await one.file(digest) is None
        await one.intend_row(digest, INTENT)
        one.created_row(digest, f"{number:036}")
        one.uploaded(digest, f"{number:036}")
        one.release(digest)
    await one.row(ROW)
    read = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = %s"
    before = [sql(read, [name]).fetchone()[0] for name in TABLES]
    await one.close()
    assert [sql(read, [name]).fetchone()[0] for name in TABLES] == before == [0] * len(TABLES)


async def test_the_claim_of_a_dead_owner_is_taken_over(opened, sql):
    one = await opened()
    assert await one.try_claim(ROW)
    die(sql)
    other = await opened()
    assert await other.try_claim(ROW)


async def test_an_owner_that_says_nothing_for_a_lease_is_declared_dead(opened, sql):
    one = await opened(lease=2.0)
    assert await one.try_claim(ROW)
    one._database._renewal.cancel()  # as SIGSTOP does
    sql("UPDATE kycaid_owners SET lease = 0.01")  # the database itself was started a moment ago
    other = await opened(lease=2.0)
    while not await other.try_claim(ROW):
        await asyncio.sleep(0.05)
    with pytest.raises(LedgerError, match="others may have taken over"):
        await one.intend_row(OTHER, INTENT)


async def test_an_owner_that_works_for_longer_than_its_lease_stays_alive(opened, sql):
    one, other = await opened(lease=2.0), await opened(lease=2.0)
    sql("UPDATE kycaid_owners SET lease = 0.01")
    assert await one.try_claim(ROW)
    await asyncio.sleep(3)
    assert not await other.try_claim(ROW)
    one.guard()


async def test_nothing_leaves_once_the_lease_may_be_over_by_the_own_clock(opened):
    clock = Clock()
    one = await opened(clock=clock, lease=30.0)
    one.guard()
    clock.ahead = 25.0
    with pytest.raises(LedgerError, match="others may have taken over"):
        one.guard()


async def test_a_dead_owner_records_nothing_over_what_another_recorded(opened, sql):
    one = await opened()
    await one.intend_row(ROW, INTENT)
    die(sql)
    other = await opened()
    await other.intend_row(ROW, INTENT)
    one.created_row(ROW, "d" * 36)
    with pytest.raises(LedgerError, match="others may have taken over"):
        await one.row(ROW)
    with pytest.raises(LedgerError, match="others may have taken over"):
        await one.close()
    entry = await other.row(ROW)
    assert entry.state is EntryState.SENT
    other.created_row(ROW, "e" * 36)
    assert await other.has_created(ROW, "e" * 36)


async def test_what_a_dead_owner_still_knows_is_kept_where_nobody_sent_anew(opened, sql):
    one = await opened()
    await one.intend_applicant(APPLICANT, b"says")
    await one.intend_row(ROW, INTENT)
    die(sql)
    one.created_applicant(APPLICANT, "9" * 36)
    one.forget_row(ROW)
    with pytest.raises(LedgerError):
        await one.close()
    other = await opened()
    assert (await other.applicant(APPLICANT)).applicant_id == "9" * 36
    assert await other.row(ROW) is None


async def test_what_somebody_waits_for_as_the_lease_is_over_is_kept_too(opened, sql):
    one = await opened()
    await one.intend_row(ROW, INTENT)
    die(sql)
    one.created_row(ROW, "d" * 36)
    with pytest.raises(LedgerError, match="others may have taken over"):
        await one.has_created(ROW, "d" * 36)
    with pytest.raises(LedgerError):
        await one.close()
    assert (await (await opened()).row(ROW)).document_id == "d" * 36


async def test_what_is_on_record_as_made_is_not_intended_anew(opened):
    one, other = await opened(), await opened()
    await one.intend_row(ROW, INTENT)
    one.created_row(ROW, "d" * 36)
    await one.row(ROW)
    with pytest.raises(LedgerError, match="was not sent"):
        await other.intend_row(ROW, INTENT)


async def test_time_counts_from_the_end_of_a_dead_owners_lease(opened, sql):
    one = await opened()
    await one.intend_row(ROW, INTENT)
    sql("UPDATE kycaid_rows SET at = clock_timestamp() - INTERVAL '100 seconds'")
    other = await opened()
    assert other.waited(await other.row(ROW)) == pytest.approx(100, abs=5)
    sql("UPDATE kycaid_owners SET expires = clock_timestamp() - INTERVAL '10 seconds', dead = TRUE")
    other = await opened()
    assert other.waited(await other.row(ROW)) == pytest.approx(10, abs=5)


async def test_a_document_is_one_rows_only(opened):
    one, other = await opened(), await opened()
    for ledger, row in ((one, ROW), (other, OTHER)):
        await ledger.intend_row(row, INTENT)
    one.created_row(ROW, "d" * 36)
    assert await one.has_created(ROW, "d" * 36)
    assert not await other.claim_row(OTHER, "d" * 36)
    other.created_row(OTHER, "d" * 36)
    assert not await other.has_created(OTHER, "d" * 36)
    with pytest.raises(LedgerError, match="nothing more is sent"):
        await other.intend_row(b"x" * 32, INTENT)


async def test_a_database_that_goes_away_and_comes_back_is_waited_for(opened, sql):
    one = await opened()
    assert await one.try_claim(ROW)
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kycaid_async'")
    await one.intend_row(ROW, INTENT)
    assert (await one.row(ROW)).state is EntryState.SENT
    assert [entry.state async for entry in one.rows()] == [EntryState.SENT]


async def test_rows_failures_and_files_come_and_go(opened):
    one = await opened()
    one.failed_row(ROW, "validation")
    assert (await one.row(ROW)).code == "validation"
    await one.intend_row(ROW, INTENT)
    one.uncertain_row(ROW, "refused")
    assert (await one.row(ROW)).code == "refused"
    one.forget_row(ROW)
    one.failed_row(ROW, "again")
    assert (await one.row(ROW)).state is EntryState.FAILED
    one.uploaded(OTHER, "1" * 36)
    one.uploaded(OTHER, "2" * 36)
    assert await one.file(OTHER) == "2" * 36
    one.forget_file(OTHER, "1" * 36)
    assert await one.file(OTHER) == "2" * 36
    one.forget_file(OTHER, "2" * 36)
    assert await one.file(OTHER) is None


async def test_it_is_of_one_server_and_of_one_account(opened, ledger_url):
    await opened()
    with pytest.raises(LedgerError, match="another API key"):
        await opened(api_key="z" * 32)
    with pytest.raises(LedgerError, match="each server needs"):
        await SharedLedger.open(ledger_url, LedgerOwner(server="https://other", api_key=KEY))


async def test_a_ledger_of_a_newer_version_is_left_alone(opened, sql):
    await opened()
    sql("UPDATE kycaid_about SET value = '99' WHERE name = 'version'")
    with pytest.raises(LedgerError, match="newer version"):
        await opened()


async def test_an_older_ledger_is_brought_to_the_newest_version(opened, sql, monkeypatch):
    one = await opened()
    await one.intend_row(ROW, INTENT)
    newer = statements.NEWEST + 1
    monkeypatch.setitem(statements.MIGRATIONS, newer, ("ALTER TABLE kycaid_rows ADD COLUMN note TEXT",))
    monkeypatch.setattr(statements, "NEWEST", newer)
    other = await opened()
    assert (await other.row(ROW)).state is EntryState.SENT
    assert sql("SELECT value FROM kycaid_about WHERE name = 'version'").fetchone() == (str(newer),)
    assert sql("SELECT note FROM kycaid_rows").fetchall() == [(None,)]


async def test_a_ledger_from_before_verifications_gets_their_table_and_keeps_its_rows(opened, sql, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(statements, "NEWEST", 1)
        one = await opened()
        await one.intend_row(ROW, INTENT)
    assert sql("SELECT to_regclass('kycaid_verifications')").fetchone() == (None,)
    with pytest.raises(LedgerError, match="of an older version"):
        await opened(read_only=True)
    other = await opened()
    assert (await other.row(ROW)).state is EntryState.SENT
    assert await other.verifications.of(INTENT.applicant_id) == []


async def test_many_open_a_new_ledger_at_once(opened):
    ledgers = await asyncio.gather(*(opened() for _ in range(4)))
    assert len({ledger._lease.number for ledger in ledgers}) == 4


async def test_there_is_a_ledger_once_somebody_made_it(opened, ledger_url):
    assert not await SharedLedger.exists(ledger_url)
    await opened()
    assert await SharedLedger.exists(ledger_url)


async def test_what_is_asked_of_it_shows_neither_its_values_nor_its_answer():
    answer = asyncio.get_running_loop().create_future()
    answer.set_result([("MARKED",)])
    assert "MARKED" not in repr(Work(statements.ROW, ("MARKED",), answer))


def test_its_name_has_no_password():
    assert name_of("postgresql+psycopg://me:secret@db:5433/kyc?sslmode=require") == "postgresql+psycopg://db:5433/kyc"


@pytest.mark.parametrize("url", ["mysql+aiomysql://db/kyc", "postgresql+psycopg2://db/kyc", "no url"])
def test_other_databases_are_refused(url):
    with pytest.raises(LedgerError):
        name_of(url)


@pytest.mark.parametrize("odd", ["\ud800", "a\udfff", "a\0"])
async def test_a_text_that_no_database_can_hold_is_kept_escaped_with_all_that_is_recorded_beside_it(opened, odd):
    ledger = await opened()
    await ledger.intend_row(ROW, INTENT)
    await ledger.intend_row(OTHER, INTENT)
    ledger.created_row(ROW, "d" * 36)
    ledger.uncertain_row(OTHER, odd)
    ledger.uploaded(b"content", odd)
    assert await ledger.rows_of(odd) == []
    assert await ledger.verifications.among([odd, "v" * 36]) == {}
    entry = await ledger.verifications.intend("a" * 36, None, count_before=0, now=datetime.now(UTC))
    ledger.verifications.created(entry, "v" * 36)
    now = datetime.now(UTC)
    ledger.verifications.record_result("v" * 36, status=odd, verdict=None, result="{}", now=now)
    assert (await ledger.verifications.by_id("v" * 36)).status.isprintable()
    await ledger.close()
    again = await opened()
    assert (await again.row(ROW)).document_id == "d" * 36
    assert (await again.row(OTHER)).code.isprintable()
    assert (await again.file(b"content")).isprintable()


async def test_a_number_that_is_too_large_is_refused_and_the_ledger_goes_on(opened):
    ledger = await opened()
    with pytest.raises(LedgerError, match="64 bits"):
        await ledger.verifications.intend("a" * 36, None, count_before=2**63, now=datetime.now(UTC))
    await ledger.intend_row(ROW, INTENT)
    assert (await ledger.row(ROW)).state is EntryState.SENT
