"""When requests are sent, and when not: rules without clock and network."""

from kycaid_async.bulk.circuit_breaker import CircuitBreaker


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
