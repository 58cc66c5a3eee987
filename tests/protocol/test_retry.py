import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    ConnectionLostError,
    DecodeError,
    Endpoint,
    Evidence,
    FlowError,
    GatewayError,
    InvalidFileError,
    NotFoundError,
    RateLimitError,
    RedirectError,
    Replay,
    RequestTimeoutError,
    ServerError,
    ServerTimeoutError,
    UploadSourceError,
    ValidationError,
)
from kycaid_async.protocol.endpoint import ReturnsJson
from kycaid_async.protocol.retry import (
    Certainty,
    Raise,
    Retry,
    RetryBudget,
    RetryPolicy,
    certainty,
    decide,
    pause,
    slows_down,
)

POLICY = RetryPolicy()
REFUSALS = [ApiError, AuthenticationError, BadRequestError, ConflictError, FlowError, NotFoundError, ValidationError]


def gateway(*statuses):
    return {f"a gateway's {status}": lambda status=status: GatewayError("x", status=status) for status in statuses}


NOT_SENT = {
    "never connected": lambda: ConnectionFailedError("x", retryable=True),
    "connect timeout": lambda: RequestTimeoutError("x", phase="connect"),
    "slot timeout": lambda: RequestTimeoutError("x", phase="slot"),
}
BUSY = {
    "429 limit_exceeded": lambda: RateLimitError("x", status=429, type="limit_exceeded"),
    "503 limit_exceeded": lambda: RateLimitError("x", status=503, type="limit_exceeded"),
}
UNCERTAIN = {
    "lost connection": lambda: ConnectionLostError("x"),
    "read timeout": lambda: RequestTimeoutError("x", phase="read"),
    "progress timeout": lambda: RequestTimeoutError("x", phase="progress"),
    "408": lambda: ServerTimeoutError("x", status=408),
    "500": lambda: ServerError("x", status=500),
    "502": lambda: ServerError("x", status=502),
    "504": lambda: ServerError("x", status=504),
    "503 of another type": lambda: ServerError("x", status=503, type="internal_server"),
    "400 internal_server": lambda: ServerError("x", status=400, type="internal_server"),
    "503 of no type": lambda: ServerError("x", status=503),
    "500 limit_exceeded": lambda: ServerError("x", status=500, type="limit_exceeded"),
    "500 with a type that is none of a fault": lambda: ValidationError("x", status=500, type="validation"),
    **gateway(408, 425, 500, 502, 504),
}
# To a read these say no more than that it was refused for now; whatever else was asked for may have been done.
BUSY_TO_READS = gateway(429, 503)
# Whether an answer was JSON is known to where it is read, and told by `retryable`: see `answer`.
ANSWERED = {
    "JSON of another form": lambda: DecodeError("x", status=200),
    "redirect": lambda: RedirectError("x"),
    **gateway(101, 400, 401, 403, 404, 407, 413, 418),
}
FINAL = {
    "hopeless connection": lambda: ConnectionFailedError("x"),
    "broken source": lambda: UploadSourceError("x"),
    "429 flow": lambda: FlowError("x", status=429, type="flow"),
    "429 of another type": lambda: RateLimitError("x", status=429, type="brand_new"),
    "429 of no type": lambda: RateLimitError("x", status=429),
    "400 limit_exceeded": lambda: RateLimitError("x", status=400, type="limit_exceeded"),
    "refused file": lambda: InvalidFileError("x"),
    "closed client": lambda: ConfigurationError("x"),
    **{cls.__name__: lambda cls=cls: cls("x") for cls in REFUSALS},
}
OUTCOMES = NOT_SENT | BUSY | UNCERTAIN | BUSY_TO_READS | ANSWERED | FINAL

KINDS = {
    "safe": {"replay": Replay.SAFE},
    "idempotent": {"replay": Replay.IDEMPOTENT},
    "orphans": {"replay": Replay.DUPLICATES, "orphans_only": True},
    "duplicates": {"replay": Replay.DUPLICATES},
    "billed": {"replay": Replay.BILLED},
}
HARMLESS = ["safe", "idempotent", "orphans"]
HARMFUL = ["duplicates", "billed"]


def endpoint(kind):
    return Endpoint(
        name="x.y", method="POST", path="/x", returns=ReturnsJson(), evidence=Evidence.INFERRED, **KINDS[kind]
    )


def judge(kind, error, *, attempt=1, policy=POLICY, remaining=None, chance=0.0, **known):
    return decide(endpoint(kind), error, attempt=attempt, policy=policy, remaining=remaining, chance=chance, **known)


def pairs(kinds, outcomes):
    return pytest.mark.parametrize(
        ("kind", "make"), [pytest.param(k, outcomes[o], id=f"{k}, {o}") for k, o in product(kinds, outcomes)]
    )


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(make, expected, id=name)
        for makers, expected in [
            (NOT_SENT, Certainty.NOT_SENT),
            (BUSY, Certainty.BUSY),
            (UNCERTAIN | BUSY_TO_READS, Certainty.UNCERTAIN),
            (ANSWERED, Certainty.ANSWERED),
            (FINAL, Certainty.FINAL),
        ]
        for name, make in makers.items()
    ],
)
def test_every_error_says_how_certain_it_is(make, expected):
    assert certainty(make()) is expected


def test_an_answer_that_is_no_json_is_uncertain_where_it_may_be_asked_for_again():
    assert certainty(DecodeError("x", status=200, retryable=True)) is Certainty.UNCERTAIN


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ConnectionLostError("x"), Certainty.NOT_SENT),
        *[
            (lambda phase=phase: RequestTimeoutError("x", phase=phase), Certainty.NOT_SENT)
            for phase in ("read", "progress", "total", "connect", "slot")
        ],
        (lambda: ConnectionFailedError("x"), Certainty.FINAL),
        (lambda: ConnectionFailedError("x", retryable=True), Certainty.NOT_SENT),
        (lambda: ServerError("x", status=500), Certainty.UNCERTAIN),
        (lambda: ServerTimeoutError("x", status=408), Certainty.UNCERTAIN),
        (lambda: DecodeError("x", status=200, retryable=True), Certainty.UNCERTAIN),
        (lambda: DecodeError("x", status=200), Certainty.ANSWERED),
        (lambda: RateLimitError("x", status=429, type="limit_exceeded"), Certainty.BUSY),
        (lambda: GatewayError("x", status=503), Certainty.UNCERTAIN),
        (lambda: UploadSourceError("x"), Certainty.FINAL),
    ],
    ids=lambda value: repr(value()) if callable(value) else value.name,
)
def test_without_a_byte_sent_a_lost_connection_or_time_out_means_that_nothing_was_done(make, expected):
    assert certainty(make(), sent=False) is expected


UNSENT = {name: UNCERTAIN[name] for name in ("lost connection", "read timeout", "progress timeout")}


@pairs(KINDS, UNSENT)
def test_without_a_byte_sent_every_class_is_repeated(kind, make):
    assert judge(kind, make(), sent=False) == Retry(0.0)
    error = judge(kind, make(), sent=False, attempt=4).error
    assert (error.maybe_processed, error.retryable) == (False, True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_total_time_running_out_without_a_byte_sent_is_raised_as_not_processed(kind):
    error = judge(kind, RequestTimeoutError("x", phase="total"), sent=False).error
    assert (error.attempts, error.maybe_processed, error.retryable) == (1, False, True)
    assert "It was not processed; it may be repeated." in str(error)


@pairs(KINDS, NOT_SENT | BUSY)
def test_what_the_server_did_not_do_is_repeated_for_every_class(kind, make):
    assert judge(kind, make()) == Retry(0.0)


@pairs(HARMLESS, UNCERTAIN | BUSY_TO_READS)
def test_what_does_no_harm_is_repeated_when_the_outcome_is_uncertain(kind, make):
    assert judge(kind, make()) == Retry(0.0)


@pairs(HARMFUL, UNCERTAIN | BUSY_TO_READS)
def test_what_makes_a_second_object_or_costs_money_is_never_repeated_when_the_outcome_is_uncertain(kind, make):
    verdict = judge(kind, make())
    assert isinstance(verdict, Raise)
    assert verdict.error.maybe_processed
    assert not verdict.error.retryable
    assert "look for its result before you repeat it" in str(verdict.error)


@pytest.mark.parametrize("kind", HARMLESS)
def test_an_answer_that_is_no_json_is_asked_for_again_where_it_does_no_harm(kind):
    make = lambda: DecodeError("x", status=200, retryable=True)  # noqa: E731
    assert judge(kind, make()) == Retry(0.0)
    error = judge(kind, make(), attempt=4).error
    assert error.retryable
    assert error.maybe_processed is (kind != "safe")


@pairs(KINDS, ANSWERED)
def test_json_of_another_form_is_never_asked_for_again(kind, make):
    error = judge(kind, make()).error
    assert (error.attempts, error.maybe_processed, error.retryable) == (1, kind != "safe", False)


@pairs(KINDS, FINAL)
def test_what_was_refused_for_good_is_raised_at_once(kind, make):
    verdict = judge(kind, make())
    assert isinstance(verdict, Raise)
    assert not verdict.error.retryable
    assert not verdict.error.maybe_processed
    assert verdict.error.attempts == 1


@pairs(KINDS, NOT_SENT | BUSY)
def test_once_given_up_what_was_not_done_may_be_repeated_by_the_caller(kind, make):
    error = judge(kind, make(), attempt=4).error
    assert (error.attempts, error.retryable, error.maybe_processed) == (4, True, False)
    assert "Tried 4 times." in str(error)
    assert "It was not processed; it may be repeated." in str(error)


@pairs(HARMLESS, UNCERTAIN | BUSY_TO_READS)
def test_once_given_up_what_does_no_harm_may_be_repeated_by_the_caller(kind, make):
    error = judge(kind, make(), attempt=4).error
    assert error.retryable
    assert error.maybe_processed is (kind != "safe")


@pairs(HARMFUL, NOT_SENT | BUSY | FINAL)
def test_an_earlier_uncertain_attempt_is_not_forgotten(kind, make):
    error = judge(kind, make(), attempt=4, earlier_uncertain=True).error
    assert (error.attempts, error.maybe_processed, error.retryable) == (4, True, False)


@pairs(["idempotent", "orphans"], FINAL)
def test_a_refusal_after_an_uncertain_attempt_of_what_does_no_harm_says_so_too(kind, make):
    error = judge(kind, make(), attempt=2, earlier_uncertain=True).error
    assert (error.attempts, error.maybe_processed, error.retryable) == (2, True, False)


@pairs(KINDS, OUTCOMES)
def test_whatever_is_raised_is_the_error_itself_with_its_attempts(kind, make):
    error = make()
    verdict = judge(kind, error, attempt=4)
    assert verdict.error is error
    assert error.attempts == 4
    assert str(error).startswith("x Tried 4 times.")


@pairs(["safe"], OUTCOMES)
def test_a_read_never_counts_as_processed(kind, make):
    assert not judge(kind, make(), attempt=4, earlier_uncertain=True).error.maybe_processed


@pytest.mark.parametrize(("status", "says"), [(401, True), (403, False), (503, False)])
def test_the_key_is_named_as_a_cause_only_where_it_may_be_one(status, says):
    error = judge("billed", GatewayError("x", status=status)).error
    assert "Check the server's URL" in str(error)
    assert ("API key" in str(error)) == says


@pytest.mark.parametrize("kind", KINDS)
def test_the_total_time_running_out_is_never_repeated(kind):
    error = judge(kind, RequestTimeoutError("x", phase="total")).error
    assert error.maybe_processed is (kind != "safe")
    assert error.retryable is (kind in HARMLESS)


# When to give up.


@pytest.mark.parametrize(
    ("max_retries", "attempt", "again"), [(0, 1, False), (1, 1, True), (1, 2, False), (3, 3, True), (3, 4, False)]
)
def test_the_first_attempt_is_followed_by_at_most_max_retries(max_retries, attempt, again):
    verdict = judge("safe", ServerError("x", status=500), attempt=attempt, policy=RetryPolicy(max_retries=max_retries))
    assert isinstance(verdict, Retry) is again


@pairs(KINDS, BUSY)
def test_a_busy_server_is_asked_again_until_the_deadline_however_often(kind, make):
    assert judge(kind, make(), attempt=500, remaining=61.0, chance=1.0) == Retry(60.0)
    error = judge(kind, make(), attempt=500, remaining=60.0, chance=1.0).error
    assert (error.attempts, error.maybe_processed, error.retryable) == (500, False, True)


@pairs(["safe"], BUSY_TO_READS)
def test_a_gateway_that_is_busy_is_asked_again_for_what_only_reads_until_the_deadline(kind, make):
    assert judge(kind, make(), attempt=500, remaining=61.0, chance=1.0) == Retry(60.0)
    assert isinstance(judge(kind, make(), attempt=500, remaining=60.0, chance=1.0), Raise)


@pairs(["idempotent", "orphans"], BUSY_TO_READS)
def test_a_gateway_that_is_busy_is_asked_again_for_what_does_no_harm_as_often_as_was_said(kind, make):
    assert isinstance(judge(kind, make(), attempt=3, remaining=90.0), Retry)
    assert isinstance(judge(kind, make(), attempt=4, remaining=90.0), Raise)


@pairs(KINDS, BUSY)
def test_without_retries_or_a_deadline_a_busy_server_is_not_asked_for_ever(kind, make):
    assert isinstance(judge(kind, make(), remaining=90.0, policy=RetryPolicy(max_retries=0)), Raise)
    assert isinstance(judge(kind, make(), remaining=None, attempt=3), Retry)
    assert isinstance(judge(kind, make(), remaining=None, attempt=4), Raise)


@pairs(KINDS, NOT_SENT)
def test_a_deadline_far_away_gives_no_more_attempts_to_what_was_not_sent(kind, make):
    assert isinstance(judge(kind, make(), remaining=90.0, attempt=3), Retry)
    assert isinstance(judge(kind, make(), remaining=90.0, attempt=4), Raise)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("remaining", [None, 90.0, 1e6])
@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_a_retry_after_beyond_the_cap_is_not_waited_for(kind, remaining, chance):
    error = RateLimitError("x", status=429, type="limit_exceeded", retry_after=60.5)
    verdict = judge(kind, error, remaining=remaining, chance=chance)
    assert verdict.error is error
    assert (error.retry_after, error.attempts, error.maybe_processed, error.retryable) == (60.5, 1, False, True)
    assert verdict.after == 60.0
    near = RateLimitError("x", status=429, type="limit_exceeded", retry_after=59.5)
    assert judge(kind, near, chance=1.0) == Retry(60.0)


def test_no_retry_is_left_in_an_exhausted_budget():
    assert isinstance(judge("safe", ServerError("x", status=500), exhausted=True), Raise)


@pytest.mark.parametrize(
    ("remaining", "again"), [(None, True), (0.51, True), (0.5, False), (0.1, False), (0.0, False), (-1.0, False)]
)
def test_a_pause_that_would_outlast_the_deadline_is_not_begun(remaining, again):
    verdict = judge("safe", ServerError("x", status=500), remaining=remaining, chance=1.0)
    assert isinstance(verdict, Retry) is again
    assert verdict.after == 0.5


def test_a_raised_refusal_still_says_how_long_others_should_wait():
    error = RateLimitError("x", status=429, retry_after=5.0)
    assert judge("billed", error, attempt=4).after == 5.0


# How long to wait.


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (7, 32.0), (8, 60.0), (50, 60.0)]
)
def test_the_range_doubles_with_each_attempt_up_to_the_cap(attempt, longest):
    error = ServerError("x", status=500)
    assert pause(error, attempt=attempt, policy=POLICY, chance=1.0) == longest
    assert pause(error, attempt=attempt, policy=POLICY, chance=0.25) == longest / 4
    assert pause(error, attempt=attempt, policy=POLICY, chance=0.0) == 0.0


@pytest.mark.parametrize(
    ("asked", "chance", "after"),
    [(5.0, 0.0, 5.0), (5.0, 1.0, 5.5), (5.0, 0.5, 5.25), (0.0, 1.0, 0.5), (3600.0, 0.0, 3600.0), (30.0, 1.0, 30.5)],
)
@pytest.mark.parametrize("attempt", [1, 2, 50])
def test_retry_after_is_kept_with_at_most_one_base_more(asked, chance, after, attempt):
    error = RateLimitError("x", status=429, retry_after=asked)
    assert pause(error, attempt=attempt, policy=POLICY, chance=chance) == after


@pytest.mark.parametrize("make", [GatewayError, ServerError])
def test_what_a_gateway_asks_for_is_kept_and_does_not_keep_pauses_from_growing(make):
    error = make("x", status=503, retry_after=1.0)
    pauses = [pause(error, attempt=attempt, policy=POLICY, chance=1.0) for attempt in (1, 2, 3, 4, 5)]
    assert pauses == [1.5, 1.5, 2.0, 4.0, 8.0]
    assert pause(error, attempt=5, policy=POLICY, chance=0.0) == 1.0
    hasty = make("x", status=503, retry_after=0.0)
    assert [pause(hasty, attempt=attempt, policy=POLICY, chance=1.0) for attempt in (1, 2, 3)] == [0.5, 1.0, 2.0]


def test_who_asks_for_fewer_requests_is_heard_and_nobody_else():
    asking = [make for make in OUTCOMES.values() if slows_down(make())]
    assert asking == [*BUSY.values(), *BUSY_TO_READS.values()]


@given(
    attempt=st.integers(1, 10_000),
    chance=st.floats(0, 1),
    asked=st.none() | st.floats(0, 1e9),
    base=st.floats(0, 1e6),
    cap=st.floats(0, 1e6),
)
def test_a_pause_is_never_longer_than_the_cap_and_never_shorter_than_asked(attempt, chance, asked, base, cap):
    policy = RetryPolicy(max_retries=10_000, base=base, cap=cap)
    error = RateLimitError("x", status=429, type="limit_exceeded", retry_after=asked)
    after = pause(error, attempt=attempt, policy=policy, chance=chance)
    assert math.isfinite(after)
    if asked is None:
        assert 0 <= after <= cap
    else:
        assert asked <= after <= asked + base
    verdict = judge("billed", error, attempt=attempt, policy=policy, chance=chance)
    assert isinstance(verdict, Retry) is (after <= cap)
    assert verdict.after == min(after, cap)


@given(
    kind=st.sampled_from(list(KINDS)),
    make=st.sampled_from(list(OUTCOMES.values())),
    attempt=st.integers(1, 6),
    remaining=st.none() | st.floats(-10, 100),
    chance=st.floats(0, 1),
    earlier=st.booleans(),
    exhausted=st.booleans(),
    sent=st.booleans(),
)
def test_no_decision_ever_repeats_what_may_have_been_done_and_does_harm(
    kind, make, attempt, remaining, chance, earlier, exhausted, sent
):
    error = make()
    verdict = judge(
        kind,
        error,
        attempt=attempt,
        remaining=remaining,
        chance=chance,
        earlier_uncertain=earlier,
        exhausted=exhausted,
        sent=sent,
    )
    if isinstance(verdict, Retry):
        undone = [*NOT_SENT.values(), *BUSY.values(), *([] if sent else UNSENT.values())]
        harmless = [*UNCERTAIN.values(), *BUSY_TO_READS.values()]
        assert make in undone or (kind in HARMLESS and make in harmless)
        assert not exhausted
        assert remaining is None or verdict.after < remaining
    elif kind in HARMFUL:
        assert not (error.maybe_processed and error.retryable)


# The budget.


def test_a_budget_runs_out():
    budget = RetryBudget(capacity=2)
    assert [budget.take() for _ in range(4)] == [True, True, False, False]


def test_good_calls_fill_the_budget_by_shares():
    budget = RetryBudget(capacity=1, refund=0.5)
    assert budget.take()
    budget.succeeded()
    assert not budget.take()
    budget.succeeded()
    assert budget.take()


def test_a_budget_never_grows_beyond_its_capacity():
    budget = RetryBudget(capacity=1, refund=1)
    for _ in range(10):
        budget.succeeded()
    assert [budget.take(), budget.take()] == [True, False]


@given(st.lists(st.booleans(), max_size=300))
def test_retries_stay_a_share_of_the_calls(calls):
    budget, taken = RetryBudget(capacity=10, refund=0.2), 0
    for good in calls:
        if good:
            budget.succeeded()
        else:
            taken += budget.take()
    assert taken <= 10 + 0.2 * calls.count(True)
