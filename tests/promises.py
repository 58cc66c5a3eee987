"""Promises about each operation, and the tests that hold them: ``kycaid_async/docs/reference/promises.md``.

What an operation promises follows from its declaration (`Endpoint.replay`, `Endpoint.orphans_only`) and from what
`protocol/retry.py` decides; here stand the words, and beside each promise a test that would fail if it were broken.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import attrs

import kycaid_async
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.cli.operations import _HAPPENED, _sent_again
from kycaid_async.protocol.endpoint import Endpoint, Replay

PAGE: Final = Path(kycaid_async.__file__).parent / "docs" / "reference" / "promises.md"


@attrs.frozen
class Promise:
    """One promise, and tests that hold it, as ``file::name``."""

    text: str
    tests: tuple[str, ...]


_RETRY = "tests/protocol/test_retry.py"
_FAULTS = "tests/transport/test_faults.py"
_CRASH = "tests/bulk/test_crash.py"  # its modes kill runs of both
_KILL = "tests/bulk/ledger/test_kill.py"
_GATEWAYS = "tests/transport/test_gateways.py"
_KILLED = "tests/transport/test_killed.py"

PROMISES: Final = {
    "R1": Promise(
        "What was never connected was not done: every operation is sent again, up to `max_retries` times.",
        (
            f"{_FAULTS}::test_a_refused_connection_is_tried_again_by_every_class_because_nothing_was_sent",
            f"{_RETRY}::test_without_a_byte_sent_every_class_is_repeated",
        ),
    ),
    "R2": Promise(
        "What KYCAID itself refused as too much (`limit_exceeded`, 429 or 503) was not done: every operation is sent "
        "again until its time is over.",
        (
            f"{_GATEWAYS}::test_what_kycaid_itself_refused_for_now_is_repeated_and_makes_one",
            f"{_FAULTS}::test_a_server_that_is_busy_for_a_minute_costs_a_billed_call_nothing_but_time",
        ),
    ),
    "L1": Promise(
        "After a lost answer, a time-out or a 5xx it is sent again, and the state is then the same as after once.",
        (
            f"{_RETRY}::test_what_does_no_harm_is_repeated_when_the_outcome_is_uncertain",
            f"{_FAULTS}::test_what_may_be_repeated_succeeds_after_any_passing_fault",
        ),
    ),
    "L2": Promise(
        "After a lost answer, a time-out or a 5xx it is never sent again. The error says `maybe_processed`.",
        (
            f"{_RETRY}::test_no_decision_ever_repeats_what_may_have_been_done_and_does_harm",
            f"{_FAULTS}::test_what_must_not_double_is_repeated_only_when_the_server_did_not_act",
            "tests/api/test_repeats.py::test_it_is_not_repeated_after_a_lost_connection",
        ),
    ),
    "L3": Promise(
        "What a gateway says in KYCAID's place is no proof that nothing was done.",
        (
            f"{_GATEWAYS}::test_a_creation_is_sent_once_and_the_error_says_that_it_may_be_done",
            "tests/protocol/test_every_answer.py::test_what_must_not_double_is_sent_again_for_two_answers_only",
        ),
    ),
    "L4": Promise(
        "A file is sent again whole, the same bytes; at worst a second file is left that nothing refers to.",
        (f"{_FAULTS}::test_an_upload_reset_in_the_middle_is_sent_again_whole",),
    ),
    "L5": Promise(
        "A deletion that an earlier attempt did, whose answer was lost, ends in a `NotFoundError` that says so.",
        (f"{_FAULTS}::test_a_delete_that_was_lost_and_repeated_says_so_when_the_object_is_gone",),
    ),
    "C1": Promise(
        "Your process ends in the middle of a call: nothing is recorded, and a read may simply be made again.",
        (f"{_KILLED}::test_a_read_is_made_again", f"{_RETRY}::test_a_read_never_counts_as_processed"),
    ),
    "C2": Promise(
        "Your process ends in the middle of a call: nothing is recorded. Making the same change again is safe.",
        (
            f"{_KILLED}::test_a_change_is_made_again_and_the_state_is_as_after_once",
            f"{_KILLED}::test_a_file_is_sent_again_and_at_worst_one_is_left_that_nothing_refers_to",
        ),
    ),
    "C3": Promise(
        "Your process ends in the middle of a call: nothing is recorded. Look for the object before you make it again.",
        (
            f"{_KILLED}::test_whoever_looks_for_an_object_before_making_it_again_has_one",
            f"{_KILLED}::test_whoever_looks_for_a_verification_before_starting_it_again_pays_once",
        ),
    ),
    "B1": Promise(
        "In `client.bulk.upload` with a ledger: after a crash or a lost answer at any moment, each row is delivered "
        "once, or named as uncertain.",
        (
            f"{_CRASH}::test_every_row_is_delivered_once_or_named_and_nothing_is_told_that_is_not_so",
            f"{_KILL}::test_a_ledger_is_whole_and_can_be_opened_at_every_moment_at_which_its_run_is_killed",
        ),
    ),
    "B2": Promise(
        "In `client.bulk.verify`: after a crash or a lost answer, a verification is found again or set aside, and "
        "never started again on a guess.",
        (
            f"{_CRASH}::test_every_row_is_delivered_once_or_named_and_nothing_is_told_that_is_not_so",
            "tests/bulk/verify/test_lost_answers.py::test_one_that_was_started_without_an_answer_is_found_and_recorded",
            "tests/bulk/verify/test_lost_answers.py::test_without_the_report_nothing_is_sent_again",
        ),
    ),
}

_IN_BULK: Final = {
    "applicants.create": "B1",
    "documents.create": "B1",
    "files.create": "B1",
    "verifications.create": "B2",
}
_OF_CLASS: Final = {
    Replay.SAFE: ("R1", "R2", "L1", "C1"),
    Replay.IDEMPOTENT: ("R1", "R2", "L1", "C2"),
    Replay.DUPLICATES: ("R1", "R2", "L2", "L3", "C3"),
    Replay.BILLED: ("R1", "R2", "L2", "L3", "C3"),
}
_LOST: Final = "a lost answer, a time-out, any other 5xx"
_BUSY: Final = "KYCAID's `limit_exceeded` (429, 503)"
_REPEATED: Final = {
    Replay.SAFE: "changes nothing",
    Replay.IDEMPOTENT: "leaves the same state",
    Replay.DUPLICATES: "makes a second object",
    Replay.BILLED: "costs a second fee",
}


def promises_of(endpoint: Endpoint[Any]) -> tuple[str, ...]:
    """Return the numbers of what holds for an operation."""
    numbers = _OF_CLASS[endpoint.replay]
    if endpoint.orphans_only:
        numbers = ("R1", "R2", "L1", "L4", "C2")
    if endpoint.name.endswith(".delete"):
        numbers = (*numbers[:3], "L5", *numbers[3:])
    return (*numbers, *([_IN_BULK[endpoint.name]] if endpoint.name in _IN_BULK else []))


def page() -> str:
    """Return the page of promises."""
    headings = ("operation", "a repetition", "after a lost answer", "promises")
    rows = [
        (
            f"`{e.name}`",
            "leaves a file that nothing refers to" if e.orphans_only else _REPEATED[e.replay],
            _again(e, _LOST),
            ", ".join(f"[{number}](#{number.lower()})" for number in promises_of(e)),
        )
        for e in sorted(ENDPOINTS.values(), key=lambda e: e.name.split("."))
    ]
    parts = [f"### {number}\n\n{promise.text}\n\n{_held_by(promise)}" for number, promise in PROMISES.items()]
    (busy,) = {_again(e, _BUSY) for e in ENDPOINTS.values()}
    return "\n".join([_HEAD.format(busy=busy), _table(headings, rows), "## Promises\n", *parts])


_HEAD: Final = """# Retries, crashes and lost answers

<!-- Written by `python -m tests.derived` from the declarations of operations and from `tests/promises.py`. -->

KYCAID has no idempotency keys. So each operation declares what a repetition does, and from that follows what is sent
again, what is not, and what you know after a failure. After a "too many requests" of KYCAID's own, each of them is
{busy}.

A letter and a number in the last column stand for a promise. Each is below, with the tests that hold it.
"""


def _again(endpoint: Endpoint[Any], happened: str) -> str:
    said = _sent_again(endpoint, _HAPPENED[happened])
    return {"yes": "sent again", "until the time is over": "sent again until its time is over"}.get(said, said)


def _held_by(promise: Promise) -> str:
    return "\n".join(["Held by:\n", *(f"* `{test}`" for test in promise.tests), ""])


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
