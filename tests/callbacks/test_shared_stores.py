"""Stores that several processes share: what holds for each of them, over real servers."""

import asyncio
import importlib.util
import itertools
import sqlite3
from contextlib import asynccontextmanager, closing

import attrs
import pytest

from kycaid_async import ConfigurationError
from kycaid_async.callbacks import Deduplicator, MemorySeenStore, SharedSeenStore, parse
from tests.callbacks import servers
from tests.callbacks.messages import CHANGED, COMPLETED, body_of

EVENT, OTHER = parse(body_of(COMPLETED)), parse(body_of(CHANGED))
IDENTITY = EVENT.identity
IDS = itertools.count()


def need(*libraries):
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")


@pytest.fixture(scope="module")
def redis_url():
    need("redis")
    with servers.redis_server() as url:
        yield url


@pytest.fixture(scope="module")
def postgres_url():
    need("sqlalchemy", "asyncpg")
    with servers.postgres() as url:
        yield url


@asynccontextmanager
async def redis_store(url, *, blocking, **options):
    import redis

    from kycaid_async.callbacks.redis import RedisSeenStore

    prefix = f"seen{next(IDS)}:"
    if blocking:
        with redis.Redis.from_url(url) as client:
            yield lambda: RedisSeenStore(client, prefix=prefix, **options)
    else:
        async with redis.asyncio.Redis.from_url(url) as client:
            yield lambda: RedisSeenStore(client, prefix=prefix, **options)


@asynccontextmanager
async def sql_store(url, *, blocking=False, **options):
    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import create_async_engine

    from kycaid_async.callbacks.sqlalchemy import SQLAlchemySeenStore

    engine = create_engine(url) if blocking else create_async_engine(url)
    table = f"seen{next(IDS)}"
    await SQLAlchemySeenStore(engine, table=table).create_table()
    try:
        yield lambda: SQLAlchemySeenStore(engine, table=table, **options)
    finally:
        if blocking:
            engine.dispose()
        else:
            await engine.dispose()


@asynccontextmanager
async def django_store(engine, name, **options):
    from asgiref.sync import sync_to_async
    from django.core.management import call_command
    from django.db import connections

    from kycaid_async.callbacks.django import DjangoSeenStore
    from tests.web.frameworks import django_project

    def close():
        connections[alias].close()  # of this thread

    django_project()
    alias = f"seen{next(IDS)}"
    connections.settings[alias] = connections.settings["default"] | {"ENGINE": f"django.db.backends.{engine}"} | name
    await sync_to_async(call_command)("migrate", database=alias, verbosity=0)
    try:
        yield lambda: DjangoSeenStore(using=alias, **options)
    finally:
        await sync_to_async(call_command)("migrate", "kycaid", "zero", database=alias, verbosity=0)
        await sync_to_async(close)()
        del connections.settings[alias]


KINDS = (
    "redis",
    "redis-blocking",
    "sqlite",
    "sqlite-blocking",
    "postgresql",
    "django-sqlite",
    "django-postgresql",
)


@pytest.fixture(params=KINDS)
async def opened(request, tmp_path):
    """A function that gives a context manager of a factory of stores that share what they keep."""
    database, _, blocking = request.param.partition("-")
    if database == "redis":
        url = request.getfixturevalue("redis_url")
        return lambda **options: redis_store(url, blocking=bool(blocking), **options)
    if request.param == "django-sqlite":
        return lambda **options: django_store("sqlite3", {"NAME": f"{tmp_path}/seen.db"}, **options)
    if request.param == "django-postgresql":
        need("psycopg")
        host, _, database = request.getfixturevalue("postgres_url").partition("/")
        host, _, port = host.partition(":")
        name = {"NAME": database, "HOST": host, "PORT": port, "USER": "kycaid"}
        return lambda **options: django_store("postgresql", name, **options)
    need("sqlalchemy", "aiosqlite")
    url = f"sqlite{'' if blocking else '+aiosqlite'}:///{tmp_path}/seen.db"
    if database == "postgresql":
        url = f"postgresql+asyncpg://kycaid@{request.getfixturevalue('postgres_url')}"
    return lambda **options: sql_store(url, blocking=bool(blocking), **options)


async def until(check):
    """Look until it is so; Redis ends a lease by its own clock."""
    async with asyncio.timeout(20):
        while not await check():
            await asyncio.sleep(0.005)


async def test_an_identity_is_new_once_for_all_who_share_the_store(opened):
    async with opened() as store:
        one, two = store(), store()
        assert isinstance(one, SharedSeenStore)
        assert [await one.add("a"), await two.add("a"), await two.add("b"), await one.add("b")] == [1, 0, 1, 0]
        assert [await two.has("a"), await one.has("c")] == [True, False]


async def test_of_many_who_claim_at_once_one_gets_it(opened):
    async with opened() as store:
        stores = [store() for _ in range(4)]
        for identity in "abc":
            results = await asyncio.gather(*[one.claim(identity, f"h{n}", 60) for n, one in enumerate(stores * 3)])
            assert sum(results) == 1


async def test_of_many_who_add_at_once_one_is_the_first(opened):
    async with opened() as store:
        stores = [store() for _ in range(4)]
        assert sum(await asyncio.gather(*[one.add("a") for one in stores * 3])) == 1


async def test_a_claim_is_renewed_by_its_holder_and_given_back_by_nobody_else(opened):
    async with opened() as store:
        one, two = store(), store()
        assert [await one.claim("a", "1", 60), await one.claim("a", "1", 60), await two.claim("a", "2", 60)] == [
            1,
            1,
            0,
        ]
        await two.release("a", "2")
        assert not await two.claim("a", "2", 60)
        assert not await two.has("a")
        await one.release("a", "1")
        assert await two.claim("a", "2", 60)


async def test_what_was_handled_cannot_be_claimed_nor_released(opened):
    async with opened() as store:
        one, two = store(), store()
        assert await one.claim("a", "1", 60)
        assert await one.add("a")
        await one.release("a", "1")
        assert [await one.claim("a", "1", 60), await two.claim("a", "2", 60), await two.has("a")] == [0, 0, 1]


async def test_a_claim_whose_holder_died_ends_with_its_lease(opened):
    async with opened() as store:
        dead, living = store(), store()
        assert await dead.claim("a", "1", 0.02)
        await until(lambda: living.claim("a", "2", 60))
        assert not await dead.claim("a", "1", 60)
        assert await dead.add("a"), "its handler was done after all"
        assert await living.has("a")


async def test_an_identity_is_forgotten_after_its_time(opened):
    async with opened(ttl=0.02) as store:
        assert await store().add("a")
        await until(lambda: store().claim("a", "1", 60))
        await store().release("a", "1")
        assert await store().add("a")


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
async def test_a_store_that_could_keep_nothing_is_refused(opened, ttl):
    async with opened(ttl=ttl) as store:
        with pytest.raises(ConfigurationError):
            store()


async def test_two_deduplicators_that_share_a_store_let_an_event_through_once(opened):
    """As two processes: neither sees the other's futures."""
    log = []

    async def deliver(deduplicator):
        async with deduplicator.attempt(EVENT) as new:
            if new:
                log.append("begun")
                await asyncio.sleep(0)
                log.append("done")

    async with opened() as store:
        await asyncio.gather(*[deliver(Deduplicator(store())) for _ in range(5)])
    assert log == ["begun", "done"]


async def test_the_next_one_handles_what_another_process_failed_at(opened):
    async with opened() as store:
        with pytest.raises(ValueError, match="no"):
            async with Deduplicator(store()).attempt(EVENT):
                raise ValueError("no")
        async with Deduplicator(store()).attempt(EVENT) as new:
            assert new
        async with Deduplicator(store()).attempt(EVENT) as new:
            assert not new


async def test_one_who_is_cancelled_while_it_handles_gives_the_event_back(opened):
    entered = asyncio.Event()

    async def handle(deduplicator):
        async with deduplicator.attempt(EVENT):
            entered.set()
            await asyncio.Event().wait()

    async with opened() as store:
        task = asyncio.create_task(handle(Deduplicator(store())))
        await entered.wait()
        task.cancel()
        await asyncio.wait([task])
        async with Deduplicator(store()).attempt(EVENT) as new:
            assert new


@attrs.define
class Naps:
    """Sleeps that end when the test says so."""

    asked: list = attrs.field(factory=list)
    gate: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def sleep(self, seconds):
        self.asked.append(seconds)
        await self.gate.wait()
        self.gate.clear()


@attrs.define
class Notes:
    """A shared store in this process that notes what is asked of it."""

    kept: set = attrs.field(factory=set)
    held: dict = attrs.field(factory=dict)
    claims: int = 0
    fails: type[Exception] | None = None

    async def add(self, identity):
        self.held.pop(identity, None)
        return not (identity in self.kept or self.kept.add(identity))

    async def has(self, identity):
        return identity in self.kept

    async def claim(self, identity, holder, lease):
        self.claims += 1
        if self.fails is not None:
            raise self.fails
        return identity not in self.kept and self.held.setdefault(identity, holder) == holder

    async def release(self, identity, holder):
        if self.fails is not None:
            raise self.fails
        if self.held.get(identity) == holder:
            del self.held[identity]


async def turns(count=10):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_claim_is_renewed_while_the_handler_runs():
    naps, store = Naps(), Notes()
    async with Deduplicator(store, lease=30, sleep=naps.sleep).attempt(EVENT) as new:
        for expected in (1, 2, 3):
            await turns()
            assert store.claims == expected
            naps.gate.set()
    assert new
    assert set(naps.asked) == {10}


async def test_a_renewal_that_fails_or_comes_too_late_is_told_and_does_not_disturb_the_handler(caplog):
    naps, store = Naps(), Notes()
    async with Deduplicator(store, sleep=naps.sleep).attempt(EVENT):
        await turns()
        store.fails = ConnectionError
        naps.gate.set()
        await turns()
        store.fails = None
        store.held[IDENTITY] = "another"
        naps.gate.set()
        await turns()
    assert [record.message for record in caplog.records] == [
        "the claim of a callback could not be renewed: ConnectionError",
        "the claim of a callback ended while its handler ran: another may handle it too",
    ]
    assert IDENTITY in store.kept


async def test_a_claim_that_cannot_be_released_does_not_hide_why_the_handler_failed(caplog):
    store = Notes()

    async def fail():
        async with Deduplicator(store).attempt(EVENT):
            store.fails = ConnectionError
            raise ValueError("of the handler")

    with pytest.raises(ValueError, match="of the handler"):
        await fail()
    assert "could not be released: ConnectionError" in caplog.text


async def test_one_who_waits_for_another_process_looks_again_and_again():
    naps, store = Naps(), Notes(held={IDENTITY: "another"})

    async def deliver():
        async with Deduplicator(store, sleep=naps.sleep).attempt(EVENT) as new:
            return new

    task = asyncio.create_task(deliver())
    for _ in range(6):
        await turns()
        naps.gate.set()
    await turns()
    assert naps.asked[:6] == [0.05, 0.1, 0.2, 0.5, 1.0, 1.0]
    await store.add(IDENTITY)
    naps.gate.set()
    assert await task is False


@pytest.mark.parametrize("lease", [0, -1, float("nan")])
def test_a_lease_that_is_none_is_refused(lease):
    with pytest.raises(ConfigurationError):
        Deduplicator(lease=lease)


async def test_a_store_of_somebody_s_own_that_knows_no_claims_goes_on_working():
    class Own:
        def __init__(self):
            self.kept = set()

        async def add(self, identity):
            return not (identity in self.kept or self.kept.add(identity))

        async def has(self, identity):
            return identity in self.kept

    deduplicator = Deduplicator(Own())
    for expected in (True, False):
        async with deduplicator.attempt(EVENT) as new:
            assert new is expected
    assert not isinstance(MemorySeenStore(), SharedSeenStore)


@attrs.define
class Clock:
    now: float = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def sqlite(tmp_path):
    need("sqlalchemy", "aiosqlite")
    return f"sqlite+aiosqlite:///{tmp_path}/seen.db"


async def test_rows_that_are_over_are_deleted_once_an_hour(sqlite):
    clock = Clock()
    async with sql_store(sqlite, ttl=1000, clock=clock) as make:
        store = make()
        await store.add("a")
        await store.claim("b", "1", 60)
        clock.now += 1001
        await store.add("c")
        assert await store.purge() == 2, "too early to do it by itself"
        clock.now += 3600
        await store.add("d")
        assert await store.purge() == 0


async def test_the_statements_for_a_migration_make_the_table(sqlite):
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    from kycaid_async.callbacks.sqlalchemy import SQLAlchemySeenStore

    engine = create_async_engine(sqlite)
    store = SQLAlchemySeenStore(engine)
    async with engine.begin() as connection:
        for statement in store.ddl():
            await connection.execute(text(statement))
    assert await store.add("a")
    await store.create_table()
    assert await store.has("a")
    await engine.dispose()


async def test_two_processes_that_create_the_table_at_once_both_have_it(tmp_path):
    need("sqlalchemy", "aiosqlite")
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine

    from kycaid_async.callbacks.sqlalchemy import SQLAlchemySeenStore

    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/seen.db")
    store = SQLAlchemySeenStore(engine)

    def be_first(*_, **__):
        """What another process does between the look and the creation."""
        with closing(sqlite3.connect(tmp_path / "seen.db")) as database, database:
            for statement in store.ddl():
                database.execute(statement)

    event.listen(store.table, "before_create", be_first, once=True)
    await store.create_table()
    assert await store.add("1")
    await engine.dispose()
