import math
import random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kycaid_async.protocol.pacing import Pacer
from tests.protocol.limits import Client, FixedWindow, Shedding, simulate
from tests.protocol.rates import ALONE, KINDS, TWO, changing

STEPS = st.lists(st.tuples(st.sampled_from(["refused", "succeeded"]), st.floats(0, 10), st.floats(0, 60)), max_size=60)


def test_a_pacer_starts_wide_open():
    pacer = Pacer(64)
    assert (pacer.window, pacer.wait(0.0), pacer.wait(-1e9)) == (64, 0.0, 0.0)


def test_nothing_is_held_back_and_no_rate_is_kept_before_the_first_refusal():
    pacer = Pacer(64)
    for n in range(10_000):
        pacer.started(n / 10_000)
    assert pacer.free
    assert pacer.wait(1.0) == 0.0


def test_one_refusal_of_a_lone_request_sets_no_rate():
    pacer = Pacer(64)
    pacer.started(10.0)
    pacer.refused(10.0, 0.2)
    pacer.started(11.0)
    assert pacer.wait(11.0) == 0.0


def test_after_a_refusal_starts_keep_the_distance_that_the_server_allowed():
    pacer = Pacer(64)
    for n in range(51):
        pacer.started(n / 1000)
        pacer.succeeded()
    pacer.refused(0.051, 0.0)
    assert pacer.wait(0.051) == pytest.approx(0.949)
    gaps = []
    now = 1.0
    for _ in range(100):
        pacer.started(now)
        gaps.append(pacer.wait(now))
        now += gaps[-1]
    assert 1 / 50 < sum(gaps) / len(gaps) < 1 / 46


@pytest.mark.parametrize("refused", [3, 10, 64])
def test_a_server_that_takes_nothing_for_a_moment_teaches_no_rate(refused):
    pacer = Pacer(64)
    for n in range(refused):
        pacer.started(n / 1000)
    for n in range(refused):
        pacer.refused(0.1 + n / 1000, 0.5)
    now = 0.1 + refused / 1000 + 0.5
    assert pacer.wait(now) == 0.0
    for _ in range(640):
        pacer.started(now)
        pacer.succeeded()
    assert pacer.wait(now) == 0.0


def test_a_server_that_cannot_work_now_teaches_no_rate():
    pacer = Pacer(64)
    for n in range(51):
        pacer.started(n / 1000)
        pacer.succeeded()
    for n in range(20):
        pacer.refused(0.051 + n / 1000, 0.1, too_many=False)
    now = 0.5
    pacer.started(now)
    assert pacer.wait(now) == 0.0


def test_what_was_refused_is_learned_once_the_server_has_taken_some():
    pacer = Pacer(64)
    for n in range(60):
        pacer.started(n / 1000)
    pacer.refused(0.061, 0.0)  # the first answer to arrive is a refusal, but others were taken
    for _ in range(50):
        pacer.succeeded()
    for n in range(9):
        pacer.refused(0.062 + n / 1000, 0.0)
    assert pacer.wait(0.1) > 0.8


def test_refusals_of_what_was_sent_after_a_rate_was_learned_do_not_lower_it_below_what_was_taken():
    """Where several clients share a pace, others go on sending for a moment."""
    pacer = Pacer(64)
    for n in range(60):
        pacer.started(n / 1000)
    for _ in range(50):
        pacer.succeeded()
    for n in range(40):
        pacer.refused(0.061 + n / 1000, 0.0)
    assert pacer.rate(1.1) >= 0.95 * 50


def test_a_rate_is_lifted_half_a_minute_after_the_last_refusal():
    pacer = Pacer(64)
    for n in range(51):
        pacer.started(n / 1000)
        pacer.succeeded()
    pacer.refused(0.051, 0.0)
    pacer.started(28.0)
    assert not pacer.free
    pacer.started(30.0)
    assert pacer.free


# requests per second allowed, requests, rows at once, seconds from request to answer
LOADS = [
    *((5, 600, 8, latency) for latency in (0.001, 0.02, 0.2)),
    *((50, 3000, 16, latency) for latency in (0.001, 0.02, 0.2)),
    (50, 3000, 64, 0.2),
    *((500, 10_000, 16, latency) for latency in (0.001, 0.02)),
]


@pytest.mark.parametrize("retry_after", [None, 0.0, 1.0])
@pytest.mark.parametrize("load", LOADS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_rate_limit_is_used_almost_wholly_and_rarely_hit(kind, load, retry_after):
    rate, requests, concurrency, latency = load
    chance = random.Random(1)
    server = kind(rate, chance.random())
    (run,) = simulate(
        server.takes,
        clients=[Client(concurrency, requests)],
        latency=latency,
        chance=chance,
        retry_after=retry_after,
    )
    assert run.seconds <= 1.15 * requests / rate
    assert run.refused <= 0.05 * run.sent


@settings(max_examples=30)
@given(
    st.sampled_from(KINDS),
    st.integers(5, 200),
    st.integers(4, 32),
    st.floats(0.001, 0.2),
    st.sampled_from([None, 1.0]),
    st.integers(0, 1000),
)
def test_no_rate_limit_stops_a_run_or_drowns_in_refusals(kind, rate, concurrency, latency, retry_after, seed):
    chance = random.Random(seed)
    server = kind(rate, chance.random())
    requests = 30 * rate
    (run,) = simulate(
        server.takes,
        clients=[Client(concurrency, requests)],
        latency=latency,
        chance=chance,
        retry_after=retry_after,
    )
    ideal = max(requests / rate, requests * 1.1 * latency / concurrency)
    assert run.seconds <= 1.6 * ideal + 5
    assert run.refused <= 0.08 * run.sent + 2 * concurrency


def test_a_refusal_halves_the_window_and_shuts_the_gate():
    pacer = Pacer(64)
    pacer.refused(100.0, 5.0)
    assert (pacer.window, pacer.wait(100.0), pacer.wait(103.0), pacer.wait(105.0)) == (32, 5.0, 2.0, 0.0)


def test_refusals_of_requests_already_under_way_count_once():
    pacer = Pacer(64)
    for _ in range(10):
        pacer.refused(100.0, 5.0)
    assert pacer.window == 32


def test_a_shorter_wait_does_not_open_the_gate_early():
    pacer = Pacer(64)
    pacer.refused(100.0, 30.0)
    pacer.refused(101.0, 1.0)
    assert pacer.wait(101.0) == 29.0


def test_a_good_answer_does_not_open_the_gate():
    """An event flag, which lets any finishing request reopen the gate, would."""
    pacer = Pacer(64)
    pacer.refused(100.0, 30.0)
    pacer.succeeded()
    assert pacer.wait(100.0) == 30.0


def test_the_window_never_closes():
    pacer = Pacer(4)
    for now in range(10):
        pacer.refused(now * 100.0, 1.0)
    assert pacer.window == 1


@pytest.mark.parametrize(("window", "good_answers"), [(32, 33), (16, 17), (8, 9)])
def test_the_window_grows_by_one_for_each_windowful_of_good_answers(window, good_answers):
    pacer = Pacer(window * 2)
    pacer.refused(0.0, 0.0)
    for _ in range(good_answers):
        pacer.succeeded()
    assert pacer.window == window + 1


def test_the_window_grows_back_to_its_maximum_and_no_further():
    pacer = Pacer(8)
    pacer.refused(0.0, 0.0)
    for _ in range(1000):
        pacer.succeeded()
    assert pacer.window == 8


@given(st.integers(1, 200), STEPS)
def test_the_gate_only_moves_forward_and_the_window_stays_within_bounds(maximum, steps):
    pacer, now, opens_at = Pacer(maximum), 1000.0, 0.0
    for step, passed, after in steps:
        now += passed
        window = pacer.window
        if step == "refused":
            pacer.refused(now, after)
            assert pacer.window <= window
            assert pacer.wait(now) >= after or pacer.wait(now) == pytest.approx(after)
        else:
            pacer.succeeded()
            assert window <= pacer.window <= window + 1
        assert 1 <= pacer.window <= maximum
        moved_to = now + pacer.wait(now)
        assert moved_to >= opens_at - 1e-6
        opens_at = moved_to


def test_one_refusal_among_many_good_answers_holds_nobody_back():
    pacer = Pacer(64)
    for n in range(200):
        pacer.started(n / 100)
        pacer.succeeded()
    pacer.refused(2.0, 0.5, asked=False)
    assert (pacer.wait(2.0), pacer.window, pacer.free) == (0.0, 64, True)


def test_a_call_that_is_refused_as_one_of_few_pauses_for_less():
    pacer = Pacer(64)
    assert pacer.backoff == 1.0
    for _ in range(98):
        pacer.succeeded()
    for _ in range(2):
        pacer.refused(1.0, 0.5, asked=False)
    assert pacer.backoff == pytest.approx(0.04)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("workers", "latency"), [(8, 0.02), (8, 0.2), (64, 0.2)])
@pytest.mark.parametrize(("share", "least"), [(0.02, 0.6), (0.1, 0.3)])
def test_refusals_at_random_leave_most_of_the_rate_for_ten_minutes(share, least, workers, latency, seed):
    chance, undisturbed = random.Random(seed), workers / latency
    seconds = int(min(600, 12_000 / undisturbed))
    server = Shedding(share, chance)
    clients = [Client(workers, math.inf)]
    (run,) = simulate(server.takes, clients=clients, latency=latency, chance=chance, until=seconds)
    assert run.rate(0, seconds) >= least * undisturbed
    assert run.rate(seconds // 2, seconds) >= least * undisturbed


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("share", "least"), [(0.02, 0.6), (0.1, 0.3)])
def test_one_worker_alone_is_not_slowed_down_for_long_by_refusals_at_random(share, least, seed):
    chance = random.Random(seed)
    clients = [Client(1, math.inf)]
    (run,) = simulate(Shedding(share, chance).takes, clients=clients, latency=0.2, chance=chance, until=600)
    assert run.rate(0, 600) >= least / 0.2
    assert run.rate(300, 600) >= 0.9 * least / 0.2  # with 2 %, 0.57 for one seed of three: a trial takes long then


# The mean of the three kinds of servers is within 5 % of the ideal, with less than 1 % refused. One by one: bucket of 5
# tokens 0.94 and 1.3 %, window of 500 in a second 0.91, 60 in a minute 0.94 and 1.4 % in the worst of three seeds.
@pytest.mark.parametrize("name", [name for name in ALONE if "64" not in name])
def test_a_limit_is_used_but_for_a_twentieth_and_hit_by_one_request_of_a_hundred(name):
    found = [ALONE[name].run(kind, seed=1) for kind in KINDS]
    assert mean(one.used for one in found) >= 0.95
    assert mean(one.refused for one in found) <= 0.01
    assert min(one.used for one in found) >= 0.9
    assert max(one.refused for one in found) <= 0.02


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [name for name in TWO if "500" not in name])
def test_two_clients_with_one_key_use_its_limit_and_both_get_a_part(name, kind):
    """Not half each: from 0.28 on for the smaller, whether they start together or not."""
    found = TWO[name].run(kind, seed=1)
    assert found.used >= 0.9
    assert found.smaller >= 0.25


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_that_changes_is_found_again(kind):
    """A lower one within seconds; a higher one takes half a minute, for which three minutes pay with up to 0.13."""
    run, (before, meanwhile, after) = changing(kind, seed=1)
    assert before >= 0.95
    assert meanwhile >= 0.9
    assert after >= 0.85
    assert run.rate(400, 480) >= 0.9 * 50
    assert run.share_refused() <= 0.02


@pytest.mark.parametrize("taken", [1, 5, 20, 60])
def test_one_early_refusal_with_a_pause_of_a_minute_costs_that_minute_and_no_more(taken):
    pacer, now, count = Pacer(64), 0.0, 0
    for _ in range(taken):
        pacer.started(now)
        now += 0.05
        pacer.succeeded()
    pacer.refused(now, 60.0)
    over = now + 60.0
    while now < over + 60.0:
        now += pacer.wait(now)
        pacer.started(now)
        now += 0.05
        pacer.succeeded()
        count += now >= over
    assert count >= 0.95 * 60.0 / 0.05


def test_a_server_that_asks_for_a_minute_each_time_is_paced_by_its_minute_soon():
    """Each further refusal would cost a minute; here all pauses together are a few."""
    chance = random.Random(1)
    server = FixedWindow(50, chance.random())
    clients = [Client(16, math.inf)]
    (run,) = simulate(server.takes, clients=clients, latency=0.02, chance=chance, until=1200, retry_after=60.0)
    assert run.rate(200, 1200) >= 0.75 * 50


@pytest.mark.parametrize("seed", range(5))
def test_nobody_may_start_within_the_pause_that_the_server_asked_for(seed):
    chance, pacer, now, opens_at, early = random.Random(seed), Pacer(50), 0.0, -1.0, 0
    for _ in range(3000):
        now += 0.0 if pacer.free else pacer.wait(now)
        early += now < opens_at - 0.001
        pacer.started(now)
        now += 0.02
        if chance.random() < 0.3:
            pacer.refused(now, 5.0)
            opens_at = now + 5.0
        else:
            pacer.succeeded()
    assert not early
