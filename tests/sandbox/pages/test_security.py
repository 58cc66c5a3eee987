"""Whom the pages serve, and what browsers are told."""

import io
import re

import aiohttp
import pytest

from kycaid_async import AsyncKycaid
from kycaid_async.sandbox import Sandbox

KEY = "k" * 36
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
PAGES = ["/_sandbox/", "/_sandbox/verifications", "/_sandbox/callbacks", "/_sandbox/requests", "/_sandbox/controls"]


@pytest.fixture
async def locked(clock):
    """A sandbox with a key of its own."""
    async with Sandbox(api_key=KEY, clock=clock) as running:
        yield running


def token_in(text: str) -> str:
    return re.search(r'name="token" value="([0-9a-f]{64})"', text)[1]


# Headers


@pytest.mark.parametrize(
    "path", [*PAGES, "/_sandbox/login", "/forms/unknown", "/_sandbox/static/form.js", "/_sandbox/x/"]
)
async def test_every_page_forbids_foreign_code_frames_and_keeping(browse, path):
    headers = (await browse("GET", path)).headers
    if path == "/_sandbox/x/":
        assert "text/html" not in headers["Content-Type"]
        return
    policy = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", [*PAGES, "/_sandbox/login", "form"])
async def test_no_page_holds_code_or_looks_of_its_own(browse, form_url, path):
    text = (await browse("GET", await form_url() if path == "form" else path)).text
    assert not re.findall(r"<style|<script(?! src=\"/_sandbox/static/[a-z]+\.js\" defer></script>)", text)
    assert not re.findall(r"\s(?:on[a-z]+|style)=", text)
    assert not re.findall(r"(?:src|href)=\"(?!/_sandbox/)(?!#)", text)


# Names


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "", "[::1", "127.0.0.1.evil.example"]
)
@pytest.mark.parametrize("path", ["/_sandbox/", "/_sandbox/events", "/forms", "/applicants/x", "/_sandbox/health"])
async def test_where_everybody_knows_the_key_a_foreign_name_gets_nothing(browse, sandbox, host, path):
    refused = await browse("GET", path, headers={"Host": host, "Authorization": f"Token {sandbox.api_key}"})
    assert refused.status == 421
    assert "local names only" in refused.text


@pytest.mark.parametrize(
    "host", ["localhost:9", "kycaid.localhost", "127.0.0.1", "[::1]:80", "10.0.0.7", "host.docker.internal"]
)
async def test_names_that_nobody_else_can_have_are_served(browse, host):
    assert (await browse("GET", "/_sandbox/", headers={"Host": host})).status == 200


async def test_with_a_key_of_its_own_any_name_is_served_after_logging_in(browse, locked):
    answer = await browse("GET", f"{locked.url}/_sandbox/", headers={"Host": "sandbox.example"})
    assert (answer.status, answer.headers["Location"]) == (303, "/_sandbox/login?next=/_sandbox/")


# The key


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        "/_sandbox/events",
        "/_sandbox/pictures/x",
        "/_sandbox/downloads/x",
        "/_sandbox/applicants/x",
        "/_sandbox/decide/x",
    ],
)
async def test_without_the_key_there_is_only_the_page_to_log_in(browse, locked, path):
    answer = await browse("GET", locked.url + path)
    assert (answer.status, answer.text) == (303, "")
    assert answer.headers["Location"] == f"/_sandbox/login?next={path}"


ACTIONS = ("decide", "resend", "balance", "fault-on", "fault-off", "switches", "open-form", "sample", "reset")


@pytest.mark.parametrize("action", [*ACTIONS, "logout", "other"])
async def test_without_the_key_no_action_is_done(browse, locked, action):
    token = token_in((await browse("GET", f"{locked.url}/_sandbox/login")).text)
    refused = await browse("POST", f"{locked.url}/_sandbox/actions/{action}", data={"token": token, "kind": "502"})
    assert refused.status == 403
    assert locked.faults.list() == []


async def log_in(browse, url, key=KEY, **fields):
    token = token_in((await browse("GET", f"{url}/_sandbox/login")).text)
    return await browse("POST", f"{url}/_sandbox/login", data={"token": token, "key": key} | fields)


async def test_the_key_opens_a_session_whose_cookie_is_not_the_key(browse, locked):
    answer = await log_in(browse, locked.url, next="/_sandbox/callbacks")
    assert (answer.status, answer.headers["Location"]) == (303, "/_sandbox/callbacks")
    cookie = answer.headers["Set-Cookie"]
    port = locked.url.rpartition(":")[2]
    assert cookie.startswith(f"kycaid_sandbox_{port}=")
    assert KEY not in cookie
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/_sandbox", "Max-Age=43200"):
        assert attribute in cookie
    assert (await browse("GET", f"{locked.url}/_sandbox/")).status == 200


@pytest.mark.parametrize("key", ["", "K" * 36, "k" * 35, "k" * 37, "\xe9"])
async def test_another_key_opens_nothing(browse, locked, key):
    answer = await log_in(browse, locked.url, key=key)
    assert (answer.status, "This is not the key" in answer.text) == (401, True)
    assert "Set-Cookie" not in answer.headers
    assert (await browse("GET", f"{locked.url}/_sandbox/")).status == 303


async def test_trying_keys_at_the_page_becomes_slow(browse, clock):
    slept = []

    async def rest(seconds):
        slept.append(round(seconds, 3))
        clock.pass_seconds(seconds)

    async with Sandbox(api_key=KEY, clock=clock, sleep=rest) as sandbox:
        for key in "uvwxyz":
            assert (await log_in(browse, sandbox.url, key=key)).status == 401
        assert slept == [0.1, 0.2, 0.4]
        assert (await log_in(browse, sandbox.url)).status == 303
        assert slept[3:] == [0.8]  # among guesses of its own address the right key waits as they do


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/_sandbox/..//evil.example",
        "javascript:alert(1)",
        "/_sandbox/\r\nX: y",
    ],
)
async def test_logging_in_leads_to_pages_of_the_dashboard_only(browse, locked, target):
    assert (await log_in(browse, locked.url, next=target)).headers["Location"] == "/_sandbox/"


async def test_a_session_ends_by_logging_out_and_after_twelve_hours(browse, locked, clock):
    home = f"{locked.url}/_sandbox/"
    await log_in(browse, locked.url)
    token = token_in((await browse("GET", f"{home}controls")).text)
    assert (await browse("POST", f"{home}actions/logout", data={"token": "0" * 64})).status == 403
    assert (await browse("POST", f"{home}actions/logout", data={"token": token})).status == 303
    assert (await browse("GET", home)).status == 303
    await log_in(browse, locked.url)
    clock.pass_seconds(12 * 3600 - 1)
    assert (await browse("GET", home)).status == 200
    clock.pass_seconds(1)
    assert (await browse("GET", home)).status == 303


async def test_a_cookie_that_somebody_thought_up_opens_nothing(browse, locked):
    port = locked.url.rpartition(":")[2]
    for value in ("x", "", KEY, "%00", "é"):
        answer = await browse("GET", f"{locked.url}/_sandbox/", headers={"Cookie": f"kycaid_sandbox_{port}={value}"})
        assert answer.status == 303


async def test_the_default_key_asks_nobody(browse):
    assert "Log out" not in (await browse("GET", "/_sandbox/")).text


# Where actions come from

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=repr)
async def test_an_action_from_another_site_is_refused_even_with_the_token(browse, sandbox, headers):
    token = token_in((await browse("GET", "/_sandbox/controls")).text)
    fields = {"token": token, "kind": "502"}
    refused = await browse("POST", "/_sandbox/actions/fault-on", data=fields, headers=headers)
    assert (refused.status, sandbox.faults.list()) == (403, [])
    own = {"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}
    assert (await browse("POST", "/_sandbox/actions/fault-on", data=fields, headers=own)).status == 303
    assert len(sandbox.faults.list()) == 1


@pytest.mark.parametrize("headers", FOREIGN, ids=repr)
async def test_nobody_is_logged_in_or_out_from_another_site(browse, locked, headers):
    await log_in(browse, locked.url)
    token = token_in((await browse("GET", f"{locked.url}/_sandbox/controls")).text)
    for path in ("login", "actions/logout"):
        fields = {"token": token, "key": KEY}
        refused = await browse("POST", f"{locked.url}/_sandbox/{path}", data=fields, headers=headers)
        assert (refused.status, "Set-Cookie" in refused.headers) == (403, False)
    assert (await browse("GET", f"{locked.url}/_sandbox/")).status == 200


@pytest.mark.parametrize("headers", FOREIGN, ids=repr)
async def test_a_form_from_another_site_is_refused(browse, form_url, filled, sandbox, headers):
    refused = await browse("POST", await form_url(), data=filled(), headers=headers)
    assert (refused.status, sandbox.counts()["applicants"]) == (403, 0)


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é"])
async def test_an_action_without_the_token_is_refused(browse, sandbox, token):
    fields = {"kind": "502"} | ({} if token is None else {"token": token})
    assert (await browse("POST", "/_sandbox/actions/fault-on", data=fields)).status == 403
    assert sandbox.faults.list() == []


async def test_the_token_of_one_session_is_of_no_use_in_another(browse, locked):
    await log_in(browse, locked.url)
    stolen = token_in((await browse("GET", f"{locked.url}/_sandbox/controls")).text)
    await log_in(browse, locked.url)
    refused = await browse("POST", f"{locked.url}/_sandbox/actions/fault-on", data={"token": stolen, "kind": "502"})
    assert (refused.status, locked.faults.list()) == (403, [])


async def test_an_action_is_a_plain_form_and_nothing_else(browse):
    for given in (
        {"json": {}},
        {"data": b"x", "headers": {"Content-Type": "text/plain"}},
        {"data": b"a=1&" * 300, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    ):
        assert (await browse("POST", "/_sandbox/actions/balance", **given)).status == 400


async def test_an_action_with_a_body_without_end_is_refused(browse):
    huge = {"data": io.BytesIO(b"a" * (2 << 20)), "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    assert (await browse("POST", "/_sandbox/actions/balance", **huge)).status == 413


# What was uploaded


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [(SVG, "x.svg", "image/svg+xml"), (HTML, "x.html", "text/html"), (b"%PDF-1.4", "x.pdf", "application/pdf")],
)
async def test_an_upload_never_runs_whatever_it_says_it_is(browse, kycaid, sandbox, applicant, content, name, kind):
    body = aiohttp.FormData()
    body.add_field("file", content, filename=name, content_type=kind)
    sent = await browse("POST", "/files", data=body, headers={"Authorization": f"Token {sandbox.api_key}"})
    file_id = re.search(r"[0-9a-f]{36}", sent.text)[0]
    document = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT", front_side_id=file_id)
    picture = await browse("GET", f"/_sandbox/pictures/{file_id}")
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/svg+xml")
    assert "It cannot be shown as a picture." in picture.text
    assert "script" not in picture.text
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    link = (await kycaid.documents.get(document)).front_side
    for path in (f"/_sandbox/downloads/{file_id}", link):
        headers = (await browse("GET", path)).headers
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"] == "attachment"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_a_picture_is_drawn_anew_and_nothing_else_of_it_is_kept(sandbox, kycaid, make_picture):
    file_id = await kycaid.files.create(make_picture(kind="PNG") + HTML)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.url}/_sandbox/pictures/{file_id}") as response,
    ):
        body = await response.read()
    assert (response.status, response.headers["Content-Type"], body[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    assert b"script" not in body


@pytest.mark.parametrize(
    "name", ["../html.py", "..%2fhtml.py", "%2e%2e/html.py", "....//html.py", "nothing.css", "%00"]
)
async def test_only_files_of_ours_are_served(browse, name):
    for room in ("static", "pictures", "downloads"):
        assert (await browse("GET", f"/_sandbox/{room}/{name}")).status in (401, 404)


async def test_what_people_enter_is_shown_as_text(browse, form_url, filled, kycaid, applicant):
    evil = '"><img src=x onerror=alert(1)>'
    again = await browse("POST", await form_url(), data=filled({"applicant.last_name": evil}))
    assert "<img" not in again.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in again.text
    owner = await applicant(email="x@<b>", custom_field_1=evil)
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT", document_number=evil)
    shown = (await browse("GET", f"/_sandbox/applicants/{owner}")).text
    assert "<img src=x" not in shown
    assert "<b>" not in shown


async def test_errors_are_pages_that_say_nothing_of_the_inside(browse, sandbox, monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise RuntimeError("Canary")

    monkeypatch.setattr("kycaid_async.sandbox.pages.form._open", broken)
    answer = await browse("GET", "/forms/x")
    assert (answer.status, "Canary" in answer.text, "Canary" in caplog.text) == (500, False, False)
    assert "RuntimeError" in caplog.text


async def test_the_key_of_a_sandbox_stands_on_no_page(browse, locked):
    await log_in(browse, locked.url)
    for path in PAGES:
        assert KEY not in (await browse("GET", locked.url + path)).text


async def test_logs_of_pages_hold_no_tokens_and_nobodys_data(browse, form_url, filled, caplog):
    caplog.set_level("DEBUG")
    url = await form_url()
    await browse("POST", url, data=filled())
    assert "pages /forms/{token} 200" in caplog.text
    assert url.rpartition("/")[2] not in caplog.text
    assert "Jane" not in caplog.text


async def test_a_browser_that_asks_for_the_root_is_led_to_the_dashboard(browse, call):
    assert (await browse("GET", "/")).headers["Location"] == "/_sandbox/"
    assert (await browse("GET", "/_sandbox")).headers["Location"] == "/_sandbox/"
    assert (await call("GET", "/"))[0] == 404


async def test_the_client_is_served_under_every_local_name(sandbox):
    url = sandbox.url.replace("127.0.0.1", "localhost")
    async with AsyncKycaid(sandbox.api_key, base_url=url) as kycaid:
        assert await kycaid.applicants.create(type="PERSON")
