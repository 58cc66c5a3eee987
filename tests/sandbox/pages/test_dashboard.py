"""The dashboard: what it shows, and what it does."""

import asyncio
import re

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, DeclineReason, KycaidError
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.events.feed import Watch
from kycaid_async.sandbox.faults import Fault
from tests.sandbox.pages.test_security import token_in

HOME = "/_sandbox/"


@pytest.fixture
def act(browse):
    """Do an action with the token of a page."""

    async def send(action, **fields):
        token = token_in((await browse("GET", f"{HOME}controls")).text)
        return await browse("POST", f"{HOME}actions/{action}", data={"token": token} | fields)

    return send


async def test_applicants_are_listed_newest_first_and_by_pages(browse, applicant):
    for number in range(51):
        await applicant(last_name="Example " + chr(ord("a") + number % 26) * (1 + number // 26))
    first = (await browse("GET", HOME)).text
    names = re.findall(r'class="name">Jane Example ([a-z]+)<', first)
    assert (len(names), names[:2]) == (50, ["yy", "xx"])
    assert f'href="{HOME}?offset=50"' in first
    second = (await browse("GET", f"{HOME}?offset=50")).text
    assert re.findall(r'class="name">Jane Example ([a-z]+)<', second) == ["a"]
    assert f'href="{HOME}?offset=0"' in second


@pytest.mark.parametrize("offset", ["-1", "x", "9" * 30, "1.5", "\u0663"])
async def test_an_offset_that_is_none_is_taken_for_the_beginning(browse, applicant, offset):
    await applicant()
    assert "Jane Example" in (await browse("GET", HOME, params={"offset": offset})).text


async def test_an_applicant_is_shown_with_documents_pictures_and_verifications(
    browse, kycaid, applicant, make_picture, sandbox
):
    owner = await applicant(email="jane@example.com")
    file_id = await kycaid.files.create(make_picture())
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=file_id, document_number="X1")
    await kycaid.verifications.create(applicant_id=owner)
    await sandbox.settle()
    shown = (await browse("GET", f"{HOME}applicants/{owner}")).text
    for piece in ("jane@example.com", "1980-01-01", "Passport", "X1", f"{HOME}pictures/{file_id}", "approved"):
        assert piece in shown
    picture = await browse("GET", f"{HOME}pictures/{file_id}")
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/jpeg")


async def test_a_form_that_nobody_completed_leads_nowhere(browse, form_url):
    await form_url()
    shown = (await browse("GET", f"{HOME}verifications")).text
    assert '<div class="row"><span class="name">(form not completed)' in shown


@pytest.mark.parametrize("path", ["applicants/x", "decide/x", "pictures/x", "downloads/x", "nothing/x"])
async def test_what_is_not_there_is_not_found(browse, path):
    assert (await browse("GET", HOME + path)).status in (401, 404)


async def test_every_reason_can_be_ticked(browse, applicant, kycaid):
    verification = await kycaid.verifications.create(applicant_id=await applicant())
    shown = (await browse("GET", f"{HOME}decide/{verification}")).text
    assert re.findall(r'type="checkbox" name="reason" value="([A-Z_0-9]+)"', shown) == [*DeclineReason]


async def test_a_decision_with_reasons_and_a_comment_is_what_the_client_reads(act, applicant, kycaid, browse):
    owner = await applicant()
    verification = await kycaid.verifications.create(applicant_id=owner)
    back = f"{HOME}applicants/{owner}"
    fields = {"id": verification, "back": back, "comment": " Blurred ", "verdict": "decline"}
    token = token_in((await browse("GET", HOME + f"decide/{verification}")).text)
    body = aiohttp.FormData({"token": token, **fields})
    for reason in ("BAD_QUALITY", "OTHER"):
        body.add_field("reason", reason)
    done = await browse("POST", f"{HOME}actions/decide", data=body)
    assert (done.status, done.headers["Location"]) == (303, f"{back}?said=declined")
    got = await kycaid.verifications.get(verification)
    assert (got.passed, set(got.reasons)) == (False, {"BAD_QUALITY", "OTHER"})
    shown = (await browse("GET", done.headers["Location"])).text
    assert "Declined." in shown
    assert ">Blurred<" in shown
    assert (await act("decide", id=verification, verdict="approve", reason="OTHER")).status == 303
    assert (await kycaid.verifications.get(verification)).passed


async def test_a_document_can_be_decided_about_too(act, browse, applicant, kycaid, make_picture):
    owner, file_id = await applicant(), await kycaid.files.create(make_picture())
    document = await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=file_id)
    assert "Passport of Jane Example" in (await browse("GET", f"{HOME}decide/{document}")).text
    await act("decide", id=document, verdict="decline", reason="FAKE_DOCUMENT")
    assert (await kycaid.documents.get(document)).reasons == ["FAKE_DOCUMENT"]


async def test_a_company_is_shown_with_its_persons_and_their_documents(act, browse, person, company, kycaid):
    of = await company()
    document = await kycaid.documents.create(affiliated_person_id=await person(of=of, last_name="Lee"), type="PASSPORT")
    shown = (await browse("GET", f"{HOME}applicants/{of}")).text
    assert "Ann Lee" in shown
    assert document in shown
    deciding = (await browse("GET", f"{HOME}decide/{document}")).text
    assert "Passport of Ann Lee" in deciding
    assert f"{HOME}applicants/{of}" in deciding
    await act("decide", id=document, verdict="decline", reason="FAKE_DOCUMENT")
    assert (await kycaid.documents.get(document)).reasons == ["FAKE_DOCUMENT"]


async def test_a_callback_that_did_not_arrive_says_what_was_answered(clock, browse, server):
    async def pause(_seconds):
        """No time passes between two attempts."""

    async with Sandbox(clock=clock, callback_url=server.url, sleep=pause) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            await kycaid.verifications.create(applicant_id=await kycaid.applicants.create(type="PERSON"))
            await sandbox.settle()
        shown = (await browse("GET", f"{sandbox.url}{HOME}callbacks")).text
    assert shown.count("answered 599") == 2
    assert "to 127.0.0.1, 5 attempts" in shown


@pytest.mark.parametrize(
    ("action", "fields", "status"),
    [
        ("decide", {"id": "x", "verdict": "approve"}, 404),
        ("resend", {"request_id": "x"}, 404),
        ("fault-off", {"id": "7"}, 404),
        ("nothing", {}, 404),
        ("balance", {"euros": "much"}, 422),
        ("balance", {"euros": "-1"}, 422),
        ("balance", {"euros": "nan"}, 422),
        ("fault-on", {"kind": "earthquake"}, 422),
        ("fault-on", {"kind": "latency"}, 422),
        ("fault-on", {"kind": "502", "probability": "2"}, 422),
        ("fault-on", {"kind": "502", "operations": "no.such"}, 422),
        ("fault-on", {"kind": "502", "count": "1.5"}, 422),
    ],
)
async def test_what_cannot_be_done_is_said_on_a_page(act, sandbox, action, fields, status):
    answer = await act(action, **fields)
    assert (answer.status, "<h1>" in answer.text) == (status, True)
    assert (sandbox.faults.list(), await sandbox.balance()) == ([], None)


async def test_reasons_that_do_not_exist_are_refused(act, applicant, kycaid, sandbox):
    verification = await kycaid.verifications.create(applicant_id=await applicant())
    await sandbox.settle()
    assert (await act("decide", id=verification, verdict="decline", reason="UGLY")).status == 422
    (row,) = await sandbox.verifications()
    assert (row.verified, row.reasons) == (True, ())


async def test_the_balance_is_set_and_taken_away_again(act, browse, sandbox):
    await act("balance", euros="12.5")
    assert await sandbox.balance() == 12.5
    assert "12.50 €" in (await browse("GET", f"{HOME}controls")).text
    await act("balance", euros="")
    assert await sandbox.balance() is None


async def test_faults_are_switched_on_and_off(act, browse, sandbox, call):
    fields = {"operations": "documents.create, files.create", "probability": "0.5", "number": "2", "count": "3"}
    await act("fault-on", kind="429", **fields)
    (active,) = sandbox.faults.list()
    assert active.fault == Fault(
        "429", operations=("documents.create", "files.create"), probability=0.5, seconds=2, count=3
    )
    assert "429, 2 s" in (await browse("GET", f"{HOME}controls")).text
    await act("fault-off", id=active.id)
    assert sandbox.faults.list() == []
    await act("fault-on", kind="slow", number="100")
    assert sandbox.faults.list()[0].fault.bytes_per_second == 100


async def test_a_callback_is_shown_with_its_answer_and_sent_again(clock, browse, server):
    async with Sandbox(clock=clock, callback_url=server.url) as sandbox:
        server.answer(200, {})
        server.answer(200, {})
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            owner = await kycaid.applicants.create(type="PERSON")
            await kycaid.verifications.create(applicant_id=owner)
            await sandbox.settle()
        page = (await browse("GET", f"{sandbox.url}{HOME}callbacks")).text
        assert "VERIFICATION_<wbr>COMPLETED" in page
        assert "200 arrived" in page
        sent = len(server.requests)
        fields = {"token": token_in(page), "request_id": sandbox.deliveries()[0].request_id}
        server.answer(200, {})
        await browse("POST", f"{sandbox.url}{HOME}actions/resend", data=fields)
        await sandbox.settle()
        assert len(server.requests) == sent + 1
        assert server.requests[-1].body in [request.body for request in server.requests[:sent]]


async def test_requests_are_shown_from_the_first_look_on(browse, applicant):
    await applicant()
    assert "None since" in (await browse("GET", f"{HOME}requests")).text
    await applicant()
    await applicant(first_name="Ann")
    shown = (await browse("GET", f"{HOME}requests")).text
    assert shown.count("applicants.<wbr>create") == 2
    assert "Ann" not in shown


@pytest.mark.parametrize("kind", ["reset", "lost"])
async def test_a_request_that_nobody_got_an_answer_to_is_shown_as_that(browse, applicant, sandbox, kind):
    await browse("GET", f"{HOME}requests")
    sandbox.faults.add(Fault(kind, count=1))
    with pytest.raises(KycaidError):
        await applicant()
    shown = (await browse("GET", f"{HOME}requests")).text
    assert '<span class="badge bad">no answer<' in shown
    assert f"fault {kind}<" in shown


async def test_what_people_send_and_what_is_none_of_the_api_are_requests_too(browse, form_url, filled):
    await browse("GET", f"{HOME}requests")
    url = await form_url()
    await browse("GET", url)
    await browse("POST", url, data=filled({"applicant.first_name": ""}))
    await browse("GET", "/no/such/path")
    shown = (await browse("GET", f"{HOME}requests")).text
    found = re.findall(r'class="name">([^/]+)</span><span class="badge [a-z]+">(\d+)<', shown)
    assert [(name.replace("<wbr>", ""), status) for name, status in found] == [
        ("unknown", "401"),
        ("forms.submit", "422"),
        ("forms.show", "200"),
        ("forms.create_url", "200"),
    ]


async def test_nobodys_name_stands_in_a_title(browse, applicant, kycaid):
    owner = await applicant(first_name="Canary")
    passport = await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
    verification = await kycaid.verifications.create(applicant_id=owner)
    pages = {
        f"applicants/{owner}": "Applicant",
        f"decide/{passport}": "Decide: Passport",
        f"decide/{verification}": "Decide: Verification",
    }
    for path, title in pages.items():
        text = (await browse("GET", HOME + path)).text
        assert f"<title>{title} · KYCAID sandbox</title>" in text
        assert re.search("<h1>[^<]*Canary", text)


async def test_news_come_as_they_happen(sandbox, applicant):
    async with aiohttp.ClientSession() as session, session.get(f"{sandbox.url}{HOME}events") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert (await stream.content.readuntil(b"\n\n")) == b"data: ready\n\n"
        await applicant()
        assert (await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 10)) == b"data: news\n\n"


async def test_a_page_that_was_closed_is_watched_for_no_longer_although_nothing_happens(sandbox, monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.pages.live.PULSE", 0.01)
    closed = asyncio.Event()
    close = Watch.close
    monkeypatch.setattr(Watch, "close", lambda watch: (close(watch), closed.set()))
    async with aiohttp.ClientSession() as session:
        stream = await session.get(f"{sandbox.url}{HOME}events")
        assert await stream.content.readuntil(b"\n\n") == b"data: ready\n\n"
        assert await stream.content.readuntil(b"\n\n") == b": nothing new\n\n"
        assert not closed.is_set()
        stream.close()
        await asyncio.wait_for(closed.wait(), 10)


async def test_no_more_news_come_after_logging_out(clock, browse, monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.pages.live.PULSE", 0.01)
    async with Sandbox(api_key="k" * 36, clock=clock) as sandbox, aiohttp.ClientSession() as session:
        token = token_in((await browse("GET", f"{sandbox.url}{HOME}login")).text)
        entered = await browse("POST", f"{sandbox.url}{HOME}login", data={"token": token, "key": sandbox.api_key})
        cookie = {"Cookie": entered.headers["Set-Cookie"].partition(";")[0]}
        async with session.get(f"{sandbox.url}{HOME}events", headers=cookie) as stream:
            await stream.content.readuntil(b"\n\n")
            token = token_in((await browse("GET", f"{sandbox.url}{HOME}controls")).text)
            await browse("POST", f"{sandbox.url}{HOME}actions/logout", data={"token": token})
            rest = await asyncio.wait_for(stream.content.read(), 10)
        assert b"data: news" not in rest


async def test_a_sandbox_that_stops_waits_for_no_open_page(clock):
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession() as session:
        async with Sandbox(clock=clock) as sandbox:
            stream = await session.get(f"{sandbox.url}{HOME}events")
            await stream.content.readuntil(b"\n\n")
            began = loop.time()
        assert loop.time() - began < 1.5
        assert await stream.content.read() == b""
        stream.close()
