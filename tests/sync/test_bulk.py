"""Many documents with the blocking client."""

import asyncio
import sqlite3
import threading
import traceback

import pytest

from kycaid_async import AuthenticationError, BulkRow, BulkStatus, ConfigurationError, Kycaid, LedgerError, Person
from kycaid_async.bulk.manifest.manifest import Manifest
from tests.pictures import PNG_START


@pytest.fixture
async def client(sandbox, elsewhere):
    client = Kycaid(sandbox.api_key, base_url=sandbox.url)
    yield client
    await elsewhere(client.close)


@pytest.fixture
async def rows(client, elsewhere):
    applicants = [await elsewhere(lambda: client.applicants.create(Person(first_name="Jane"))) for _ in range(3)]

    def make(count: int):
        for number in range(count):
            document = {"type": "OTHER", "document_number": f"N{number}"}
            content = PNG_START + b"%d " % number * 100
            yield BulkRow(
                document=document | {"type": TYPES[number // 3 % len(TYPES)]},
                applicant_id=applicants[number % 3],
                front_side=content,
                key=str(number),
            )

    return make


TYPES = ["PASSPORT", "GOVERNMENT_ID", "DRIVERS_LICENSE", "SELFIE_IMAGE", "TAX_ID_NUMBER", "BANK_STATEMENT"]


async def test_the_results_of_all_rows_come_from_a_plain_iterator(client, rows, sandbox, elsewhere):
    results = await elsewhere(lambda: list(client.bulk.upload(rows(18))))
    assert {result.status for result in results} == {BulkStatus.CREATED}
    assert sandbox.counts()["documents"] == 18


async def test_rows_are_read_in_the_thread_that_iterates(client, rows, elsewhere):
    def work():
        here = threading.get_ident()
        database = sqlite3.connect(":memory:")  # it refuses to be read in any other thread
        database.execute("create table numbers (n)")
        database.executemany("insert into numbers values (?)", [(n,) for n in range(18)])
        made = {row.key: row for row in rows(18)}
        threads = set()

        def from_database():
            for (number,) in database.execute("select n from numbers"):
                threads.add(threading.get_ident())
                yield made[str(number)]

        results = list(client.bulk.upload(from_database()))
        database.close()
        return len(results), threads == {here}

    assert await elsewhere(work) == (18, True)


async def test_all_results_come_in_the_order_of_the_rows_with_a_summary(client, rows, elsewhere, tmp_path):
    results, summary = await elsewhere(lambda: client.bulk.upload_all(rows(12), ledger=tmp_path / "ledger"))
    assert [result.row.key for result in results] == [str(n) for n in range(12)]
    assert (summary.created, summary.failed) == (12, 0)
    _, again = await elsewhere(lambda: client.bulk.upload_all(rows(12), ledger=tmp_path / "ledger"))
    assert (again.done_before, again.requests) == (12, 0)


async def test_a_run_that_is_drained_ends_and_goes_on_later(client, rows, sandbox, elsewhere, tmp_path):
    def first():
        with client.bulk.upload(rows(18), ledger=tmp_path / "ledger", concurrency=1) as upload:
            done = [next(upload).row.key]
            upload.drain()
            done += [result.row.key for result in upload]
            return done, upload.summary.rows, upload.progress.in_flight

    done, counted, in_flight = await elsewhere(first)
    assert len(done) == counted < 18
    assert in_flight == 0
    await elsewhere(lambda: list(client.bulk.upload(rows(18), ledger=tmp_path / "ledger")))
    assert sandbox.counts()["documents"] == 18


async def test_a_run_that_is_left_early_goes_on_later(client, rows, sandbox, elsewhere, tmp_path):
    def first():
        with client.bulk.upload(rows(18), ledger=tmp_path / "ledger") as upload:
            return next(upload).status

    assert await elsewhere(first) is BulkStatus.CREATED
    # What was cut off in flight is waited for; a server in this process has acted by then.
    await elsewhere(lambda: list(client.bulk.upload(rows(18), ledger=tmp_path / "ledger", settle_after=1)))
    assert sandbox.counts()["documents"] == 18


async def test_an_error_of_what_gives_the_rows_ends_the_run_after_the_rows_before_it(client, rows, sandbox, elsewhere):
    def broken():
        yield from rows(5)
        raise LookupError("mine")

    def work():
        upload, done = client.bulk.upload(broken()), []
        with pytest.raises(LookupError, match="mine"):
            done.extend(upload)
        return upload.summary.created

    assert await elsewhere(work) <= 5
    assert sandbox.counts()["documents"] <= 5


async def test_an_interruption_while_rows_are_read_loses_none_of_them(client, rows, elsewhere):
    class Source:
        """Rows with one interruption among them, as Ctrl-C makes it: what gives the rows can go on."""

        def __init__(self):
            self.rows, self.pressed = iter(made), False

        def __iter__(self):
            return self

        def __next__(self):
            if not self.pressed and len(given) == 3:
                self.pressed = True
                raise KeyboardInterrupt
            given.append(row := next(self.rows))
            return row

    made, given = list(rows(12)), []

    def work():
        upload, done = client.bulk.upload(Source()), []
        with pytest.raises(KeyboardInterrupt):
            next(upload)
        done += [result.row.key for result in upload]
        return sorted(done, key=int)

    assert await elsewhere(work) == [str(n) for n in range(12)]


def test_what_makes_no_sense_is_refused_at_once(sandbox):
    client = Kycaid(sandbox.api_key, base_url=sandbox.url)
    with pytest.raises(ConfigurationError, match="concurrency"):
        client.bulk.upload([], concurrency=0)


async def test_a_manifest_is_read_as_by_the_other_client(client, elsewhere, tmp_path):
    path = tmp_path / "ids.csv"
    path.write_text(f"applicant_id,key\n{'a' * 36},k1\n")

    def work():
        ids = Manifest.open(path)
        options = {"ledger": tmp_path / "ledger", "form_id": "f" * 36}
        planned, _ = client.bulk.verify_all(ids, dry_run=True, **options)
        client.bulk.upload_all([], ledger=tmp_path / "ledger")
        verdicts, _ = client.bulk.results_all(ids, ledger=tmp_path / "ledger")
        audited = list(client.bulk.audit(ids, ledger=tmp_path / "ledger"))
        return (
            [(one.status, one.keys) for one in planned],
            [one.keys for one in verdicts],
            [one.line for one in audited],
        )

    assert await elsewhere(work) == ([("to_start", ("k1",))], [("k1",)], [2])


async def test_an_audit_tells_of_each_row(client, rows, elsewhere, tmp_path):
    def work():
        client.bulk.upload_all(rows(5), ledger=tmp_path / "ledger")
        with client.bulk.audit(rows(6), ledger=tmp_path / "ledger") as audit:
            found = sorted(audit, key=lambda result: result.number)
            return [result.status for result in found], audit.summary

    statuses, summary = await elsewhere(work)
    assert statuses == ["as_sent"] * 5 + ["not_sent"]
    assert (summary.rows, summary.is_proven) == (6, False)


def everything_at_hand(error):
    """The variables of all frames of this package, as a crash reporter sends them."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return repr([frame.f_locals for frame in frames if "kycaid_async/" in frame.f_code.co_filename])


async def test_a_ledger_with_a_secret_from_the_key_is_refused_with_another_key(
    client, rows, sandbox, elsewhere, tmp_path
):
    path = tmp_path / "l"
    made = list(await elsewhere(lambda: list(rows(6))))
    await elsewhere(lambda: client.bulk.upload_all(made, ledger=path, ledger_secret="api-key"))
    before = sandbox.counts()

    def with_another_key():
        with Kycaid("f" * 36, base_url=sandbox.url) as other:
            for key, error in ((None, LedgerError), (sandbox.api_key, AuthenticationError)):
                with pytest.raises(error):
                    next(other.bulk.audit(made, ledger=path, same_account=True, ledger_secret_key=key))
            with pytest.raises(LedgerError) as refused:
                other.bulk.upload_all(made, ledger=path, ledger_secret_key=sandbox.api_key)
            assert sandbox.api_key not in everything_at_hand(refused.value)
            with pytest.raises(ConfigurationError) as refused:
                other.bulk.upload(made, ledger=path, ledger_secret_key=sandbox.api_key, concurrency=0)
            assert sandbox.api_key not in everything_at_hand(refused.value)

    await elsewhere(with_another_key)
    results, _ = await elsewhere(lambda: client.bulk.upload_all(made, ledger=path))
    assert {result.status for result in results} == {BulkStatus.DONE_BEFORE}
    assert sandbox.counts() == before


async def test_threads_that_share_a_run_get_each_result_once_and_all_rows_are_read(client, rows, elsewhere):
    run, got = await elsewhere(lambda: client.bulk.upload(rows(200))), []

    def work():
        for result in run:
            got.append(result.number)  # noqa: PERF401 - what one thread gets, one by one

    await asyncio.gather(*(elsewhere(work) for _ in range(4)))
    assert sorted(got) == list(range(200))
