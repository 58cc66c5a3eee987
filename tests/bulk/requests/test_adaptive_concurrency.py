"""How many rows are under way, and how many are done: rules without clock and network."""

import random

from kycaid_async.bulk.requests.limits import AdaptiveConcurrency
from kycaid_async.bulk.row import Meter


def answer(limit, seconds, times):
    for _ in range(times):
        limit.answered(seconds)


def test_it_starts_low_and_grows_to_its_maximum_while_latency_holds():
    limit = AdaptiveConcurrency(64)
    assert limit.value == 8
    answer(limit, 0.2, 8 + 16 + 32)
    assert limit.value == 64
    answer(limit, 0.2, 1000)
    assert limit.value == 64


def test_it_stops_growing_when_answers_take_longer_and_shrinks_when_they_take_much_longer():
    limit = AdaptiveConcurrency(64)
    answer(limit, 0.2, 8)
    answer(limit, 0.6, 100)
    held = limit.value
    assert held < 64
    answer(limit, 2.0, 300)
    assert 1 <= limit.value < held


def test_it_halves_when_answers_are_refusals_and_counts_those_that_come_together_once():
    limit = AdaptiveConcurrency(64)
    answer(limit, 0.2, 100)
    for _ in range(10):
        limit.refused()
    assert limit.value == 32
    answer(limit, 0.2, 33)
    assert limit.value == 33


def test_refusals_at_random_do_not_bring_it_down():
    limit, chance = AdaptiveConcurrency(64), random.Random(1)
    values = []
    for _ in range(20_000):
        if chance.random() < 0.1:
            limit.refused()
        else:
            limit.answered(0.1)
        values.append(limit.value)
    assert sum(values) / len(values) > 40


def test_it_is_never_less_than_one():
    limit = AdaptiveConcurrency(2)
    for _ in range(5):
        limit.shrink()
        assert limit.value == 1
        limit.answered(0.1)


def test_rates_are_those_of_the_last_seconds():
    meter = Meter(0.0)
    for second in range(1, 101):
        meter.note(float(second), second * 5, second * 100)
    assert meter.rates(100.0, 500, 10_000) == (5.0, 100.0)
    for second in range(101, 121):
        meter.note(float(second), 500, 10_000)
    assert meter.rates(120.0, 500, 10_000) == (0.0, 0.0)
