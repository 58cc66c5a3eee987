"""A real Sentry, with all that it sends of its own accord, gets nothing of what goes through the package."""

import json
import subprocess
import sys

import pytest

from kycaid_async.tracebacks import border, confidential

# One of each kind, so that a program which broke, and reports nothing, does not pass.
EXPECTED = {
    "hangs, timeout, keywords": "TimeoutError",
    "hangs, cancel, keywords": "CancelledError",
    "hangs, failing group, keywords": "ExceptionGroup",
    "half an answer, timeout, bytes": "TimeoutError",
    "half an answer, lost, json": "ConnectionLostError",
    "no JSON, card": "DecodeError",
    "refused, large bytes": "ValidationError",
    "bulk ended, down": "ValueError",
    "blocking, interrupted": "KeyboardInterrupt",
    "nobody there": "ConnectionFailedError",
}


@pytest.fixture(scope="module")
def reports():
    command = [sys.executable, "-m", "tests.security.reporters.sentry_program"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return json.loads(done.stdout)


def test_no_envelope_of_sentry_holds_a_mark_whatever_fails(reports):
    assert {name: report["found"] for name, report in reports.items() if report["found"]} == {}
    assert all(report["events"] for report in reports.values()), "each failure is reported"


def test_the_failures_are_those_that_were_meant(reports):
    assert {name: reports[name]["raised"] for name in EXPECTED} == EXPECTED


def frames_of(error):
    trace, frames = error.__traceback__, []
    while trace is not None:
        frames.append((trace.tb_frame.f_code.co_name, trace.tb_lineno, dict(trace.tb_frame.f_locals)))
        trace = trace.tb_next
    return frames


def deep(secret):
    copy = secret * 2
    raise ValueError(f"{len(copy)} letters")


@confidential
async def call(secret):
    try:
        deep(secret)
    except ValueError as error:
        raise LookupError("it failed") from error


async def test_places_stay_in_a_traceback_and_variables_do_not():
    with pytest.raises(LookupError) as caught:
        await call("x" * 10)
    (_, _, _), wrapper, own = frames_of(caught.value)
    assert [wrapper[2], own[2]] == [{}, {}]
    assert own[:2] == ("call", call.__wrapped__.__code__.co_firstlineno + 5)
    assert [(name, variables) for name, _, variables in frames_of(caught.value.__cause__)] == [
        ("call", {}),
        ("deep", {}),
    ]


async def test_what_the_caller_was_handling_keeps_its_variables():
    try:
        mine = "variable of the caller"
        raise KeyError("of the caller")
    except KeyError as error:
        with pytest.raises(LookupError) as caught:
            await call("x")
        assert caught.value.__cause__.__context__ is error
        assert frames_of(error)[0][2]["mine"] == mine


def test_groups_and_what_hangs_on_their_members_are_bare_too():
    with pytest.raises(ExceptionGroup) as caught, border:
        errors = []
        for text in ("one", "two"):
            try:
                deep(text)
            except ValueError as error:
                errors.append(error)
        raise ExceptionGroup("both", errors)
    for error in caught.value.exceptions:
        assert [variables for _, _, variables in frames_of(error)] == [{}, {}]


def test_an_exception_that_refuses_attributes_passes_as_it_is():
    class Frozen(Exception):  # noqa: N818 - one of a user
        def __setattr__(self, name, value):
            raise AttributeError(name)

    def fail(secret):
        raise Frozen(len(secret))

    with pytest.raises(Frozen) as caught, border:
        fail("secret")
    assert frames_of(caught.value)[-1][2] == {}


async def test_a_cancellation_passes_a_border_as_the_same_exception_with_its_message():
    import asyncio

    began = asyncio.Event()

    @confidential
    async def wait(secret):
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(wait("secret"))
    await began.wait()
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task
    assert (task.cancelled(), task.cancelling()) == (True, 1)
