"""Processes that share a pace, at a server that takes 50 requests a second, and how a scheduler divides one."""

import sys
from types import SimpleNamespace

import attrs
import pytest
from distributed import Client, LocalCluster

from kycaid_async import ConfigurationError
from kycaid_async.cluster.divided_pace import DaskPaceStore, PacePlugin, divide_pace, pace_of
from kycaid_async.cluster.messages import Job
from kycaid_async.protocol.shared_pacing import Refusal, Report
from kycaid_async.transport.redis_pace import RedisPaceStore
from tests.cluster import pace

JOB = Job(name="j", work=None, key_from="", ledger="", connections=8, all_together=20, client={})


def test_four_processes_keep_to_one_rate_also_while_redis_is_restarted():
    """`python -m tests.cluster.pace` holds them to a twentieth for a minute; here the first seconds weigh more.

    What they do not use while they wait for a CPU says nothing of them, and is tried again.
    """
    for _ in range(3):
        outcome = pace.run(workers=4, seconds=12.0, rate=50, restart=True)
        if outcome.used >= 0.88 or outcome.waited < 0.25:
            break
    assert outcome.used >= 0.88, outcome
    assert outcome.wasted <= 0.05, outcome
    assert outcome.told.count("cannot be reached") == outcome.told.count("are heard of again") == 4, outcome.told


async def test_a_scheduler_divides_the_pace_among_the_workers_that_are_there():
    async with (
        LocalCluster(n_workers=2, processes=False, dashboard_address=None, asynchronous=True) as cluster,
        Client(cluster, asynchronous=True) as client,
    ):
        await divide_pace(client)
        await divide_pace(client)  # as each upload does
        stores = {key: DaskPaceStore(worker, "a", all_together=None) for key, worker in cluster.workers.items()}
        first, second = stores.values()
        assert (await first.visit(Report(), 0)).clients == 1
        assert (await second.visit(Report(1, 0, [Refusal(30.0, asked=True, too_many=True)]), 0)).clients == 2
        told = await first.visit(Report(), 0)
        assert told.gate > 28, "the refusal that one saw holds the other"
        assert (told.clients, told.permits) == (2, None)
        await cluster.scale(1)
        await cluster
        (left,) = cluster.workers
        assert (await stores[left].visit(Report(), 0)).clients == 1


def test_a_worker_that_is_not_heard_of_is_no_longer_counted():
    now, plugin = [100.0], PacePlugin()
    plugin._clock = lambda: now[0]
    report = attrs.asdict(Report())
    for name in ("a", "b"):
        told = plugin.visit(account="x", name=name, address="tcp://1", report=report)
    assert told["clients"] == 2
    now[0] += 4.0
    assert plugin.visit(account="x", name="a", address="tcp://1", report=report)["clients"] == 1
    assert plugin.visit(account="y", name="b", address="tcp://1", report=report)["clients"] == 1


def test_workers_that_visit_seldom_because_they_are_many_are_all_counted():
    now, plugin, many = [100.0], PacePlugin(), 2000
    plugin._clock = lambda: now[0]
    report = attrs.asdict(Report())
    for place in range(2 * many):
        now[0] = 100.0 + place * 4.0 / many  # as often as they are told to
        told = plugin.visit(account="x", name=str(place % many), address="tcp://1", report=report)
    assert (told["clients"], told["again"]) == (many, 4.0)
    now[0] += 60.0
    assert plugin.visit(account="x", name="0", address="tcp://1", report=report)["clients"] == 1


def test_a_worker_without_the_library_of_redis_says_so(monkeypatch):
    monkeypatch.setenv("KYCAID_PACE_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(sys.modules, "kycaid_async.transport.redis_pace", None)
    with pytest.raises(ConfigurationError, match="KYCAID_PACE_URL"):
        pace_of(JOB, SimpleNamespace())("account")


@pytest.mark.parametrize("named", ["", "env:PACE_OF_A_TEST", "KYCAID_PACE_URL"])
def test_workers_agree_in_the_redis_that_is_named_to_them_and_else_ask_their_scheduler(monkeypatch, named):
    monkeypatch.delenv("KYCAID_PACE_URL", raising=False)
    monkeypatch.setenv(named.removeprefix("env:") or "UNUSED", "redis://127.0.0.1:1/0")
    job = attrs.evolve(JOB, pace_from=named if named.startswith("env:") else "")
    store = pace_of(job, SimpleNamespace())("account")
    assert isinstance(store, RedisPaceStore if named else DaskPaceStore)
    assert store.all_together == 20
