"""The dashboard: what it shows, and what it does."""

import asyncio
import html
import re
import subprocess
import sys

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, DeclineReason, KycaidError
from kycaid_async.sandbox import FormSwitches, Sandbox
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sandbox.events.feed import Watch
from kycaid_async.sandbox.faults import Fault
from kycaid_async.sandbox.storage.applicants import _COUNTS, found_by
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
        shown = (await browse("GET", f"{sandbox.url}{HOME}callbacks")).text.replace("<wbr>", "")
    assert shown.count("answered 599") == 2
    assert shown.count("to " + server.url + ", 5 attempts, given up") == 2


async def test_a_callback_says_whom_it_is_about_where_it_went_when_and_what_went_wrong(clock, browse):
    async def pause(_seconds):
        """No time passes between two attempts."""

    url = "http://127.0.0.1:1/hook?token=canary"
    async with Sandbox(clock=clock, callback_url=url, sleep=pause) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            owner = await kycaid.applicants.create(type="PERSON", first_name="Ann", last_name="Lee")
            await kycaid.verifications.create(applicant_id=owner)
            await sandbox.settle()
        shown = (await browse("GET", f"{sandbox.url}{HOME}callbacks")).text.replace("<wbr>", "")
    assert shown.count("to http://127.0.0.1:1/hook, 5 attempts, connection refused, given up") == 2
    assert shown.count(f'href="{HOME}applicants/{owner}" class="way">Ann Lee</a>') == 2
    assert shown.count("12:00:00</time>") == 2
    assert "canary" not in shown


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


async def test_requests_are_shown_from_the_start(browse, applicant, call):
    assert "None yet." in (await browse("GET", f"{HOME}requests")).text
    owner = await applicant(first_name="Ann")
    await call("POST", "/applicants", json={"type": "PERSON", "dob": "1.1.1980", "residence_country": "Andorra"})
    await call("GET", f"/applicants/{owner}?first_name=Canary")
    shown = (await browse("GET", f"{HOME}requests")).text
    assert shown.count("applicants.<wbr>create") == 2
    assert "at fault: dob, residence_country" in shown
    assert f"GET /applicants/{owner}" in shown.replace("<wbr>", "")
    assert shown.count(f'href="{HOME}applicants/{owner}"') == 2
    assert "Ann" not in shown
    assert "Canary" not in shown


async def test_a_request_about_a_document_or_a_verification_leads_to_the_applicant(browse, kycaid, applicant, person):
    owner = await applicant()
    document = await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
    await kycaid.documents.update(document, document_number="1")
    verification = await kycaid.verifications.create(applicant_id=owner)
    await kycaid.verifications.update_status(verification, "declined")
    of_person = await kycaid.documents.create(affiliated_person_id=await person(), type="PASSPORT")
    await kycaid.documents.get(of_person)
    shown = (await browse("GET", f"{HOME}requests")).text
    assert shown.count(f'href="{HOME}applicants/{owner}"') == 5
    (company,) = set(re.findall(rf'href="{HOME}applicants/([0-9a-f]+)"', shown)) - {owner}
    assert "Example Ltd" in (await browse("GET", f"{HOME}applicants/{company}")).text


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
    found = re.findall(r'class="name">([^/]+)</span>.*?<span class="badge [a-z]+">(\d+)<', shown)
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
    monkeypatch.setattr("kycaid_async.sandbox.pages.dashboard.PULSE", 0.01)
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
    monkeypatch.setattr("kycaid_async.sandbox.pages.dashboard.PULSE", 0.01)
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


# Search


def names_in(text):
    return re.findall(r'<a href="[^"]*" class="row"><span class="name">([^<]+)<', text)


@pytest.fixture
async def people(applicant, kycaid):
    """Make a few people, and return their ids by first name."""
    made = {
        "Ann": await applicant(first_name="Ann", last_name="O'Neil", external_applicant_id="USER-17"),
        "Ben": await applicant(first_name="Ben", last_name="Smith-Jones", email="ben@example.com"),
        "Bea": await applicant(first_name="Bea", last_name="Smith"),
    }
    made["Shop"] = await kycaid.applicants.create(
        type="COMPANY", company_name="Ann's Shop", registration_country="GB", business_activity_id="0" * 36
    )
    return made


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ann", ["Ann&#x27;s Shop", "Ann O&#x27;Neil"]),
        ("ANN shop", ["Ann&#x27;s Shop"]),
        ("smith", ["Bea Smith", "Ben Smith-Jones"]),
        ("  jones  b ", ["Ben Smith-Jones"]),
        ("user-1", ["Ann O&#x27;Neil"]),
        ("17", ["Ann O&#x27;Neil"]),
        ("ben@", ["Ben Smith-Jones"]),
        ("mith", []),
        ("%", []),
        ("_", []),
        ("'; DROP TABLE words; --", []),
        ("\u00e4nn", ["Ann&#x27;s Shop", "Ann O&#x27;Neil"]),
    ],
)
async def test_the_server_finds_applicants_by_the_beginnings_of_their_words(browse, people, search, found):
    assert names_in((await browse("GET", HOME, params={"q": search})).text) == found


async def test_the_server_finds_applicants_by_ids_of_theirs_of_documents_and_of_verifications(browse, people, kycaid):
    document = await kycaid.documents.create(applicant_id=people["Ann"], type="PASSPORT")
    verification = await kycaid.verifications.create(applicant_id=people["Ann"])
    for id_ in (people["Ann"], people["Ann"][:12], document, document[:20], verification):
        assert names_in((await browse("GET", HOME, params={"q": id_})).text) == ["Ann O&#x27;Neil"]
    for path in ("verifications", "requests"):
        shown = (await browse("GET", HOME + path, params={"q": "neil"})).text
        assert shown.count(f'href="{HOME}applicants/{people["Ann"]}"') == {"verifications": 1, "requests": 3}[path]
        assert people["Ben"] not in shown


@pytest.mark.parametrize("query", ["%ff", "%ed%a0%80", "%00", "a" * 5000, "%2b" * 300, "z+" * 60, "%F0%9F%98%80"])
@pytest.mark.parametrize("path", ["", "verifications", "callbacks", "requests"])
async def test_an_odd_search_finds_nobody_and_breaks_nothing(browse, applicant, query, path):
    await applicant()
    for offset in ("", "&offset=50", "&offset=999999999"):
        answer = await browse("GET", f"{HOME}{path}?q={query}{offset}")
        assert (answer.status, "Jane" in answer.text) == (200, False)


async def test_a_form_that_somebody_completed_leads_to_the_applicant(browse, form_url, filled, sandbox):
    await browse("POST", await form_url(), data=filled())
    (row,) = await sandbox.applicants()
    shown = (await browse("GET", f"{HOME}requests")).text
    # Of the completed form, and of its URL, whose verification has an applicant now.
    assert shown.count(f'href="{HOME}applicants/{row.applicant_id}"') == 2


async def test_a_changed_name_is_found_and_the_old_one_is_not(browse, people, kycaid):
    await kycaid.applicants.update(people["Bea"], last_name="Miller")
    assert names_in((await browse("GET", HOME, params={"q": "miller"})).text) == ["Bea Miller"]
    assert names_in((await browse("GET", HOME, params={"q": "smith"})).text) == ["Ben Smith-Jones"]


async def test_a_search_is_paged_says_its_total_and_is_escaped(browse, applicant):
    for _ in range(51):
        await applicant(first_name="Many")
    await applicant(first_name="Other")
    shown = (await browse("GET", HOME, params={"q": "many"})).text
    assert '<span id="total" data-live>51</span>' in shown
    assert "1 to 50 of 51" in shown
    assert f'href="{HOME}?offset=50&amp;q=many"' in shown
    assert '<span id="total" data-live>52</span>' in (await browse("GET", HOME)).text
    canary = (await browse("GET", HOME, params={"q": '"><script>canary'})).text
    assert "<script>canary" not in canary
    assert 'value="&quot;&gt;&lt;script&gt;canary"' in canary


async def test_a_page_of_5000_applicants_is_one_read_that_uses_indexes(sandbox, browse):
    def fill(unit):
        for number in range(5000):
            body = {"first_name": f"Name{number}", "last_name": "Example"}
            unit.applicants.insert(id=f"{number:036}", type="PERSON", body=body, created_at="2025-01-01 00:00:00")

    state = sandbox.control._state
    await state.run(fill)
    with state.store.transaction() as statements:
        for search in ("", "name4", "name4 exam", f"{7:036}"):
            found, values = found_by(search)
            sql = f"EXPLAIN QUERY PLAN SELECT *, {_COUNTS} FROM applicants {found} ORDER BY rowid DESC LIMIT 50"  # noqa: S608 - of ours
            plan = [row["detail"] for row in statements.rows(sql, *values)]
            assert not [step for step in plan if "TEMP B-TREE FOR ORDER BY" in step], plan
            assert [step for step in plan if step.startswith("SCAN")] in ([], ["SCAN applicants"]), plan
    shown = (await browse("GET", HOME, params={"q": "name49", "offset": "100"})).text
    assert names_in(shown) == [f"Name{number} Example" for number in (*range(499, 489, -1), 49)]
    assert "101 to 111 of 111" in shown


# Documents say more than "new"


async def test_without_a_verification_documents_tell_how_an_applicant_stands(browse, applicant, kycaid, make_picture):
    fine, bad = await kycaid.files.create(make_picture()), await kycaid.files.create(b"\xff\xd8\xff nothing")
    nobody = await applicant(first_name="None")
    for name, front in (("Fine", fine), ("Bad", bad)):
        await kycaid.documents.create(
            applicant_id=await applicant(first_name=name), type="PASSPORT", front_side_id=front
        )
    standing = {}

    async def is_reviewed():
        shown = (await browse("GET", HOME)).text
        pieces = r'class="name">(\w+) Example</span><span class="badge [a-z]+">([^<]+)<'
        standing.update(re.findall(pieces, shown))
        return standing == {"None": "no documents", "Fine": "documents valid", "Bad": "documents declined"}

    async with asyncio.timeout(20):
        while not await is_reviewed():
            assert set(standing.values()) <= {"no documents", "in review", "documents valid", "documents declined"}
    await kycaid.verifications.create(applicant_id=nobody)
    await kycaid.applicants.get(nobody)
    assert 'Example</span><span class="badge good">valid<' in (await browse("GET", HOME)).text


# The beginning, and the end


async def test_an_empty_sandbox_says_how_to_begin(browse, sandbox):
    shown = (await browse("GET", HOME)).text
    for piece in (sandbox.url, sandbox.api_key, "AsyncKycaid", "Open the form of a person", "Load sample data"):
        assert piece in shown
    source = html.unescape(re.search(r"<pre id=\"snippet\"[^>]*><code>(.*?)</code>", shown, re.DOTALL)[1])
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "Verification(" in done.stdout) == (0, True), done.stderr
    assert "Nobody yet" not in (await browse("GET", HOME)).text


async def test_a_key_of_ones_own_stands_on_no_page(clock, browse):
    key = "own-key-" + "k" * 28
    async with Sandbox(clock=clock, api_key=key) as sandbox:
        login = token_in((await browse("GET", f"{sandbox.url}{HOME}login")).text)
        await browse("POST", f"{sandbox.url}{HOME}login", data={"token": login, "key": key, "next": HOME})
        shown = (await browse("GET", sandbox.url + HOME)).text
    assert "KYCAID_API_KEY" in shown
    assert key not in shown


async def test_sample_data_show_every_state_and_may_be_loaded_twice(act, browse, sandbox):
    for times in (1, 2):
        assert (await act("sample", back=HOME)).status == 303
        await sandbox.settle()
        assert sandbox.counts()["applicants"] == 7 * times
    rows = {(row.applicant_name, row.status, row.verified) for row in await sandbox.verifications()}
    assert rows == {
        ("Jane Example", "completed", True),
        ("John Doe", "completed", False),
        ("Ada Specimen", "completed", False),
        ("Mira Sample", "pending", None),
        ("Hugo Testcase", "completed", False),
        ("Example Trading Ltd", "completed", True),
        (None, "unused", None),
    }


async def test_sample_data_that_cannot_be_loaded_say_what_to_do(act, browse, sandbox):
    await sandbox.set_balance(2.0)
    refused = await act("sample", back=HOME)
    assert (refused.status, sandbox.counts()["applicants"], await sandbox.balance()) == (402, 0, 2.0)
    assert "too little left" in refused.text
    assert "The page Controls sets another balance" in refused.text


async def test_a_button_opens_a_form_that_can_be_filled_in(act, browse, sandbox):
    form_id = FORMS[1].id
    opened = await act("open-form", form_id=form_id)
    assert opened.status == 303
    assert "Verify your company" in (await browse("GET", opened.headers["Location"])).text
    assert [row.form_id for row in await sandbox.verifications()] == [form_id]
    assert (await act("open-form", form_id="x")).status == 404


async def test_everything_is_removed_when_somebody_is_sure_and_not_before(act, browse, sandbox, kycaid, tmp_path):
    await act("sample", back=HOME)
    await sandbox.settle()
    files = sandbox.control._state.folder
    assert (await act("reset")).status == 422
    assert (await browse("POST", f"{HOME}actions/reset", data={"sure": "yes"})).status == 403
    assert (sandbox.counts()["applicants"], len(list(files.iterdir()))) == (7, 6)
    assert (await act("reset", sure="yes")).headers["Location"] == f"{HOME}?said=reset"
    assert set(sandbox.counts().values()) == {0}
    assert (list(files.iterdir()), sandbox.deliveries()) == ([], [])
    assert "Nobody yet" in (await browse("GET", HOME)).text
    await kycaid.applicants.create(type="PERSON", first_name="Jane")
    assert names_in((await browse("GET", HOME, params={"q": "jane"})).text) == ["Jane"]


async def test_a_reset_stops_what_is_under_way(clock):
    async with (
        Sandbox(clock=clock, callback_url="http://127.0.0.1:1/", balance=5.0, review_after=60) as sandbox,
        AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid,
    ):
        await kycaid.verifications.create(applicant_id=await kycaid.applicants.create(type="PERSON"))
        assert await sandbox.balance() == 4.0
        await sandbox.reset()
        assert (await sandbox.balance(), sandbox.deliveries()) == (5.0, [])
        await sandbox.settle()


async def test_switches_of_a_form_are_set_on_the_page(act, browse, sandbox):
    form_id = FORMS[0].id
    assert (await act("switches", id=form_id, switch="test_mode")).headers["Location"] == f"{HOME}controls?said=form"
    expected = FormSwitches(applicant_in_callback=False, status_callback=False, test_mode=True)
    assert (await sandbox.form_switches())[form_id] == expected
    assert 'value="test_mode" checked' in (await browse("GET", f"{HOME}controls")).text
    assert (await act("switches", id="x")).status == 404
