"""``client.bulk.results``: verdicts of all applicants of a ledger, with the fewest requests."""

import asyncio
from collections import Counter

import pytest

from kycaid_async import (
    BadRow,
    BulkVerdict,
    ConfigurationError,
    DeclineReason,
    FieldProblem,
    InsufficientFundsError,
    Kycaid,
    LedgerError,
    Verdict,
)
from kycaid_async.bulk.ledger import Intent, Ledger
from tests.bulk.results.conftest import FORM, NOON, applicant_of, document_of, row_of, verification_of
from tests.conftest import API_KEY


async def look(client, ledger, count=0, **options) -> list[BulkVerdict]:
    rows = [row_of(number) for number in range(count)] if count else None
    return [verdict async for verdict in client.bulk.results(rows, ledger=ledger, **options)]


async def test_each_applicant_has_its_verdict_with_all_that_led_to_it(fill, server, client):
    ledger = await fill(4)
    server.decide(verification_of(0), profile=[], document=[])
    declined = {"verified": False, "comment": "=cmd|'/c calc'!A0", "decline_reasons": [7, "EXPIRED_DOCUMENT"]}
    server.decide(verification_of(1), profile=[], document=declined, facial=["DIFFERENT_FACES", "BAD_QUALITY", 999])
    results = client.bulk.results([row_of(number) for number in range(4)], ledger=ledger)
    passed, no, *others = [verdict async for verdict in results]
    assert [v.verdict for v in (passed, no, *others)] == [Verdict.PASSED, Verdict.DECLINED, "pending", "pending"]
    assert (passed.keys, passed.lines, passed.number) == (("K-0",), (2,), 0)
    assert (no.applicant_id, no.form_id, no.verification_id) == (applicant_of(1), FORM, verification_of(1))
    assert [(c.name, c.passed, len(c.reasons)) for c in no.checks] == [
        ("profile", True, 0),
        ("document", False, 2),
        ("facial", False, 3),
    ]
    assert no.reasons[:3] == [DeclineReason.BAD_QUALITY, DeclineReason.EXPIRED_DOCUMENT, DeclineReason.DIFFERENT_FACES]
    assert (no.reasons[3].id, no.reasons[3].is_known) == (999, False)
    assert no.comment == "=cmd|'/c calc'!A0"
    assert (no.sent_at, no.created_at) == (NOON, NOON)
    assert no.looked_at is not None
    assert str(results.summary) == "4 applicants: 1 passed, 1 declined, 2 pending."
    assert results.summary.reasons["BAD_QUALITY"] == 1
    assert not results.summary.is_final
    assert "cmd" not in repr(no) + str(no)
    assert "K-1" not in repr(no)


async def test_a_second_run_asks_for_what_is_open_only(fill, server, client):
    ledger = await fill(2500)
    for number in range(500):
        server.decide(verification_of(number), profile=["BAD_QUALITY"] if number % 2 else [])
    first = await look(client, ledger, 2500)
    assert server.counts() == {"report": 3, "verifications": 500}
    second = await look(client, ledger, 2500)
    assert server.counts() == {"report": 2}
    assert [v.verdict for v in first] == [v.verdict for v in second]
    assert [v.reasons for v in first] == [v.reasons for v in second]
    for number in range(500, 2500):
        server.decide(verification_of(number))
    await look(client, ledger, 2500)
    assert server.counts() == {"report": 2, "verifications": 2000}
    assert {v.verdict for v in await look(client, ledger, 2500)} == {"passed", "declined"}
    assert server.counts() == {}


async def test_a_fresh_look_asks_for_what_was_decided_too(fill, server, client):
    ledger = await fill(4)
    for number in range(3):
        server.decide(verification_of(number), profile=["BAD_QUALITY"])
    await look(client, ledger, 4)
    server.decide(verification_of(0))
    del server.verifications[verification_of(1)]
    server.counts()
    assert [v.verdict for v in await look(client, ledger, 4)] == ["declined"] * 3 + ["pending"]
    assert server.counts()["verifications"] == 1
    fresh = await look(client, ledger, 4, fresh=True)
    assert [v.verdict for v in fresh] == ["passed", "declined", "declined", "pending"]
    assert server.counts()["verifications"] == 4
    assert [v.verdict for v in await look(client, ledger, 4)] == [v.verdict for v in fresh]


async def test_a_fresh_look_that_waits_asks_for_what_was_decided_once(fill, server, client, fake_time):
    ledger = await fill(2)
    server.decide(verification_of(0))
    await look(client, ledger, 2)
    server.counts()
    await look(client, ledger, 2, fresh=True, wait=60)
    assert len(fake_time.slept) > 2
    asked = Counter(path for path, _ in server.asked)
    assert asked[f"/verifications/{verification_of(0)}"] == 1


async def test_exactly_one_full_page_of_verifications_is_one_page(fill, server, client):
    ledger = await fill(1000)
    await look(client, ledger)
    assert server.counts() == {"report": 1}


async def test_verifications_of_several_days_are_looked_up_on_their_days(fill, server, client):
    ledger = await fill(30, days=3)
    await look(client, ledger)
    asked = [query["date"] for _, query in server.asked]
    assert asked == ["2026-11-28", "2026-11-29", "2026-11-30"]
    server.counts()
    await look(client, ledger)
    assert server.counts() == {"report": 3}


async def test_a_few_among_very_many_of_others_are_asked_for_one_by_one(fill, server, client):
    server.others = 20_000
    ledger = await fill(3)
    server.decide(verification_of(2))
    assert [v.verdict for v in await look(client, ledger, 3)] == ["pending", "pending", "passed"]
    assert server.counts() == {"report": 3, "verifications": 3}


async def test_a_report_that_begins_with_the_newest_moves_and_is_searched_again(fill, server, client):
    server.newest_first = True
    ledger = await fill(1500)
    await look(client, ledger)
    server.counts()
    server.others = 3000
    server.newest_first = False
    verdicts = await look(client, ledger)
    assert {v.verdict for v in verdicts} == {"pending"}
    counts = server.counts()
    assert counts["report"] <= 7
    assert counts["verifications"] == 0


async def test_a_server_without_a_report_is_asked_for_each(fill, server, client):
    server.refused["/verifications/report"] = 404
    ledger = await fill(5)
    server.decide(verification_of(4), facial=["NO_SELFIE"])
    assert [v.verdict for v in await look(client, ledger, 5)] == [*["pending"] * 4, "declined"]


@pytest.mark.parametrize("status", [..., None, "", "done", "comp\ud83d"])
async def test_the_report_proves_only_that_one_still_runs_and_all_others_are_asked_for(fill, server, client, status):
    ledger = await fill(3)
    server.decide(verification_of(1))
    server.reported["status"] = status
    for _ in range(2):
        assert [v.verdict for v in await look(client, ledger, 3)] == ["pending", "passed", "pending"]
    server.decide(verification_of(0), facial=["NO_SELFIE"])
    server.decide(verification_of(2))
    assert [v.verdict for v in await look(client, ledger, 3)] == ["declined", "passed", "passed"]


async def test_one_without_a_known_status_in_the_report_is_waited_for(fill, server, client, fake_time):
    ledger = await fill(2)
    server.reported["status"] = None

    async def decide() -> None:
        server.decide(verification_of(0))
        server.decide(verification_of(1))

    fake_time.before_sleep = decide
    assert [v.verdict for v in await look(client, ledger, 2, wait=3600.0)] == ["passed", "passed"]


async def test_a_status_that_is_no_unicode_is_kept_escaped_and_costs_no_other_its_verdict(fill, server, client):
    ledger = await fill(3)
    server.decide(verification_of(0))
    server.decide(verification_of(2))
    server.verifications[verification_of(1)]["status"] = "comp\ud83d"
    server.verifications[verification_of(2)]["verifications"]["\ud800"] = {"verified": True, "comment": "\udfff\0"}
    for _ in range(2):
        assert [v.verdict for v in await look(client, ledger, 3)] == ["passed", "pending", "passed"]


async def test_a_row_of_the_report_whose_id_is_no_unicode_is_nobodys(fill, server, client):
    ledger = await fill(2)
    server.decide(verification_of(1))
    server.reported["verification_id"] = "\ud800"
    assert [v.verdict for v in await look(client, ledger, 2)] == ["pending", "passed"]


async def test_a_verification_that_the_server_does_not_show_is_uncertain(fill, server, client):
    ledger = await fill(2)
    del server.verifications[verification_of(1)]
    first, second = await look(client, ledger, 2)
    assert first.verdict is Verdict.PENDING
    assert (second.verdict, second.reason) == (Verdict.UNCERTAIN, "KYCAID says that there is no such verification")


async def test_a_finished_one_without_a_verdict_stays_open(fill, server, client):
    ledger = await fill(1)
    server.decide(verification_of(0), tells=False)
    (one,) = await look(client, ledger, 1)
    assert (one.verdict, one.reason) == (Verdict.PENDING, "it is finished, and shows no verdict")


async def test_waiting_looks_again_until_all_is_decided(fill, server, client, fake_time):
    ledger = await fill(3)

    async def decide() -> None:
        if len(fake_time.slept) == 2:
            for number in range(3):
                server.decide(verification_of(number))

    fake_time.before_sleep = decide
    results = client.bulk.results([row_of(n) for n in range(3)], ledger=ledger, wait=6 * 3600)
    assert [v.verdict async for v in results] == ["passed"] * 3
    assert results.open == 0
    assert len(fake_time.slept) == 3
    assert server.counts() == {"report": 4, "verifications": 3}


async def test_waiting_ends_when_the_time_is_up(fill, client, fake_time):
    ledger = await fill(1)
    assert [v.verdict for v in await look(client, ledger, 1, wait=3600)] == ["pending"]
    assert sum(fake_time.slept) == pytest.approx(3600)
    assert max(fake_time.slept) <= 300


async def test_draining_gives_what_is_known(fill, server, client, fake_time):
    ledger = await fill(2)
    server.decide(verification_of(0))
    results = client.bulk.results([row_of(n) for n in range(2)], ledger=ledger, wait=3600)

    async def drain() -> None:
        results.drain()

    fake_time.before_sleep = drain
    assert [v.verdict async for v in results] == ["passed", "pending"]
    assert len(fake_time.slept) == 1


async def test_what_ends_the_run_is_raised_after_the_verdicts_that_are_on_record(fill, server, client):
    ledger = await fill(2)
    server.decide(verification_of(0))
    await look(client, ledger, 2)
    server.refused["/verifications/report"] = server.refused[f"/verifications/{verification_of(1)}"] = 402
    results = aiter(client.bulk.results([row_of(n) for n in range(2)], ledger=ledger))
    assert [(await anext(results)).verdict, (await anext(results)).verdict] == ["passed", "pending"]
    with pytest.raises(InsufficientFundsError):
        await anext(results)


async def test_a_limited_server_is_asked_at_the_pace_that_it_takes(fill, server, client):
    ledger = await fill(40)
    for number in range(40):
        server.decide(verification_of(number))
    server.busy = 12
    results = client.bulk.results(ledger=ledger)
    assert [(v.verdict, v.reason) async for v in results] == [("passed", "")] * 40
    assert results.summary.passed == 40


async def test_without_rows_all_applicants_of_the_ledger_come(fill, client):
    ledger = await fill(3)
    assert [v.applicant_id for v in await look(client, ledger)] == [applicant_of(n) for n in range(3)]


async def test_rows_of_one_applicant_are_one_verdict_and_others_say_why_there_is_none(fill, server, client):
    ledger = await fill(2)
    book = await Ledger.open(ledger, server=server.url, api_key=API_KEY)
    for number, state in ((5, "sent"), (6, "failed")):
        entry = await book.verifications.intend(applicant_of(number), FORM, count_before=0, now=NOON)
        if state == "failed":
            book.verifications.failed(entry, "insufficient_data")
    same = row_of(0, key="K-0b", line=99)
    intent = Intent(applicant_id=applicant_of(0), type="PASSPORT", file_ids={})
    await book.intend_row(same.digest, intent, same.says)
    await book.close()
    rows = [row_of(0), same, *(row_of(number) for number in (1, 5, 6, 7))]
    verdicts = [verdict async for verdict in client.bulk.results(rows, ledger=ledger)]
    told = [(v.verdict, v.keys, v.reason) for v in verdicts]
    assert told == [
        ("pending", ("K-0", "K-0b"), ""),
        ("pending", ("K-1",), ""),
        ("uncertain", ("K-5",), "its start was sent and got no answer"),
        ("refused", ("K-6",), "insufficient_data"),
        ("not_started", ("K-7",), "no verification was started"),
    ]


async def test_documents_come_with_their_reviews_and_once(fill, server, client):
    ledger = await fill(2)
    server.decide(verification_of(0), document=["BAD_QUALITY"])
    review = {"document_id": document_of(0), "status": "invalid", "decline_reasons": ["BAD_QUALITY"], "comment": "dark"}
    server.documents[applicant_of(0)] = [review]
    await look(client, ledger, 2)
    assert server.counts()["applicants"] == 0
    for expected in (1, 0):
        first, second = await look(client, ledger, 2, per_document=True)
        assert server.counts()["applicants"] == expected
    (document,) = first.documents
    assert (document.key, document.type, document.document_id) == ("K-0", "PASSPORT", document_of(0))
    assert (document.status, document.reasons, document.comment) == ("invalid", ["BAD_QUALITY"], "dark")
    assert second.documents[0].status is None


async def test_what_was_decided_stays_so_when_only_its_documents_cannot_be_asked_for(fill, server, client):
    ledger = await fill(1)
    server.decide(verification_of(0), document=["BAD_QUALITY"])
    await look(client, ledger, 1)
    server.refused[f"/verifications/{verification_of(0)}"] = server.refused[f"/applicants/{applicant_of(0)}"] = 404
    (one,) = await look(client, ledger, 1, per_document=True)
    assert (one.verdict, one.reasons) == (Verdict.DECLINED, ["BAD_QUALITY"])


async def test_rows_that_cannot_be_sent_are_named(fill, client):
    ledger = await fill(1)
    rows = [
        BadRow(line=2, problems=(FieldProblem("type", "a value", "nothing"),)),
        row_of(0, document={"type": object()}, key=None),
        row_of(0, applicant=7, applicant_id=None, key=None),
        row_of(0),
    ]
    found = [verdict async for verdict in client.bulk.results(rows, ledger=ledger)]
    assert [v.verdict for v in found] == [*["not_started"] * (len(found) - 1), "pending"]
    assert found[0].reason == "type: expected a value, got nothing"


async def test_comments_stand_in_the_ledger_sealed(fill, server, client):
    ledger = await fill(1)
    server.decide(verification_of(0), profile={"verified": False, "comment": "Is Jane Roe", "decline_reasons": [2]})
    await look(client, ledger, 1)
    content = b"".join(path.read_bytes() for path in ledger.parent.iterdir())
    assert b"Jane" not in content
    assert (await look(client, ledger, 1))[0].comment == "Is Jane Roe"


async def test_a_missing_ledger_is_named(client, tmp_path):
    with pytest.raises(LedgerError, match="no such ledger"):
        await look(client, tmp_path / "none.ledger")


@pytest.mark.parametrize(
    "options", [{"ledger": None}, {"ledger": "x", "wait": -1}, {"ledger": "x", "wait": float("nan")}]
)
def test_options_that_make_no_sense_are_refused(client, options):
    with pytest.raises(ConfigurationError):
        client.bulk.results(**options)


async def test_the_blocking_client_gives_the_same(fill, server, client):
    ledger = await fill(3)
    server.decide(verification_of(1), profile=["WRONG_NAME"])

    def look_blocking():
        with Kycaid(API_KEY, base_url=server.url) as blocking:
            rows = (row_of(number) for number in range(3))
            verdicts, summary = blocking.bulk.results_all(rows, ledger=ledger)
            run = blocking.bulk.results(ledger=ledger)
            return verdicts, summary, [verdict.applicant_id for verdict in run], run.open, run.summary.pending

    verdicts, summary, ids, still_open, pending = await asyncio.to_thread(look_blocking)
    assert [(v.verdict, v.keys) for v in verdicts] == [
        ("pending", ("K-0",)),
        ("declined", ("K-1",)),
        ("pending", ("K-2",)),
    ]
    assert (summary.declined, summary.read, summary.documents) == (1, 3, 3)
    assert (ids, still_open, pending) == ([applicant_of(number) for number in range(3)], 2, 2)
