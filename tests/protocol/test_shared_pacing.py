import math
import random
from statistics import mean

import pytest

from kycaid_async.protocol.shared_pacing import AccountPacer, Pace, Refusal, Report, SharedPacer
from tests.protocol.limits import Shedding
from tests.protocol.rates import KINDS, sharing
from tests.protocol.together import together


def starts_until(pacer, now, until):
    """Let requests start as soon as they may, each well answered, and return when they did."""
    starts = []
    while now < until:
        pause = 0.0 if pacer.free else pacer.wait(now)
        now += pause
        if now < until:
            pacer.started(now)
            pacer.succeeded()
            starts.append(now)
    return starts


def test_the_others_have_to_be_heard_of_before_the_first_start():
    pacer = SharedPacer(64)
    assert pacer.has_to_ask(0.0)
    assert not pacer.free
    pacer.heard(0.0, Pace(rate=math.inf))
    assert not pacer.has_to_ask(0.0)
    assert pacer.free


def test_each_start_takes_a_permit_and_waits_for_its_moment():
    pacer = SharedPacer(64)
    pacer.heard(10.0, Pace(rate=5.0, permits=(0.0, 0.2)))
    assert pacer.wait(10.0) == 0.0
    pacer.started(10.0)
    assert pacer.wait(10.0) == pytest.approx(0.2)
    pacer.started(10.2)
    assert pacer.has_to_ask(10.2)


def test_without_permits_it_asks_again_when_it_was_told_to():
    pacer = SharedPacer(64)
    pacer.heard(10.0, Pace(rate=5.0, permits=(), retry=0.7))
    assert not pacer.has_to_ask(10.5)
    assert pacer.wait(10.5) == pytest.approx(0.2)
    assert pacer.has_to_ask(10.7)


def test_a_permit_that_is_long_over_is_worth_nothing():
    pacer = SharedPacer(64)
    pacer.heard(10.0, Pace(rate=5.0, permits=(0.0, 0.2, 1.4), retry=0.0))
    assert pacer.wait(11.0) == pytest.approx(0.4)


def test_permits_that_are_all_long_over_are_asked_for_anew():
    pacer = SharedPacer(64)
    pacer.heard(10.0, Pace(rate=5.0, permits=(0.0, 0.2)))
    assert not pacer.has_to_ask(10.5)
    assert pacer.has_to_ask(11.0)


def test_a_gate_that_shuts_takes_back_the_permits_before_its_end():
    pacer = SharedPacer(64)
    pacer.heard(10.0, Pace(rate=5.0, permits=(0.0, 0.2)))
    pacer.heard(10.1, Pace(rate=5.0, permits=(), gate=3.0, retry=2.9))
    assert pacer.wait(10.1) == pytest.approx(3.0)


def test_a_refusal_is_reported_before_the_next_start_with_all_that_was_done():
    pacer = SharedPacer(64)
    pacer.heard(0.0, Pace(rate=math.inf))
    pacer.started(0.1)
    pacer.started(0.1)
    pacer.succeeded()
    pacer.refused(0.2, 1.5)
    assert pacer.has_to_ask(0.2)
    assert pacer.report() == Report(2, 1, [Refusal(1.5, asked=True, too_many=True)])
    assert pacer.report() == Report()


def test_where_the_rate_is_divided_each_client_takes_its_part():
    pacer = SharedPacer(64)
    pacer.heard(0.0, Pace(rate=40.0, clients=4))
    assert len(starts_until(pacer, 0.0, 10.0)) == pytest.approx(100, abs=1)
    pacer.heard(10.0, Pace(rate=40.0, clients=2))
    assert len(starts_until(pacer, 10.0, 20.0)) == pytest.approx(200, abs=2)


def test_out_of_touch_a_client_starts_no_more_than_its_part_for_as_long_as_it_takes():
    pacer = SharedPacer(64)
    pacer.heard(0.0, Pace(rate=40.0, clients=4, permits=(0.0, 0.1, 0.2)))
    pacer.lost_touch(0.0, Report())
    assert not pacer.has_to_ask(0.0)
    starts = starts_until(pacer, 0.0, 600.0)
    assert len(starts) == pytest.approx(6000, abs=2)
    assert max(sum(since <= start < since + 1 for start in starts) for since in range(600)) <= 11


def test_out_of_touch_a_client_still_slows_down_when_it_is_refused():
    pacer = SharedPacer(64)
    pacer.heard(0.0, Pace(rate=40.0, clients=4))
    pacer.lost_touch(0.0, Report())
    pacer.started(0.0)
    pacer.refused(0.0, 5.0)
    assert pacer.wait(0.0) == 5.0


@pytest.mark.parametrize("rate", [math.inf, 40.0])
def test_out_of_touch_a_client_keeps_to_the_pause_that_it_could_not_tell_of(rate):
    pacer = SharedPacer(64)
    pacer.heard(0.0, Pace(rate=rate))
    pacer.started(0.1)
    pacer.refused(0.2, 30.0)
    pacer.lost_touch(1.2, pacer.report())
    assert not pacer.has_to_ask(1.3)
    assert pacer.wait(1.3) >= 28.9


def test_connections_of_all_together_are_divided_as_clients_come_and_go():
    pacer = SharedPacer(64, all_together=40)
    assert pacer.window == 40
    pacer.heard(0.0, Pace(rate=math.inf, clients=4))
    assert pacer.window == 10
    pacer.heard(0.0, Pace(rate=math.inf, clients=400))
    assert pacer.window == 1


def test_an_account_whose_server_asks_one_client_for_a_pause_lets_nobody_start():
    account, other = AccountPacer(64), SharedPacer(64)
    other.heard(0.0, account.pace(0.0))
    account.note(0.1, Report(1, 0, [Refusal(5.0, asked=True, too_many=True)]))
    other.heard(0.2, account.pace(0.2))
    assert not other.free
    assert other.wait(0.2) == pytest.approx(4.9)
    assert other.window == 32


def test_who_goes_on_for_another_begins_with_the_rate_that_was_known():
    account = AccountPacer(64, rate=50.0, now=100.0)
    assert 47 < account.pace(100.0).rate <= 50


def shares(kind, members, rate, *, divided=False, seeds=3):
    """Return of each run the share of the limit that was used, and of what was refused, once all have begun."""
    found = []
    for seed in range(seeds):
        server = kind(rate, random.Random(seed).random())
        runs = together(server.takes, members=members, workers=8, latency=0.02, until=60, seed=seed, divided=divided)
        taken = sum(run.rate(5, 60) for run in runs)
        refused = sum(n for run in runs for second, n in run.turned_away.items() if second >= 5) / 55
        found.append((taken / rate, refused / (taken + refused)))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("members", [1, 4, 16])
def test_clients_with_one_pace_use_a_limit_but_for_a_twentieth(members, kind):
    found = shares(kind, members, 50)
    assert mean(used for used, _ in found) >= 0.95
    assert min(used for used, _ in found) >= 0.93
    assert max(refused for _, refused in found) <= 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_clients_that_divide_a_rate_use_most_of_a_limit(kind):
    """Their starts fall together now and then, which is what permits are for."""
    found = shares(kind, 4, 50, divided=True)
    assert mean(used for used, _ in found) >= 0.92
    assert max(refused for _, refused in found) <= 0.05


def test_clients_with_one_pace_share_it_evenly():
    server = KINDS[1](50, 0.0)
    runs = together(server.takes, members=4, workers=8, latency=0.02, until=60, seed=1)
    rates = [run.rate(5, 60) for run in runs]
    assert min(rates) >= 0.9 * max(rates)


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_comes_later_gets_half_at_once(kind):
    """Without a common pace it takes minutes: see the figure in `benchmarks/rates.svg`."""
    found = sharing(kind, seed=1)
    assert found.used >= 0.95
    assert found.smaller >= 0.45


@pytest.mark.parametrize(("share", "least"), [(0.02, 0.6), (0.1, 0.3)])
def test_refusals_at_random_leave_clients_with_one_pace_most_of_their_rate(share, least):
    server = Shedding(share, random.Random(1))
    runs = together(server.takes, members=4, workers=8, latency=0.2, until=120, seed=1)
    assert sum(run.rate(60, 120) for run in runs) >= least * 4 * 8 / 0.2
