"""One pace for all clients of an account, in a Redis: what stands there, who leads, and what if it is gone."""

import asyncio
import logging
import math
import time

import pytest
import redis

from kycaid_async import AsyncKycaid, ConfigurationError
from kycaid_async.protocol.shared_pacing import Pace, Refusal, Report, SharedPacer
from kycaid_async.transport import pace as transport_pace
from kycaid_async.transport import redis_pace
from kycaid_async.transport.pace import PaceLink, account_of
from kycaid_async.transport.redis_pace import RedisPaceStore
from tests.callbacks.servers import free_port, redis_server
from tests.conftest import API_KEY

REFUSED = {"type": "limit_exceeded", "errors": []}
PAUSE = Report(1, 0, [Refusal(30.0, asked=True, too_many=True)])


@pytest.fixture(scope="module")
def redis_url():
    with redis_server() as url:
        yield url


@pytest.fixture
async def stores(redis_url):
    """Make stores of one account, which are closed at the end."""
    opened = []

    def store(account="a", **options):
        opened.append(RedisPaceStore(redis_url, account, 64, **options))
        return opened[-1]

    with redis.Redis.from_url(redis_url) as plain:
        plain.flushall()
    yield store
    for one in opened:
        await one.aclose()


async def soon(look, *, within=1.0):
    """Look on and on until it is so, and return what is seen; fail after a second."""
    until = time.monotonic() + within
    while not (seen := await look()):
        assert time.monotonic() < until
        await asyncio.sleep(0.01)
    return seen


async def test_a_refusal_that_one_client_sees_slows_all_within_a_second(stores):
    first, second, third = stores(), stores(), stores()
    for store in (first, second, third):
        assert (await store.visit(Report(), 1)).gate == 0.0
    await second.visit(PAUSE, 0)

    async def all_are_held():
        return min([(await store.visit(Report(), 0)).gate for store in (first, second, third)]) > 28

    await soon(all_are_held)


async def test_when_the_one_that_leads_is_gone_another_does_within_a_second(stores):
    gone, other = stores(), stores()
    await gone.visit(Report(), 0)
    await other.visit(Report(), 0)
    await other.visit(PAUSE, 0)

    async def other_has_learned():
        return (await other.visit(Report(), 0)).gate > 28

    await soon(other_has_learned)


async def test_one_that_was_stopped_while_it_led_says_nothing_over_the_one_that_leads_now(stores, redis_url):
    stopped, other = stores(), stores()
    await stopped.visit(Report(), 0)
    with redis.Redis.from_url(redis_url, decode_responses=True) as plain:
        leader = stopped._keys[2]
        plain.delete(leader)  # its lease is over
        await other.visit(PAUSE, 0)
        await stopped._publish(keys=[stopped._keys[0], leader], args=[stopped._me, "7", "0", "1", "1", 60])
    assert (await other.visit(Report(), 0)).gate > 28
    assert (await stopped.visit(Report(), 0)).gate > 28


async def test_permits_are_handed_out_in_the_distance_that_the_rate_asks_for(stores, redis_url):
    first, second = stores(), stores()
    first._rate = 50.0  # as if it had been known before
    await first.visit(Report(), 0)
    begins = []
    with redis.Redis.from_url(redis_url) as plain:
        for store in (first, second, first):
            permits = (await store.visit(Report(), 3)).permits
            assert len(permits) == 3
            assert permits[1] - permits[0] == pytest.approx(1 / 48, rel=0.05)
            begins.append(float(plain.hget(store._keys[0], "next")))
    assert min(begins[1] - begins[0], begins[2] - begins[1]) >= 0.95 * 3 / 50


async def test_permits_for_later_than_a_moment_are_not_handed_out_yet(stores):
    store = stores()
    store._rate = 0.5
    await store.visit(Report(), 0)
    now, later = await store.visit(Report(), 64), await store.visit(Report(), 64)
    assert (len(now.permits), later.permits) == (1, ())
    assert 1 < later.retry < 4


async def test_a_clock_of_redis_that_was_set_back_holds_nobody_up(stores, redis_url):
    store = stores()
    store._rate = 10.0
    await store.visit(Report(), 1)
    with redis.Redis.from_url(redis_url) as plain:
        plain.hset(store._keys[0], "next", str(time.time() + 3600))
    assert (await store.visit(Report(), 1)).permits[0] < 0.1


async def test_clients_are_counted_for_as_long_as_they_are_there(stores):
    first, second = stores(), stores()
    await first.visit(Report(), 0)
    assert (await second.visit(Report(), 0)).clients == 2
    assert (await stores("other account").visit(Report(), 0)).clients == 1


async def test_clients_that_visit_seldom_because_they_are_many_are_all_counted(stores, redis_url, monkeypatch):
    store, earlier = stores(), time.time() - 10
    with redis.Redis.from_url(redis_url) as plain:
        plain.zadd(store._keys[1], {"one": earlier, "other": earlier})
        monkeypatch.setattr(redis_pace, "_VISITS_OF_ALL", 0.2)  # each of three every 15 seconds
        assert (await store.visit(Report(), 0)).clients == 3
        monkeypatch.undo()
        assert (await store.visit(Report(), 0)).clients == 1


async def test_a_new_redis_learns_the_rate_from_those_who_knew_it(stores, redis_url):
    store = stores()
    store._rate = 50.0
    await store.visit(Report(), 0)
    with redis.Redis.from_url(redis_url) as plain:
        plain.flushall()
    assert 47 < (await store.visit(Report(), 0)).rate < 51


@pytest.fixture
def make_shared(make_client, server, redis_url):
    return lambda url=redis_url: make_client(server.url, pace=url)


async def test_what_stands_in_redis_tells_no_key_and_nothing_of_a_person(make_shared, server, redis_url):
    server.answer(429, {**REFUSED, "errors": [{"parameter": "first_name", "message": "Canaryname"}]})
    server.answer(200, {"applicant_id": "5f" * 18})
    client = make_shared()
    await client.applicants.create(type="PERSON", first_name="Canaryname", email="canary@example.com")
    await client._shared.resources.current().limiter._link._look(1)
    with redis.Redis.from_url(redis_url, decode_responses=True) as plain:
        kept = {name: str(_value(plain, name)) for name in plain.scan_iter()}
    assert any(name.startswith("kycaid:pace:{") for name in kept)
    for secret in (API_KEY, API_KEY[:12], "anary"):
        assert not [name for name, value in kept.items() if secret in name + value]


def _value(plain, name):
    read = {"hash": plain.hgetall, "string": plain.get, "zset": lambda key: plain.zrange(key, 0, -1)}
    return {**read, "list": lambda key: plain.lrange(key, 0, -1)}[plain.type(name)](name)


def test_accounts_are_told_apart_by_key_and_server():
    settings = [
        AsyncKycaid(key, base_url=url)._settings
        for key in (API_KEY, API_KEY[::-1])
        for url in ("https://api.kycaid.com", "https://example.com")
    ]
    assert len({account_of(one) for one in settings}) == 4
    assert account_of(settings[0]) == account_of(AsyncKycaid(API_KEY, base_url="https://api.kycaid.com")._settings)


async def test_calls_go_on_with_one_warning_while_there_is_no_redis(make_shared, server, caplog):
    caplog.set_level(logging.INFO, "kycaid_async")
    client = make_shared(f"redis://:secret@127.0.0.1:{free_port()}/0")
    for _ in range(3):
        server.answer(200, {"applicant_id": "5f" * 18})
        await client.applicants.create(type="PERSON")
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "cannot be reached" in warnings[0]
    assert "secret" not in caplog.text


class Hanging:
    """A store that is asked and gives no answer."""

    all_together = None

    def __init__(self):
        self.asked = asyncio.Event()
        self.visits = 0

    async def visit(self, report, wanted):
        self.visits += 1
        self.asked.set()
        await asyncio.Event().wait()

    async def aclose(self):
        pass


class Broken:
    """A store that cannot be closed."""

    all_together = None

    async def visit(self, report, wanted):
        return Pace(rate=math.inf)

    async def aclose(self):
        raise RuntimeError("it cannot be closed")


def link_over(store, pacer, clock=time.monotonic):
    return PaceLink(store, pacer, asyncio.get_running_loop(), clock)


async def test_a_visit_that_gets_no_answer_holds_up_nobody_who_need_not_ask():
    store, pacer = Hanging(), SharedPacer(64)
    pacer.heard(time.monotonic(), Pace(rate=40.0))
    link = link_over(store, pacer)
    visit = asyncio.create_task(link._keep_in_touch())
    await store.asked.wait()
    ask = asyncio.create_task(link.ask(1))
    await asyncio.sleep(0)
    assert ask.done()
    link._timer.cancel()
    visit.cancel()
    await asyncio.wait([visit])


async def test_tries_that_get_no_answer_become_fewer_and_those_that_are_refused_do_not(monkeypatch):
    monkeypatch.setattr(transport_pace, "_PATIENCE", 0.0)
    store, pauses = Hanging(), []
    link = link_over(store, SharedPacer(64))
    for _ in range(5):
        await link._look(0)
        pauses.append(link._again)
    assert pauses == [0.5, 2.0, 8.0, 16.0, 16.0]
    link._store = Silent()
    await link._look(0)
    assert link._again == 0.5


async def test_who_starts_requests_is_not_taken_for_idle_however_seldom_it_looks():
    now, pacer = [100.0], SharedPacer(64)
    link = link_over(Hanging(), pacer, lambda: now[0])
    pacer.heard(now[0], Pace(rate=math.inf, again=16.0))
    link._active_at = now[0]
    pacer.started(now[0])
    now[0] += 16.0
    link._due()
    assert not pacer.is_stale
    link._task.cancel()
    await asyncio.wait([link._task])


async def test_what_a_call_was_about_to_tell_when_it_was_cancelled_the_next_one_tells():
    store, pacer = Hanging(), SharedPacer(64)
    pacer.heard(1.0, Pace(rate=math.inf))
    pacer.started(1.0)
    pacer.refused(1.0, 30.0)
    link = link_over(store, pacer)
    ask = asyncio.create_task(link.ask(1))
    await store.asked.wait()
    pacer.started(1.1)
    ask.cancel()
    await asyncio.wait([ask])
    assert pacer.report() == Report(2, 0, [Refusal(30.0, asked=True, too_many=True)])


async def test_a_client_is_closed_without_the_farewell_of_a_redis_that_is_stopped(monkeypatch):
    store, closing = RedisPaceStore("redis://127.0.0.1:1/0", "a", 64), asyncio.Event()
    monkeypatch.setattr(redis_pace, "_CLOSING", 0.0)
    monkeypatch.setattr(store._redis, "aclose", closing.wait)
    await asyncio.wait_for(store.aclose(), 10)


async def test_a_link_that_is_closed_asks_nobody_any_more():
    store = Silent()
    store.answers = True
    link = link_over(store, SharedPacer(64))
    await link.aclose()
    await link.ask(1)
    assert link._timer is None
    assert link._pacer.rate == math.inf


async def test_connections_are_closed_also_when_the_store_cannot_be(make_client, server):
    server.answer(200, {"applicant_id": "5f" * 18, "type": "PERSON"})
    client = make_client(server.url, pace=lambda _: Broken())
    await client.applicants.get("5f" * 18)
    resources = client._shared.resources.current()
    with pytest.raises(RuntimeError, match="cannot be closed"):
        await client.aclose()
    assert resources.backend.closed


class Silent:
    """A store that does not answer, or does."""

    all_together = None

    def __init__(self):
        self.answers = False

    async def visit(self, report, wanted):
        if not self.answers:
            raise ConnectionError
        return Pace(rate=40.0, clients=4, permits=(0.0,), again=0.01)

    async def aclose(self):
        pass


async def test_when_the_others_are_heard_of_again_it_goes_by_them_again(caplog):
    caplog.set_level(logging.INFO, "kycaid_async")
    store, pacer = Silent(), SharedPacer(64)
    link = link_over(store, pacer)
    await link.ask(1)
    assert not pacer.has_to_ask(time.monotonic())
    assert pacer.rate == math.inf
    store.answers = True

    async def heard():
        return pacer.rate == 40.0

    await soon(heard)
    await link.aclose()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


@pytest.mark.parametrize("option", ["max_connections=x", "socket_timeout=x", "db=x"])
def test_an_option_that_redis_does_not_know_is_refused_and_nothing_holds_the_password(option):
    with pytest.raises(ConfigurationError, match="KYCAID_PACE_URL") as raised:
        RedisPaceStore(f"redis://:secret@host/0?{option}", "a", 64)
    assert "secret" not in str(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "checks"),
    [
        ("rediss://host/0", True),
        ("rediss://host/0?db=1", True),
        ("rediss://host/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required", True),
        ("rediss://host/0?ssl_check_hostname=false", False),
        ("rediss://host/0?ssl_cert_reqs=none", None),
        ("redis://host/0", None),
    ],
)
def test_a_certificate_has_to_be_that_of_the_host_unless_the_url_says_otherwise(url, checks):
    told = RedisPaceStore(url, "a", 64)._redis.connection_pool.connection_kwargs
    assert told.get("ssl_check_hostname") is checks


@pytest.mark.parametrize("url", ["http://host/0", "host:6379", "redis://:secret@host:port/0"])
def test_what_is_no_url_of_a_redis_is_refused_and_not_shown(url):
    with pytest.raises(ConfigurationError, match="KYCAID_PACE_URL") as raised:
        AsyncKycaid(API_KEY, pace=url)
    assert "secret" not in str(raised.value)


def test_the_environment_names_it_and_nothing_prints_its_password(monkeypatch):
    monkeypatch.setenv("KYCAID_PACE_URL", "redis://:secret@host:6379/0")
    settings = AsyncKycaid(API_KEY)._settings
    assert settings.pace == "redis://:secret@host:6379/0"
    assert "secret" not in repr(settings)
