"""An audit says of each row what an independent server has of it, and changes nothing there."""

import json

import pytest

from kycaid_async import BulkRow, KycaidError, LedgerError, Person
from kycaid_async.bulk.manifest.manifest import Manifest
from tests.bulk.manifests import row, with_pictures, write_csv
from tests.pictures import PNG_START


async def test_what_was_delivered_is_there_as_sent_by_one_request_for_each_applicant(trial, rows):
    given = rows(12, per_applicant=3)
    made = await trial.upload(given)
    before = len(trial.requests)
    found, summary = await trial.audit(given)
    assert [found[number].status for number in range(12)] == ["as_sent"] * 12
    assert [found[number].document_ids for number in range(12)] == [(name,) for name in made]
    assert [found[number].line for number in range(12)] == list(range(2, 14))
    assert all(result.reason == result.advice == "" for result in found.values())
    assert trial.requests[before:] == ["applicants.get"] * 4
    assert (summary.rows, summary.applicants, summary.requests, summary.is_proven) == (12, 4, 4, True)
    assert str(summary) == "12 rows: 12 there as sent."


async def test_the_ledger_is_not_changed(trial, rows, tmp_path):
    given = rows(3)
    await trial.upload(given)
    before = (tmp_path / "ledger").read_bytes()
    await trial.audit([*given, BulkRow(document={"type": "PASSPORT"}, applicant_id="0" * 36)])
    assert (tmp_path / "ledger").read_bytes() == before


async def test_a_creation_that_a_gateway_delivers_twice_is_found(trial, rows, oracle):
    await oracle.set(faults=[{"on": ["documents.create"], "acts": 2, "count": 1}])
    given = rows(2)
    made = await trial.upload(given, concurrency=1)
    found, summary = await trial.audit(given)
    [twice] = [result for result in found.values() if result.status == "twice"]
    [extra] = [row["id"] for row in oracle.read("SELECT id FROM documents") if row["id"] not in made]
    assert twice.document_ids == (made[twice.number], extra)
    assert f"delete document {extra}" in twice.advice
    assert (summary.twice, summary.as_sent, summary.is_proven) == (1, 1, False)
    assert str(summary) == "2 rows: 1 there as sent, 1 there twice."
    trial.delete(extra)
    assert await trial.statuses(given) == ["as_sent"] * 2


async def test_whichever_of_two_is_deleted_the_other_one_counts(trial, rows, oracle):
    await oracle.set(faults=[{"on": ["documents.create"], "acts": 2, "count": 1}])
    given = rows(1)
    [made] = await trial.upload(given)
    trial.delete(made)
    found, _ = await trial.audit(given)
    assert found[0].status == "as_sent"
    assert "another id" in found[0].reason


async def test_a_creation_on_which_the_server_acts_after_it_was_given_up_is_found(trial, rows, oracle):
    await oracle.set(faults=[{"on": ["documents.create"], "acts": 0, "answers": ["reset"], "count": 1}])
    given = rows(1)
    [made] = await trial.upload(given, settle_after=0)
    (sent,) = oracle.read("SELECT * FROM documents WHERE id = ?", made)
    trial.write("INSERT INTO documents VALUES ('late', ?, ?, ?, ?, 0)", *tuple(sent)[1:5])  # as a queue does, later
    found, _ = await trial.audit(given)
    assert (found[0].status, found[0].document_ids) == ("twice", (made, "late"))


async def test_a_document_that_is_deleted_is_missing_and_the_server_is_asked_for_it_by_its_id(trial, rows):
    given = rows(2)
    made = await trial.upload(given)
    trial.delete(made[1])
    before = len(trial.requests)
    found, _ = await trial.audit(given)
    assert [found[0].status, found[1].status] == ["as_sent", "missing"]
    assert found[1].document_ids == (made[1],)
    assert "another key" in found[1].advice
    assert trial.requests[before:].count("documents.get") >= 1
    # What is advised does send it once more.
    again = [
        BulkRow(document=given[1].document, applicant_id=given[1].applicant_id, front_side=given[1].front_side, key="k")
    ]
    assert (await trial.upload(again))[0] not in (None, made[1])
    assert await trial.statuses(again) == ["as_sent"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"document_number": "other"}, "document_number"),
        ({"type": "DRIVERS_LICENSE"}, "type"),
        ({"front_side_id": "f" * 36}, "front_side"),
        ({"back_side_id": "f" * 36}, "back_side"),
    ],
)
async def test_what_was_changed_behind_our_back_is_named(change, name, trial, rows):
    given = rows(2)
    made = await trial.upload(given)
    trial.change(made[0], **change)
    found, _ = await trial.audit(given)
    assert [found[0].status, found[1].status] == ["different", "as_sent"]
    assert f"shows another {name} than" in found[0].reason
    assert "other" not in found[0].reason.replace("another", "")


async def test_a_row_that_was_changed_under_its_key_is_different(trial, rows):
    given = rows(1, key="k")
    await trial.upload(given)
    changed = rows(1, key="k", document={"type": "PASSPORT", "document_number": "N9"})
    found, _ = await trial.audit(changed)
    assert found[0].status == "different"
    assert "says something else" in found[0].reason


async def test_a_row_without_a_key_that_was_changed_is_not_sent_and_told_what_stands_in_its_place(trial, rows):
    given = rows(1)
    [made] = await trial.upload(given)
    found, _ = await trial.audit(rows(1, document={"type": "PASSPORT", "document_number": "N9"}))
    assert found[0].status == "not_sent"
    assert f"document {made} was made for a row" in found[0].reason
    assert "do not upload it" in found[0].advice


@pytest.mark.parametrize("view", [{"half": True}, {"page": 1}, {"list": None}, {"list": "absent"}, {"list": []}])
async def test_a_list_that_is_not_whole_proves_nothing_and_what_is_missing_is_missing_all_the_same(
    view, trial, rows, oracle
):
    given = rows(4, per_applicant=4)
    made = await trial.upload(given)
    trial.delete(made[3])
    await oracle.set(view=view)
    found, _ = await trial.audit(given)
    assert [found[number].status for number in range(4)] == ["uncertain"] * 3 + ["missing"]
    assert all("there as sent; whether it is there twice" in found[number].reason for number in range(3))


async def test_the_wait_for_what_was_sent_ends_by_a_clock_that_takes_no_small_steps(trial, rows, fake_time):
    fake_time.now = 2.0**40  # its next step is 0.0002 seconds away
    given = rows(1)
    trial.delete(*await trial.upload(given))
    for number in range(8):
        assert await trial.statuses(given, settle_after=300.0 + number / 30011) == ["missing"]
    assert len(trial.requests) < 100


@pytest.mark.parametrize("view", [{"nulls": True}])
async def test_a_document_that_does_not_show_its_files_proves_nothing(view, trial, rows, oracle):
    given = rows(2)
    await trial.upload(given)
    await oracle.set(view=view)
    assert await trial.statuses(given) == ["uncertain"] * 2


@pytest.mark.parametrize("view", [{"no_files": True}, {"no_types": True}])
async def test_what_a_list_leaves_out_is_asked_for(view, trial, rows, oracle):
    given = rows(2)
    await trial.upload(given)
    await oracle.set(view=view)
    assert await trial.statuses(given) == ["as_sent"] * 2


@pytest.mark.parametrize("page", ["404_html", "404_json", "403_firewall", "200_portal", "200_list", "200_null"])
async def test_what_something_in_between_says_proves_nothing(page, trial, rows, oracle):
    given = rows(2)
    made = await trial.upload(given)
    trial.delete(made[0])
    await oracle.set(faults=[{"on": ["documents.get"], "acts": 0, "answers": [page]}])
    assert await trial.statuses(given) == ["uncertain", "as_sent"]
    await oracle.set(faults=[{"on": ["applicants.get"], "acts": 0, "answers": [page], "count": 2}])
    found, _ = await trial.audit(given)
    assert found[0].status in ("uncertain", "missing")
    assert found[1].status in ("uncertain", "as_sent")


async def test_a_row_that_got_no_answer_and_is_there_is_as_sent_and_the_next_upload_records_it(trial, rows, oracle):
    await oracle.set(view={"list": None}, faults=[{"on": ["documents.create"], "answers": ["reset"], "count": 1}])
    given = rows(1)
    assert await trial.upload(given, settle_after=0) == [None]
    await oracle.set()
    found, _ = await trial.audit(given)
    [made] = [row["id"] for row in oracle.read("SELECT id FROM documents")]
    assert (found[0].status, found[0].document_ids) == ("as_sent", (made,))
    assert found[0].advice == "The next upload records it."
    assert await trial.upload(given) == [made]


async def test_a_row_that_got_no_answer_and_is_not_there_is_missing_once_the_server_had_its_time(
    trial, rows, oracle, fake_time
):
    await oracle.set(
        view={"list": None}, faults=[{"on": ["documents.create"], "acts": 0, "answers": ["reset"], "count": 1}]
    )
    given = rows(1)
    assert await trial.upload(given, settle_after=0) == [None]
    await oracle.set()
    fake_time.slept.clear()
    found, _ = await trial.audit(given, settle_after=50)
    assert found[0].status == "missing"
    assert 45 < sum(fake_time.slept) < 55
    assert found[0].advice == "Upload again: it is sent once more."


async def test_a_row_that_got_no_answer_and_was_made_twice_is_there_twice(trial, rows, oracle):
    await oracle.set(
        view={"list": None}, faults=[{"on": ["documents.create"], "acts": 2, "answers": ["reset"], "count": 1}]
    )
    given = rows(1)
    await trial.upload(given, settle_after=0)
    await oracle.set()
    assert await trial.statuses(given) == ["twice"]


async def test_a_row_whose_applicant_got_no_answer_cannot_be_told(trial, rows, oracle):
    await oracle.set(faults=[{"on": ["applicants.create"], "answers": ["reset"]}])
    given = rows(1, applicant_id=None, applicant=Person(first_name="Jane", external_applicant_id="e-1"))
    await trial.upload(given)
    found, _ = await trial.audit(given)
    assert found[0].status == "uncertain"
    assert "write its applicant_id into the row" in found[0].advice


async def test_rows_that_were_refused_or_never_sent_are_not_sent(trial, rows, oracle):
    given = rows(3)
    await oracle.set(one_per_type=True)
    refused = BulkRow(document={"type": "PASSPORT", "document_number": "N9"}, applicant_id=given[0].applicant_id)
    await trial.upload([*given[:2], refused], concurrency=1)
    found, _ = await trial.audit([given[0], refused, given[2]])
    assert [found[number].status for number in range(3)] == ["as_sent", "not_sent", "not_sent"]
    assert "refused (validation)" in found[1].reason
    assert found[2].reason == "it was not sent with this ledger"


async def test_a_refused_row_that_is_there_all_the_same_is_different(trial, rows, oracle):
    given = rows(1)
    await oracle.set(one_per_type=True)
    twin = BulkRow(document={"type": "PASSPORT", "document_number": "N9"}, applicant_id=given[0].applicant_id)
    await trial.upload([*given, twin], concurrency=1)
    body = json.dumps({"type": "PASSPORT", "document_number": "N9"})
    insert = "INSERT INTO documents VALUES ('late', ?, 'PASSPORT', ?, 1, 0)"
    trial.write(insert, given[0].applicant_id, body)
    found, _ = await trial.audit([*given, twin])
    assert (found[0].status, found[1].status, found[1].document_ids) == ("as_sent", "different", ("late",))
    assert "Take the row out" in found[1].advice


async def test_twins_that_are_told_apart_by_their_numbers_are_each_there_once(trial, rows):
    same = PNG_START * 20
    given = [
        *rows(1, front_side=same),
        *rows(1, front_side=same, document={"type": "PASSPORT", "document_number": "N9"}),
    ]
    await trial.upload(given)
    assert await trial.statuses(given) == ["as_sent"] * 2


async def test_a_second_document_counts_for_the_twin_with_its_number(trial, rows, oracle):
    same = PNG_START * 20
    given = [
        *rows(1, front_side=same),
        *rows(1, front_side=same, document={"type": "PASSPORT", "document_number": "N9"}),
    ]
    made = await trial.upload(given)
    (sent,) = oracle.read("SELECT * FROM documents WHERE id = ?", made[1])
    trial.write("INSERT INTO documents VALUES ('late', ?, ?, ?, ?, 0)", *tuple(sent)[1:5])
    found, _ = await trial.audit(given)
    assert [found[number].status for number in range(2)] == ["as_sent", "twice"]


async def test_the_same_document_with_other_files_is_there_twice(trial, rows, oracle):
    given = rows(1)
    [made] = await trial.upload(given)
    (sent,) = oracle.read("SELECT * FROM documents WHERE id = ?", made)
    body = json.dumps(json.loads(sent["body"]) | {"front_side_id": "f" * 36})
    insert = "INSERT INTO documents VALUES ('other', ?, ?, ?, ?, 0)"
    trial.write(insert, sent["applicant_id"], sent["type"], body, sent["made"])
    found, _ = await trial.audit(given)
    assert found[0].status == "twice"


async def test_a_document_that_no_row_accounts_for_is_told_of_applicants_that_the_ledger_made(trial, rows, oracle):
    person = Person(first_name="Jane", external_applicant_id="e-1")
    given = [*rows(1, applicant_id=None, applicant=person), *rows(2)[1:]]
    await trial.upload(given)
    for made in oracle.read("SELECT applicant_id, made FROM documents"):
        insert = "INSERT INTO documents VALUES (?, ?, 'VISA', '{\"type\": \"VISA\"}', ?, 0)"
        trial.write(insert, f"by hand {made['applicant_id']}"[:36], made["applicant_id"], made["made"])
    found, summary = await trial.audit(given)
    assert [found[0].status, found[1].status, found[None].status] == ["as_sent", "as_sent", "surplus"]
    assert (summary.surplus, summary.rows, summary.is_proven) == (1, 2, True)
    assert str(summary).endswith("\n1 more of applicants that this ledger made: of no row.")


async def test_a_document_of_a_row_in_another_manifest_is_neither_a_second_one_nor_surplus(trial, rows):
    same, person = PNG_START * 20, Person(first_name="Jane", external_applicant_id="e-1")
    owner = {"applicant_id": None, "applicant": person, "front_side": same}
    given = [*rows(1, **owner), *rows(1, **owner, document={"type": "PASSPORT", "document_number": "N9"})]
    await trial.upload(given)
    found, summary = await trial.audit(given[:1])
    assert (found[0].status, summary.surplus) == ("as_sent", 0)


async def test_rows_of_an_applicant_may_stand_anywhere_and_it_is_asked_for_once(trial, rows, oracle):
    given = rows(6, per_applicant=3)
    await trial.upload(given)
    before = len(trial.requests)
    mixed = [given[number] for number in (0, 3, 1, 4, 2, 5)]
    assert await trial.statuses(mixed) == ["as_sent"] * 6
    assert trial.requests[before:] == ["applicants.get"] * 2


async def test_rows_that_can_be_no_rows_are_not_sent(trial, rows):
    given = rows(1)
    await trial.upload(given)
    odd = [*rows(1, key=""), BulkRow(document={"type": object()}, applicant_id="0" * 36)]
    assert await trial.statuses([*given, *odd]) == ["as_sent", "not_sent", "not_sent"]


async def test_a_server_that_is_away_for_a_while_is_waited_for(trial, rows, oracle, fake_time):
    given = rows(5)
    await trial.upload(given)
    await oracle.set(faults=[{"on": ["*"], "acts": 0, "answers": ["503_text", "429_own", "reset"], "count": 30}])
    assert await trial.statuses(given) == ["as_sent"] * 5
    assert sum(fake_time.slept) > 0


@pytest.mark.parametrize("answer", ["503_text", "429_own", "reset", "403_firewall"])
async def test_a_server_that_stays_away_ends_the_audit(answer, trial, rows, oracle):
    given = rows(20)
    await trial.upload(given)
    await oracle.set(faults=[{"on": ["*"], "acts": 0, "answers": [answer]}])
    audit = trial.client.bulk.audit(given, ledger=trial.ledger, give_up_after=5)
    with pytest.raises(KycaidError):
        async for _ in audit:
            pass
    assert audit.summary.read == 20
    assert audit.summary.as_sent == 0


async def test_a_key_that_is_revoked_ends_the_audit(trial, rows, oracle):
    given = rows(2)
    await trial.upload(given)
    await oracle.set(key="another")
    with pytest.raises(KycaidError, match="401"):
        await trial.audit(given)


async def test_without_the_ledger_nothing_is_said(trial, rows):
    with pytest.raises(LedgerError, match="no such ledger"):
        await trial.audit(rows(1))


async def test_the_ledger_of_another_account_is_refused_unless_it_is_said_to_be_the_same(
    trial, rows, oracle, make_client, tmp_path
):
    given = rows(1)
    await trial.upload(given)
    await oracle.set(key="k" * 36)
    trial.client = make_client(oracle.url, api_key="k" * 36)
    with pytest.raises(LedgerError, match="another API key"):
        await trial.audit(given)
    found, _ = await trial.audit(given, same_account=True)
    assert found[0].status == "as_sent"


async def test_nothing_of_a_person_is_in_the_repr_of_a_result(trial, rows):
    given = rows(1, key="Jane Doe")
    await trial.upload(given)
    found, _ = await trial.audit(given)
    assert repr(found[0]) == "AuditResult(status=<AuditStatus.AS_SENT: 'as_sent'>, number=0, line=2)"


async def test_a_manifest_is_audited_as_it_stands(trial, oracle, tmp_path):
    (applicant,) = await oracle.applicants(1)
    folder = with_pictures(tmp_path / "work", "a.png")
    path = write_csv(folder / "m.csv", [row(applicant_id=applicant, front_side="a.png")])
    await trial.client.bulk.upload_all(path, ledger=trial.ledger)
    write_csv(path, [row(applicant_id=applicant, front_side="a.png"), row(applicant_id="no id", front_side="a.png")])
    assert await trial.statuses(Manifest.open(path)) == ["as_sent", "not_sent"]
