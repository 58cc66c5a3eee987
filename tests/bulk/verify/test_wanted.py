"""Several rows of one applicant: each form that they ask for is one verification, and nothing about that is silent."""

import json
from datetime import UTC, datetime

import pytest

from kycaid_async import BulkRow, BulkVerification, VerifyStatus, read_manifest
from kycaid_async.bulk.ledger import Ledger
from kycaid_async.bulk.manifest.manifest import Manifest
from tests.bulk.manifests import new, row, with_pictures, write_csv
from tests.bulk.verify.conftest import FORM, OTHER_FORM
from tests.pictures import PNG_START

THIRD_FORM = "e" * 36
HERE, THERE = "https://here.example/", "https://there.example/"


def document(number, applicant_id, **fields):
    return BulkRow(
        document={"type": "PASSPORT", "document_number": f"N{number}"},
        front_side=PNG_START + b"%d" % number * 100,
        line=number + 2,
        applicant_id=applicant_id,
        **fields,
    )


def in_capitals(text):
    return text.upper()


def said(results):
    return {(result.form_id, result.status.value): result.numbers for result in results}


def bodies(trial):
    return [json.loads(found["body"]) for found in trial.oracle.read("SELECT body FROM verifications")]


# Applicants that are there.


async def test_an_applicant_with_a_form_and_without_one_gets_that_form_and_that_of_the_run(trial, people):
    ann = people[0]
    planned = await trial.verify([(ann, OTHER_FORM), ann], dry_run=True)
    assert said(planned) == {(OTHER_FORM, "to_start"): (0,), (FORM, "to_start"): (1,)}
    assert [result.note for result in planned] == [
        f"one of 2 verifications of this applicant, with form {form}" for form in (OTHER_FORM, FORM)
    ]
    assert said(await trial.verify([(ann, OTHER_FORM), ann])) == {
        (OTHER_FORM, "started"): (0,),
        (FORM, "started"): (1,),
    }
    assert trial.started == {(ann, OTHER_FORM): 1, (ann, FORM): 1}
    assert await trial.statuses([ann, (ann, OTHER_FORM)]) == ["done_before", "done_before"]


async def test_the_form_of_the_run_named_in_a_row_too_is_one_verification(trial, people):
    results = await trial.verify([people[0], (people[0], FORM), BulkVerification(applicant_id=people[0], key="A")])
    assert [(result.status, result.numbers, result.keys, result.note) for result in results] == [
        (VerifyStatus.STARTED, (0, 1, 2), ("A",), "")
    ]


async def test_a_row_without_a_form_where_the_run_has_none_is_named_and_the_others_are_started(trial, people):
    results = await trial.verify([(people[0], FORM), people[0]], form_id=None)
    assert said(results) == {(FORM, "started"): (0,), (None, "refused"): (1,)}
    assert "form_id" in results[1].reason


async def test_an_id_in_capitals_or_with_spaces_around_it_is_not_paid_for_again(trial, people):
    ann, bob, *_ = people
    rows = [ann, in_capitals(ann), f" {ann} ", (in_capitals(ann), f"{in_capitals(FORM)} ")]
    assert said(await trial.verify(rows)) == {(FORM, "started"): (0, 1, 2, 3)}
    assert await trial.statuses([in_capitals(ann)], form_id=in_capitals(FORM)) == ["done_before"]
    assert await trial.statuses([in_capitals(bob)]) == ["started"]
    assert trial.started == {(ann, FORM): 1, (bob, FORM): 1}


async def test_one_that_the_ledger_has_in_capitals_is_known_by_them(trial, people):
    shouted = in_capitals(people[0])
    await trial.verify([people[1]])
    ledger = await Ledger.open(trial.ledger, server=trial.oracle.url, api_key=trial.oracle.key)
    entry = await ledger.verifications.intend(shouted, FORM, count_before=0, now=datetime.now(UTC))
    ledger.verifications.created(entry, "0" * 36)
    await ledger.close()
    assert await trial.statuses([people[0], shouted]) == ["done_before"]
    (verdict,), _ = await trial.client.bulk.results_all([people[0]], ledger=trial.ledger)
    assert (verdict.verification_id, verdict.form_id) == ("0" * 36, FORM)


# What else a row may say of its verification.


async def test_each_row_may_have_a_callback_url_and_types_of_its_own(trial, people):
    rows = [
        BulkVerification(applicant_id=people[0], callback_url=HERE, types=["DOCUMENT"]),
        BulkVerification(applicant_id=people[1]),
    ]
    assert await trial.statuses(rows, callback_url=THERE, concurrency=1) == ["started", "started"]
    assert bodies(trial) == [
        {"applicant_id": people[0], "form_id": FORM, "callback_url": HERE, "types": ["DOCUMENT"]},
        {"applicant_id": people[1], "form_id": FORM, "callback_url": THERE},
    ]


@pytest.mark.parametrize(
    ("fields", "other", "run", "told"),
    [
        ({"callback_url": HERE}, {"callback_url": THERE}, {}, "callback_url"),
        ({"types": ["DOCUMENT"]}, {"types": ["FACIAL"]}, {}, "types"),
        ({"callback_url": HERE, "types": ["AML"]}, {}, {"callback_url": THERE, "types": ["DOCUMENT"]}, "and types"),
    ],
)
async def test_rows_that_disagree_about_one_verification_start_none(trial, people, fields, other, run, told):
    rows = [BulkVerification(applicant_id=people[0], **said) for said in (fields, other)]
    (planned,) = await trial.verify(rows, dry_run=True, **run)
    (result,) = await trial.verify(rows, **run)
    assert (planned.status, planned.reason) == (result.status, result.reason)
    assert (result.status, result.numbers) == (VerifyStatus.REFUSED, (0, 1))
    assert f"{told}; nothing tells which one is meant" in result.reason
    assert "Correct what the refusal names" in result.advice
    assert not trial.started


@pytest.mark.parametrize("other", [{"types": ["FACIAL", "DOCUMENT"]}, {}])
async def test_rows_that_agree_or_say_nothing_are_one(trial, people, other):
    rows = [BulkVerification(applicant_id=people[0], **said) for said in ({"types": ["DOCUMENT", "FACIAL"]}, other)]
    assert await trial.statuses(rows) == ["started"]
    assert bodies(trial)[0]["types"] == ["DOCUMENT", "FACIAL"]


async def test_what_was_sent_before_is_asked_for_although_its_rows_disagree_now(trial, people):
    ledger = await Ledger.open(trial.ledger, server=trial.oracle.url, api_key=trial.oracle.key)
    await ledger.verifications.intend(people[0], FORM, count_before=0, now=datetime.now(UTC))
    await ledger.close()
    trial.start_elsewhere(people[0])  # by a run that was killed
    rows = [BulkVerification(applicant_id=people[0], callback_url=url) for url in (HERE, THERE)]
    assert await trial.statuses(rows) == ["started"]
    assert "verifications.create" not in trial.requests


# Rows of documents.


async def test_rows_of_documents_without_a_form_go_by_that_of_the_others_and_say_so(trial, people):
    rows = [document(0, people[0], form_id=OTHER_FORM), document(1, people[0]), document(2, people[1])]
    await trial.client.bulk.upload_all(rows, ledger=trial.ledger)
    run = trial.client.bulk.verify(rows, ledger=trial.ledger, form_id=FORM, dry_run=True)
    ann, bob = sorted([result async for result in run], key=lambda result: result.numbers)
    assert (ann.form_id, ann.lines, bob.note, run.summary.mixed_forms) == (OTHER_FORM, (2, 3), "", 1)
    assert ann.note == "1 of its rows names no form, and goes by that of the others"


async def test_rows_of_documents_that_name_two_forms_get_both_and_each_says_which_it_is(trial, people):
    forms = (OTHER_FORM, THIRD_FORM, None)
    rows = [document(number, people[0], form_id=form) for number, form in enumerate(forms)]
    await trial.client.bulk.upload_all(rows, ledger=trial.ledger)
    results = await trial.verify(rows)
    assert said(results) == {(OTHER_FORM, "started"): (0, 2), (THIRD_FORM, "started"): (1, 2)}
    assert all("one of 2 verifications" in result.note for result in results)


async def test_partial_starts_no_form_of_which_no_row_is_delivered(trial, people):
    rows = [document(0, people[0], form_id=OTHER_FORM), document(1, people[0], form_id=THIRD_FORM)]
    await trial.client.bulk.upload_all(rows[:1], ledger=trial.ledger)
    assert await trial.statuses(rows) == ["not_delivered"] * 2
    assert said(await trial.verify(rows, partial=True)) == {
        (OTHER_FORM, "started"): (0,),
        (THIRD_FORM, "not_delivered"): (1,),
    }


async def test_a_manifest_has_columns_for_all_that_is_said_of_a_verification(trial, people, tmp_path):
    folder = with_pictures(tmp_path / "work", "a.png")
    more = {"form_id": OTHER_FORM, "callback_url": HERE, "types": "DOCUMENT, FACIAL"}
    path = write_csv(folder / "m.csv", [row(applicant_id=people[0], front_side="a.png", **more)])
    await trial.client.bulk.upload_all(path, ledger=trial.ledger)
    assert await trial.statuses(Manifest.open(path)) == ["started"]
    assert bodies(trial) == [{"applicant_id": people[0]} | more | {"types": ["DOCUMENT", "FACIAL"]}]


@pytest.mark.parametrize(
    ("field", "value"), [("callback_url", "here"), ("types", "DOCUMENT; SELFIES"), ("form_id", "abc")]
)
async def test_what_cannot_be_said_of_a_verification_makes_a_row_bad(tmp_path, field, value):
    path = write_csv(tmp_path / "m.csv", [new("e-1", front_side="a.png", **{field: value})])
    (bad,) = read_manifest(path)
    assert [problem.field for problem in bad.problems] == [field]


# Tables of applicants.


def write_table(path, rows):
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(found) + "\n" for found in rows), encoding="utf-8")
        return path
    return write_csv(path, rows)


@pytest.mark.parametrize("name", ["ids.csv", "ids.jsonl"])
async def test_a_table_of_ids_asks_for_each_form_that_it_names_and_for_that_of_the_run(trial, people, tmp_path, name):
    ann, bob, *_ = people
    rows = [
        {"applicant_id": ann, "form_id": OTHER_FORM, "key": "k1"},
        {"applicant_id": bob, "form_id": "", "key": "k2"},
        {"applicant_id": in_capitals(ann), "form_id": "", "key": "k3"},
    ]
    manifest = Manifest.open(write_table(tmp_path / name, rows))
    assert not manifest.names_documents
    assert [(result.keys, result.form_id, result.status.value) for result in await trial.verify(manifest)] == [
        (("k1",), OTHER_FORM, "started"),
        (("k2",), FORM, "started"),
        (("k3",), FORM, "started"),
    ]
    assert trial.started == {(ann, OTHER_FORM): 1, (ann, FORM): 1, (bob, FORM): 1}
    verdicts, _ = await trial.client.bulk.results_all(manifest, ledger=trial.ledger)
    assert {(found.applicant_id, found.form_id, found.verdict, found.keys) for found in verdicts} == {
        (ann, OTHER_FORM, "pending", ("k1",)),
        (ann, FORM, "pending", ("k3",)),
        (bob, FORM, "pending", ("k2",)),
    }


async def test_objects_that_are_no_rows_of_a_table_of_ids_are_named(trial, people, tmp_path):
    rows = [
        {"applicant_id": 12, "key": "k1"},
        {"applicantid": people[0]},
        {"applicant_id": people[0], "form_id": 7},
        {"applicant_id": people[1]},
    ]
    results = await trial.verify(Manifest.open(write_table(tmp_path / "ids.jsonl", rows)), partial=True)
    assert [(result.lines, result.status.value, result.reason.partition(":")[0]) for result in results] == [
        ((1,), "not_delivered", "applicant_id"),
        ((2,), "not_delivered", "applicantid"),
        ((3,), "not_delivered", "form_id"),
        ((4,), "started", ""),
    ]


async def test_results_name_a_form_with_which_nothing_was_started(trial, people):
    await trial.verify(people[:1])
    verdicts, _ = await trial.client.bulk.results_all([people[0], (people[0], OTHER_FORM)], ledger=trial.ledger)
    assert [(found.form_id, found.verdict, found.reason) for found in verdicts] == [
        (FORM, "pending", ""),
        (OTHER_FORM, "not_started", "no verification was started with this form"),
    ]
