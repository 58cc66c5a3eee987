import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async.protocol.pacing import Pacer

STEPS = st.lists(st.tuples(st.sampled_from(["refused", "succeeded"]), st.floats(0, 10), st.floats(0, 60)), max_size=60)


def test_a_pacer_starts_wide_open():
    pacer = Pacer(64)
    assert (pacer.window, pacer.wait(0.0), pacer.wait(-1e9)) == (64, 0.0, 0.0)


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
