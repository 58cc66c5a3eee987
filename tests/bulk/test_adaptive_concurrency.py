"""How many rows are under way, and whether the server is there: rules without clock and network."""

from kycaid_async.bulk.limit import Limit
from kycaid_async.bulk.outage import Outage
from kycaid_async.bulk.progress import Meter


def answer(limit, seconds, times):
    for _ in range(times):
        limit.answered(seconds)


def test_it_starts_low_and_grows_to_its_maximum_while_latency_holds():
    limit = Limit(64)
    assert limit.value == 8
    answer(limit, 0.2, 8 + 16 + 32)
    assert limit.value == 64
    answer(limit, 0.2, 1000)
    assert limit.value == 64


def test_it_stops_growing_when_answers_take_longer_and_shrinks_when_they_take_much_longer():
    limit = Limit(64)
    answer(limit, 0.2, 8)
    answer(limit, 0.6, 100)
    held = limit.value
    assert held < 64
    answer(limit, 2.0, 300)
    assert 1 <= limit.value < held


def test_it_halves_on_a_refusal_and_counts_those_that_come_together_once():
    limit = Limit(64)
    answer(limit, 0.2, 100)
    for _ in range(10):
        limit.refused()
    assert limit.value == 32
    answer(limit, 0.2, 33)
    assert limit.value == 33


def test_it_is_never_less_than_one():
    limit = Limit(2)
    for _ in range(5):
        limit.refused()
        assert limit.value == 1
        limit.answered(0.1)


def test_an_outage_begins_when_nobody_can_connect_or_five_requests_in_a_row_fail():
    outage = Outage()
    for n in range(5):
        assert not outage.is_on
        outage.failed(float(n), connected=True)
    assert outage.is_on
    outage.answered()
    assert not outage.is_on
    outage.failed(10.0, connected=False)
    assert outage.is_on
    assert outage.lasts(70.0) == 60.0


def test_pauses_in_an_outage_grow_up_to_a_quarter_of_a_minute():
    outage, pauses = Outage(), []
    for n in range(12):
        outage.failed(float(n), connected=False)
        pauses.append(outage.pause(1000.0))
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, 15.0)


def test_a_pause_in_an_outage_ends_when_the_run_gives_up():
    outage = Outage()
    for n in range(12):
        outage.failed(float(n), connected=False)
    assert (outage.pause(7.0), outage.pause(0.0)) == (7.0, 0.25)


def test_a_busy_server_is_there_but_gives_nothing_of_use():
    outage = Outage()
    outage.failed(0.0, connected=False)
    outage.busy(10.0)
    assert not outage.is_on
    assert outage.lasts(30.0) == 30.0


def test_rates_are_those_of_the_last_seconds():
    meter = Meter(0.0)
    for second in range(1, 101):
        meter.note(float(second), second * 5, second * 100)
    assert meter.rates(100.0, 500, 10_000) == (5.0, 100.0)
    for second in range(101, 121):
        meter.note(float(second), 500, 10_000)
    assert meter.rates(120.0, 500, 10_000) == (0.0, 0.0)
