"""When requests are sent, and when not: rules without clock and network."""

from kycaid_async.bulk.requests.limits import CircuitBreaker


def test_it_opens_when_nobody_can_connect_or_five_requests_in_a_row_fail():
    breaker = CircuitBreaker()
    for n in range(5):
        assert not breaker.is_open
        breaker.failed(float(n), connected=True)
    assert breaker.is_open
    breaker.succeeded()
    assert not breaker.is_open
    breaker.failed(10.0, connected=False)
    assert breaker.is_open
    assert breaker.lasts(70.0) == 60.0


def test_pauses_while_it_is_open_grow_up_to_a_quarter_of_a_minute():
    breaker, pauses = CircuitBreaker(), []
    for n in range(12):
        breaker.failed(float(n), connected=False)
        pauses.append(breaker.pause(1000.0))
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, 15.0)


def test_a_pause_while_it_is_open_ends_when_the_run_gives_up():
    breaker = CircuitBreaker()
    for n in range(12):
        breaker.failed(float(n), connected=False)
    assert (breaker.pause(7.0), breaker.pause(0.0)) == (7.0, 0.25)


def test_a_busy_server_is_there_but_gives_nothing_of_use():
    breaker = CircuitBreaker()
    breaker.failed(0.0, connected=False)
    breaker.busy(10.0)
    assert not breaker.is_open
    assert breaker.lasts(30.0) == 30.0


def test_after_a_failure_no_more_are_under_way_than_it_takes_to_open_and_after_it_closed_they_grow_from_one():
    breaker = CircuitBreaker(threshold=3)
    for _ in range(20):
        breaker.succeeded()
    before = breaker.allowed
    allowed = []
    for n in range(3):
        breaker.failed(float(n))
        allowed.append(breaker.allowed)
    assert before > 20
    assert (allowed, breaker.is_open) == ([2, 1, 1], True)
    for expected in (2, 3, 4):
        breaker.succeeded()
        assert breaker.allowed == expected


def test_when_it_opens_again_and_again_the_first_pause_is_longer_each_time():
    breaker, pauses = CircuitBreaker(threshold=1), []
    for n in range(4):
        breaker.failed(float(n))
        pauses.append(breaker.pause(1000.0))
        breaker.succeeded()
    assert pauses == [0.5, 1.0, 2.0, 4.0]
    for _ in range(8):
        breaker.succeeded()
    breaker.failed(9.0)
    assert breaker.pause(1000.0) == 0.5
