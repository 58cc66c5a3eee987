"""What got no answer is looked for in the report and in the applicant's count, and never sent again on a guess."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kycaid_async import VerifyStatus
from kycaid_async.bulk.ledger import Ledger
from kycaid_async.bulk.ledger.repair import repair
from tests.bulk.verify.conftest import FORM, OTHER_FORM

LOST = {"on": ["verifications.create"], "answers": ["reset"], "count": 1}
UNSENT = LOST | {"acts": 0}
GATEWAY = {"on": ["verifications.create"], "answers": ["503_html"], "count": 1}


@pytest.fixture
def killed(trial):
    """Leave a ledger as a run does that was killed while these verifications were on their way."""

    async def killed(*applicants, form_id=FORM, count_before=0, ago=timedelta(0)):
        ledger = await Ledger.open(trial.ledger, server=trial.oracle.url, api_key=trial.oracle.key)
        for applicant in applicants:
            now = datetime.now(UTC) - ago
            await ledger.verifications.intend(applicant, form_id, count_before=count_before, now=now)
        await ledger.close()

    return killed


@pytest.mark.parametrize("fault", [LOST, GATEWAY], ids=["lost", "a gateway's 503"])
async def test_one_that_was_started_without_an_answer_is_found_and_recorded(trial, people, fault):
    await trial.oracle.set(faults=[fault])
    (result,) = await trial.verify(people[:1])
    assert result.status is VerifyStatus.STARTED
    assert [row["id"] for row in trial.oracle.read("SELECT id FROM verifications")] == [result.verification_id]
    assert await trial.statuses(people[:1]) == ["done_before"]


async def test_one_that_was_not_started_is_sent_again(trial, people):
    await trial.oracle.set(faults=[UNSENT])
    assert await trial.statuses(people[:1]) == ["started"]
    assert trial.requests.count("verifications.create") == 2
    assert trial.started == {(people[0], FORM): 1}


async def test_one_that_the_server_starts_late_is_found_before_it_would_be_sent_again(trial, people, fake_time):
    late = [people[0]]

    async def act_late():
        while fake_time.now > 1010 and late:
            trial.start_elsewhere(late.pop())

    fake_time.before_sleep = act_late
    await trial.oracle.set(faults=[UNSENT])
    assert await trial.statuses(people[:1], settle_after=60) == ["started"]
    assert trial.requests.count("verifications.create") == 1
    assert trial.started.total() == 1


async def test_one_that_an_earlier_run_left_open_is_found(trial, people, killed):
    await killed(people[0])
    trial.start_elsewhere(people[0])  # by the run that was killed
    (result,) = await trial.verify(people[:1])
    assert (result.status, result.sent_before) == (VerifyStatus.STARTED, True)
    assert "verifications.create" not in trial.requests


async def test_one_that_an_earlier_run_never_got_out_is_sent_again_once_the_server_would_have_acted(
    trial, people, killed
):
    await killed(people[0])
    assert await trial.statuses(people[:1], settle_after=30) == ["started"]
    assert trial.started == {(people[0], FORM): 1}
    assert trial.requests.count("verifications.report") > 1


# Where the two disagree.


async def test_one_that_only_the_count_shows_is_set_aside(trial, people):
    await trial.oracle.set(faults=[LOST], view={"report_stale": 1e6})
    (result,) = await trial.verify(people[:1])
    assert result.status is VerifyStatus.UNCERTAIN
    assert "the report shows 0 that nothing else accounts for, and the count went from 0 to 1" in result.reason
    assert result.error.maybe_processed
    assert "may have cost a fee" in result.advice
    await trial.oracle.set(view={"report_stale": 1e6})
    assert await trial.statuses(people[:1]) == ["uncertain"]
    await trial.oracle.set()
    assert await trial.statuses(people[:1]) == ["started"]
    assert trial.started == {(people[0], FORM): 1}


async def test_one_that_only_the_report_shows_is_set_aside_and_named(trial, people):
    await trial.oracle.set(faults=[LOST], view={"count": "0"})
    (result,) = await trial.verify(people[:1])
    assert result.status is VerifyStatus.UNCERTAIN
    assert result.candidates == tuple(row["id"] for row in trial.oracle.read("SELECT id FROM verifications"))


async def test_one_that_neither_shows_while_the_status_says_that_there_is_one_is_set_aside(trial, people):
    await trial.oracle.set(faults=[LOST], view={"count": "0", "report_stale": 1e6})
    (result,) = await trial.verify(people[:1])
    assert (result.status, result.candidates) == (VerifyStatus.UNCERTAIN, ())
    assert "the status of the applicant says" in result.reason


async def test_without_a_count_nothing_is_sent_again(trial, people):
    await trial.oracle.set(faults=[UNSENT], view={"count": None})
    assert await trial.statuses(people[:1]) == ["uncertain"]
    assert trial.requests.count("verifications.create") == 1


async def test_a_count_that_no_ledger_can_hold_is_none_and_costs_no_other_its_start(trial, people):
    await trial.oracle.set(faults=[UNSENT], view={"count": str(10**30)})
    assert sorted(await trial.statuses(people[:3], concurrency=1)) == ["started", "started", "uncertain"]
    assert sorted(await trial.statuses(people[:3])) == ["done_before", "done_before", "uncertain"]


async def test_an_id_that_no_ledger_can_hold_is_an_answer_that_was_lost(trial, people):
    odd = {"on": ["verifications.create"], "answers": ["200_surrogate"], "count": 1}
    await trial.oracle.set(faults=[odd])
    assert await trial.statuses(people) == ["started"] * 4
    assert trial.started.total() == 4
    assert await trial.statuses(people) == ["done_before"] * 4


async def test_without_the_report_nothing_is_sent_again(trial, people):
    broken = {"on": ["verifications.report"], "answers": ["403_firewall"]}
    await trial.oracle.set(faults=[UNSENT, broken])
    assert await trial.statuses(people[:1]) == ["uncertain"]
    assert trial.requests.count("verifications.create") == 1


async def test_one_that_somebody_else_started_meanwhile_is_not_taken_for_ours_when_there_are_two(trial, people, killed):
    await killed(people[0])
    trial.start_elsewhere(people[0])
    trial.start_elsewhere(people[0])
    (result,) = await trial.verify(people[:1])
    assert result.status is VerifyStatus.UNCERTAIN
    assert len(result.candidates) == 2
    assert "verifications.create" not in trial.requests


async def test_one_that_was_started_before_the_intent_is_not_taken_for_ours(trial, people, killed):
    trial.start_elsewhere(people[0])
    await killed(people[0], count_before=1, ago=timedelta(hours=-1))
    assert await trial.statuses(people[:1]) == ["started"]
    assert trial.requests.count("verifications.create") == 1


async def test_a_clock_that_was_wrong_makes_it_uncertain_and_never_double(trial, people, killed):
    await killed(people[0], ago=timedelta(hours=-1))  # an hour ahead of the server
    trial.start_elsewhere(people[0])
    assert await trial.statuses(people[:1]) == ["uncertain"]
    assert "verifications.create" not in trial.requests


async def test_another_verification_of_an_applicant_waits_for_one_that_is_uncertain(trial, people, killed):
    await killed(people[0])
    trial.start_elsewhere(people[0])
    await trial.oracle.set(view={"report_stale": 1e6})
    results = await trial.verify([(people[0], OTHER_FORM), (people[0], FORM)])
    assert sorted(result.status.value for result in results) == ["failed", "uncertain"]
    assert "verifications.create" not in trial.requests
    await trial.oracle.set()
    results = await trial.verify([(people[0], OTHER_FORM), (people[0], FORM)])
    assert [result.status.value for result in results] == ["started", "started"]
    assert trial.requests.count("verifications.create") == 1


# What the user decides.


async def test_create_starts_an_uncertain_one_anew_once_a_run(trial, people, killed):
    await killed(people[0], count_before=None)
    assert await trial.statuses(people[:1]) == ["uncertain"]
    assert await trial.statuses(people[:1], on_uncertain="create") == ["started"]
    assert trial.started == {(people[0], FORM): 1}


async def test_one_that_is_lost_again_is_not_created_a_third_time_in_the_same_run(trial, people, killed):
    await killed(people[0], count_before=None)
    await trial.oracle.set(faults=[LOST | {"count": None}], view={"count": None})
    assert await trial.statuses([*people[:1], *people[:1]], on_uncertain="create") == ["uncertain"]
    assert trial.requests.count("verifications.create") == 1


async def test_a_refusal_of_one_that_is_created_anew_leaves_it_uncertain(trial, people, killed):
    await killed(people[0], count_before=None)
    await trial.oracle.set(refuses=(409, "verification_exists"))
    assert await trial.statuses(people[:1], on_uncertain="create") == ["uncertain"]
    await trial.oracle.set()
    assert await trial.statuses(people[:1]) == ["uncertain"]


async def test_a_mistake_in_the_options_does_not_make_an_uncertain_one_certain(trial, people, killed):
    await killed(people[0], count_before=None)
    assert await trial.statuses(people[:1], on_uncertain="create", callback_url="x" * 3000) == ["uncertain"]
    assert await trial.statuses(people[:1]) == ["uncertain"]


# A ledger that lost a part of itself.


@pytest.fixture
async def repaired(trial):
    """A ledger whose newest part was lost."""
    ledger = await Ledger.open(trial.ledger, server=trial.oracle.url, api_key=trial.oracle.key)
    await ledger.close()
    content = bytearray(Path(trial.ledger).read_bytes())
    content[63] ^= 1  # its mark says that it needs a part that is not there
    Path(trial.ledger).write_bytes(content)
    return repair(trial.ledger)


async def test_one_that_an_incomplete_ledger_does_not_know_is_started_only_where_there_certainly_is_none(
    trial, people, repaired
):
    trial.start_elsewhere(people[0])
    assert await trial.statuses(people[:2]) == ["uncertain", "started"]
    assert await trial.statuses(people[:2]) == ["uncertain", "done_before"]
    assert trial.started[people[1], FORM] == 1


# What it costs to ask.


async def test_the_report_is_read_once_for_all_that_ask_at_a_time(trial, oracle, killed):
    people = await oracle.applicants(40)
    await killed(*people)
    for applicant in people:
        trial.start_elsewhere(applicant)
    assert await trial.statuses(people) == ["started"] * 40
    assert trial.requests.count("verifications.report") < 20
    assert "verifications.create" not in trial.requests
