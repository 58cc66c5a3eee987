"""One verification for each applicant, none twice, and every refusal with a status and advice of its own."""

from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from kycaid_async import (
    BadRow,
    BulkRow,
    BulkVerification,
    ConfigurationError,
    InsufficientFundsError,
    Kycaid,
    ManifestError,
    Person,
    VerifyStatus,
)
from tests.bulk.verify.conftest import FORM, OTHER_FORM
from tests.oracle.running import RunningOracle
from tests.pictures import PNG_START


def document(number, applicant_id=None, **fields):
    owner = {"applicant_id": applicant_id} if applicant_id else {}
    return BulkRow(
        **{
            "document": {"type": "PASSPORT", "document_number": f"N{number}"},
            "front_side": PNG_START + b"%d" % number * 100,
            "line": number + 2,
        }
        | owner
        | fields
    )


async def test_each_applicant_is_verified_once_however_often_it_is_named_and_the_run_is_repeated(trial, people):
    assert await trial.statuses([*people, *people]) == ["started"] * 4
    assert await trial.statuses(people) == ["done_before"] * 4
    assert trial.started == {(applicant, FORM): 1 for applicant in people}


async def test_ids_pairs_and_rows_are_taken_and_results_carry_their_names(trial, people):
    ann, bob, cid, _ = people
    rows = [ann, (bob, OTHER_FORM), BulkVerification(applicant_id=cid, key="C-1", line=7)]
    one, two, three = await trial.verify(rows)
    assert (one.applicant_id, one.form_id, one.numbers) == (ann, FORM, (0,))
    assert (two.applicant_id, two.form_id) == (bob, OTHER_FORM)
    assert (three.keys, three.lines, three.count_before) == (("C-1",), (7,), 0)
    assert {result.verification_id for result in (one, two, three)} == {
        row["id"] for row in trial.oracle.read("SELECT id FROM verifications")
    }
    assert trial.started == {(ann, FORM): 1, (bob, OTHER_FORM): 1, (cid, FORM): 1}


async def test_an_applicant_can_be_verified_with_another_form_too(trial, people):
    assert await trial.statuses(people[:1]) == ["started"]
    assert await trial.statuses(people[:1], form_id=OTHER_FORM) == ["started"]
    assert trial.started == {(people[0], FORM): 1, (people[0], OTHER_FORM): 1}


async def test_without_a_form_nothing_is_sent_unless_types_are_named(trial, people):
    (result,) = await trial.verify(people[:1], form_id=None)
    assert (result.status, "form_id" in result.reason) == (VerifyStatus.REFUSED, True)
    assert await trial.statuses(people[:1], form_id=None, types=["DOCUMENT"]) == ["started"]


# Rows that were uploaded.


async def test_an_applicant_is_verified_when_all_its_rows_are_delivered_by_the_ledger(trial, people):
    ann, bob, *_ = people
    rows = [document(0, ann), document(1, ann), document(2, bob)]
    await trial.client.bulk.upload_all(rows[:1] + rows[2:], ledger=trial.ledger)
    result, other = await trial.verify(rows)
    assert (result.status, result.applicant_id, result.lines) == (VerifyStatus.NOT_DELIVERED, ann, (2, 3))
    assert result.reason == "1 of its 2 rows are not delivered: 1 never sent"
    assert (other.status, other.applicant_id) == (VerifyStatus.STARTED, bob)
    assert await trial.statuses(rows, partial=True) == ["started", "done_before"]
    assert trial.started == {(ann, FORM): 1, (bob, FORM): 1}


async def test_applicants_that_the_upload_made_are_known_by_the_customers_own_key(trial):
    rows = [
        document(number, applicant=Person(external_applicant_id=f"E{number // 2}", first_name="Jane"))
        for number in range(4)
    ]
    assert await trial.statuses(rows) == ["not_delivered"] * 2
    await trial.client.bulk.upload_all(rows, ledger=trial.ledger)
    results = await trial.verify(rows)
    assert [(result.status, result.keys, result.lines) for result in results] == [
        (VerifyStatus.STARTED, ("E0",), (2, 3)),
        (VerifyStatus.STARTED, ("E1",), (4, 5)),
    ]


async def test_nothing_is_started_for_an_applicant_that_nobody_delivered_a_row_of_even_with_partial(trial, people):
    assert await trial.statuses([document(0, people[0])], partial=True) == ["not_delivered"]
    assert not trial.started


async def test_a_row_can_name_the_form_of_its_applicant(trial, people):
    ann, bob, *_ = people
    rows = [document(0, ann, form_id=OTHER_FORM), document(1, ann), document(2, bob)]
    await trial.client.bulk.upload_all(rows, ledger=trial.ledger)
    assert await trial.statuses(rows) == ["started"] * 2
    assert trial.started == {(ann, OTHER_FORM): 1, (bob, FORM): 1}


async def test_the_form_of_a_row_does_not_make_it_another_row(trial, people):
    await trial.client.bulk.upload_all([document(0, people[0])], ledger=trial.ledger)
    assert await trial.statuses([document(0, people[0], form_id=OTHER_FORM)]) == ["started"]


async def test_a_bad_row_keeps_all_from_being_started_since_nobody_knows_whose_it_is(trial, people):
    bad = BadRow(line=9, problems=())
    with pytest.raises(ManifestError, match="1 rows are bad"):
        await trial.verify([people[0], bad])
    assert not trial.started
    assert sorted(await trial.statuses([people[0], bad], partial=True)) == ["not_delivered", "started"]


# Before money is spent.


async def test_a_dry_run_says_what_would_be_started_and_sends_and_writes_nothing(trial, people):
    ann, bob, cid, _ = people
    await trial.client.bulk.upload_all([document(0, ann)], ledger=trial.ledger)
    await trial.verify([cid])
    before = len(trial.requests)
    rows = [document(0, ann), document(1, bob), cid]
    assert await trial.statuses(rows, dry_run=True) == ["to_start", "not_delivered", "done_before"]
    assert len(trial.requests) == before
    assert await trial.statuses(rows) == ["started", "not_delivered", "done_before"]


async def test_a_dry_run_needs_no_ledger_and_makes_none(trial, people):
    assert await trial.statuses(people[:2], dry_run=True) == ["to_start", "to_start"]
    assert not Path(trial.ledger).exists()
    assert set(trial.requests) == {"applicants.create"}  # by the test


async def test_one_text_in_place_of_a_list_is_refused(trial, people):
    with pytest.raises(ConfigurationError, match="give a list of ids"):
        await trial.verify(people[0])


@pytest.mark.parametrize("options", [{"limit": 0}, {"form_id": "c"}, {"ledger": None}, {"on_uncertain": "make"}])
async def test_options_that_make_no_sense_are_refused(trial, people, options):
    with pytest.raises(ConfigurationError, match="bulk: "):
        await trial.verify(people, **options)


async def test_no_more_than_the_limit_are_started_and_the_next_run_goes_on(trial, people):
    run = trial.client.bulk.verify(people, ledger=trial.ledger, form_id=FORM, limit=3)
    assert [result.status.value async for result in run] == ["started"] * 3
    assert (run.summary.started, run.summary.left, run.summary.is_done) == (3, 1, False)
    assert sorted(await trial.statuses(people, limit=3)) == ["done_before"] * 3 + ["started"]


async def test_a_refused_one_does_not_count_against_the_limit(trial, people):
    assert await trial.statuses(["f" * 36, people[0]], limit=1, concurrency=1) == ["refused", "started"]


# Refusals.


@pytest.mark.parametrize(
    ("refusal", "status", "advice"),
    [
        ((409, "verification_exists"), "exists", "Wait for the one that runs"),
        ((422, "verification_exists"), "exists", "Wait for the one that runs"),
        ((422, "insufficient_data"), "insufficient_data", "Add what the form asks for"),
        ((403, "forbidden_duplicates_retries"), "no_retries", "Use another form"),
        ((403, "forbidden_fake_document_retries"), "no_retries", "Use another form"),
        ((422, "validation", "form_id", "Form is not valid"), "refused", "Correct what the refusal names"),
        ((404, "not_found"), "refused", "Correct what the refusal names"),
        ((429, "flow"), "refused", "Correct what the refusal names"),
    ],
)
async def test_a_refusal_ends_in_a_status_with_advice_and_the_others_go_on(trial, people, refusal, status, advice):
    await trial.oracle.set(refuses=refusal)
    results = await trial.verify(people[:2])
    assert [result.status.value for result in results] == [status] * 2
    assert all(advice in result.advice and "Nothing was charged" in result.advice for result in results)
    await trial.oracle.set()
    assert await trial.statuses(people[:2]) == ["started"] * 2


async def test_an_empty_balance_ends_the_run_and_the_next_one_goes_on(trial, people):
    await trial.oracle.set(balance=250)
    run = trial.client.bulk.verify(people, ledger=trial.ledger, form_id=FORM, concurrency=1)
    results = []

    async def read():
        async for result in run:
            results.append(result)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(InsufficientFundsError):
        await read()
    assert [result.status.value for result in results] == ["started", "started", "no_funds"]
    assert "Fill up the account" in results[-1].advice
    assert run.summary.left == 1
    await trial.oracle.set()
    assert await trial.statuses(people) == ["done_before", "done_before", "started", "started"]


async def test_an_unknown_applicant_is_refused(trial):
    (result,) = await trial.verify(["f" * 36])
    assert result.status is VerifyStatus.REFUSED
    assert not trial.started


async def test_an_id_of_another_length_is_refused_before_anything_is_sent(trial):
    (result,) = await trial.verify(["f" * 35])
    assert result.status is VerifyStatus.REFUSED
    assert trial.requests == []


# Either client.


def test_the_blocking_client_starts_them_too(tmp_path):
    options = {"ledger": tmp_path / "l", "form_id": FORM}
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(RunningOracle(tmp_path / "o")) as oracle:
        people = portal.call(oracle.applicants, 3)
        with Kycaid(oracle.key, base_url=oracle.url) as client:
            with client.bulk.verify(people, **options) as run:
                first = next(run)
                others = list(run)
                assert (first.status, len(others), run.summary.started) == (VerifyStatus.STARTED, 2, 3)
                assert run.progress.in_flight == 0
            results, summary = client.bulk.verify_all(people, **options)
    assert [result.numbers for result in results] == [(0,), (1,), (2,)]
    assert (summary.done_before, str(summary)) == (3, "3 verifications: 3 done before.")
