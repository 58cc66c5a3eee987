"""The hosted form: filled in by a person, once."""

import asyncio
import re
from datetime import timedelta

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, ValidationError
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sandbox.data.reference_lists import business_activities

COMPANY = {
    "applicant.company_name": "Example Ltd",
    "applicant.registration_country": "GB",
    "applicant.business_activity_id": business_activities()[0]["activities"][0]["business_activity_id"],
    "applicant.email": "office@example.com",
    "applicant.phone": "+4400000000",
    "authorised.first_name": "Ann",
    "authorised.last_name": "Example",
    "beneficial.first_name": "Ben",
    "beneficial.last_name": "Example",
}


async def test_a_completed_form_makes_the_applicant_the_documents_and_a_verification(
    browse, form_url, filled, kycaid, sandbox, make_picture
):
    made = await kycaid.forms.create_url(FORMS[0].id, external_applicant_id="user-7")
    shown = await browse("GET", made.form_url)
    assert (shown.status, shown.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    back, selfie = make_picture(), make_picture()
    done = await browse(
        "POST", made.form_url, data=filled({"document.back_side_id": back, "selfie.front_side_id": selfie})
    )
    assert (done.status, "Thank you" in done.text) == (200, True)
    verification = await kycaid.verifications.get(made.id_of_verification)
    assert (verification.status, verification.passed) == ("completed", True)
    applicant = await kycaid.applicants.get(verification.applicant_id)
    assert (applicant.first_name, applicant.residence_country, applicant.external_applicant_id) == (
        "Jane",
        "DE",
        "user-7",
    )
    assert [document.type for document in applicant.documents] == ["PASSPORT", "SELFIE_IMAGE"]
    assert applicant.documents[0].back_side is not None
    assert sandbox.counts()["files"] == 3


async def test_the_form_of_a_company_asks_for_its_persons(browse, form_url, kycaid):
    made = await kycaid.forms.create_url(FORMS[1].id)
    body = aiohttp.FormData(COMPANY, default_to_multipart=True)
    assert (await browse("POST", made.form_url, data=body)).status == 200
    verification = await kycaid.verifications.get(made.id_of_verification)
    applicant = await kycaid.applicants.get(verification.applicant_id)
    assert (applicant.company_name, len(applicant.affiliated_persons)) == ("Example Ltd", 2)


async def test_an_existing_applicant_is_completed_and_not_made_again(
    browse, form_url, filled, applicant, sandbox, kycaid
):
    known = await applicant(first_name="Ada")
    url = await form_url(applicant_id=known)
    assert "Known already" in (await browse("GET", url)).text
    left_out = {"applicant.first_name": "", "applicant.last_name": "", "applicant.dob": None}
    assert (await browse("POST", url, data=filled(left_out))).status == 200
    got = await kycaid.applicants.get(known)
    assert (got.first_name, got.residence_country, len(got.documents)) == ("Ada", "DE", 1)
    assert sandbox.counts()["applicants"] == 1


async def test_a_rule_of_the_api_is_told_next_to_the_field(browse, form_url, filled, applicant, kycaid, sandbox):
    known = await applicant(residence_country="DE")
    await kycaid.documents.create(type="PASSPORT", applicant_id=known)
    before = sandbox.counts()
    again = await browse("POST", await form_url(applicant_id=known), data=filled())
    assert (again.status, list(again.faults)) == (422, ["document.type"])
    assert sandbox.counts() | {"verifications": 0} == before


async def test_a_url_works_once(browse, form_url, filled):
    url = await form_url()
    assert (await browse("POST", url, data=filled())).status == 200
    for method, body in (("GET", None), ("POST", filled())):
        used = await browse(method, url, data=body)
        assert (used.status, "has been used" in used.text) == (410, True)


async def test_a_url_that_nobody_used_gets_too_old(browse, form_url, filled, clock, sandbox):
    url = await form_url()
    clock.now += timedelta(days=30, seconds=1)
    for method, body in (("GET", None), ("POST", filled())):
        old = await browse(method, url, data=body)
        assert (old.status, "too old" in old.text) == (410, True)
    assert sandbox.counts()["applicants"] == 0


@pytest.mark.parametrize("token", ["0" * 36, "x", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "'; DROP TABLE files; --"])
async def test_an_unknown_url_says_so(browse, token):
    unknown = await browse("GET", f"/forms/{token}")
    assert (unknown.status, "is not known" in unknown.text) == (404, True)


async def test_faults_stand_next_to_their_fields_and_what_was_typed_is_kept(browse, form_url, filled, sandbox):
    url = await form_url()
    changes = {
        "applicant.first_name": "Jürgen",
        "applicant.last_name": "",
        "applicant.email": "nobody",
        "applicant.dob": "31.12.1980",
        "document.front_side_id": None,
    }
    again = await browse("POST", url, data=filled(changes))
    assert again.status == 422
    assert again.faults == {
        "applicant.first_name": "Expected Latin letters, spaces, commas, dots, apostrophes and hyphens.",
        "applicant.last_name": "This is needed.",
        "applicant.email": "Expected an e-mail address.",
        "applicant.dob": "Expected a date as YYYY-MM-DD.",
        "document.front_side_id": "Pick a file.",
    }
    assert 'value="Jürgen"' in again.text
    assert '<option value="DE" selected>' in again.text
    assert set(sandbox.counts().values()) == {0, 1}, "but for the verification that the URL stands for"
    assert (await browse("POST", url, data=filled())).status == 200


async def test_a_file_that_is_too_large_is_told_next_to_its_field_and_does_not_stay(browse, form_url, filled, sandbox):
    url = await form_url()
    again = await browse("POST", url, data=filled({"document.front_side_id": b"x" * ((1 << 20) + 1)}))
    assert (again.status, again.faults) == (422, {"document.front_side_id": "This file is larger than 1 MB."})
    assert sandbox.counts()["files"] == 0


async def test_a_form_that_is_larger_than_all_its_files_may_be_is_not_read(browse, form_url, filled):
    refused = await browse("POST", await form_url(), data=filled({"document.front_side_id": b"x" * (6 << 20)}))
    assert refused.status == 413


async def test_inputs_for_files_that_were_left_empty_are_none(browse, form_url, filled, sandbox):
    body = filled()
    body.add_field("document.back_side_id", b"", filename="", content_type="application/octet-stream")
    assert (await browse("POST", await form_url(), data=body)).status == 200
    assert sandbox.counts()["files"] == 1


async def test_what_the_account_cannot_pay_is_said_of_the_whole_form(browse, form_url, filled, sandbox):
    url = await form_url()
    await sandbox.set_balance(0)
    again = await browse("POST", url, data=filled())
    assert (again.status, again.faults) == (422, {})
    assert "The account of this sandbox has too little left" in again.text
    assert (sandbox.counts()["applicants"], sandbox.counts()["files"]) == (0, 0)
    await sandbox.set_balance(None)
    assert (await browse("POST", url, data=filled())).status == 200


def many(body: aiohttp.FormData) -> None:
    for number in range(65):
        body.add_field(f"x{number}", "")


def twice(body: aiohttp.FormData) -> None:
    body.add_field("applicant.first_name", "Other")


def long(body: aiohttp.FormData) -> None:
    body.add_field("x", "y" * 4097)


@pytest.mark.parametrize("spoil", [many, twice, long])
async def test_what_no_browser_sends_is_refused_and_leaves_nothing(browse, form_url, filled, sandbox, spoil):
    body = filled()
    spoil(body)
    refused = await browse("POST", await form_url(), data=body)
    assert (refused.status, "cannot be read" in refused.text) == (400, True)
    assert (sandbox.counts()["applicants"], sandbox.counts()["files"]) == (0, 0)


def part(name: str, content: bytes) -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n\r\n'
    return head.encode() + content + b"\r\n"


MULTIPART = {"Content-Type": "multipart/form-data; boundary=B"}


@pytest.fixture
async def small(tmp_path, clock):
    """A sandbox whose files are seen from outside, and that takes small ones."""
    async with (
        Sandbox(data=tmp_path, clock=clock, max_file_size=1 << 16) as running,
        AsyncKycaid(running.api_key, base_url=running.url) as kycaid,
    ):
        yield (await kycaid.forms.create_url(FORMS[0].id)).form_url, tmp_path / "files"


async def test_of_a_file_that_is_too_large_nothing_stays_while_the_rest_of_the_form_is_read(browse, small):
    url, folder = small
    seen = []

    async def body():
        yield part("document.front_side_id", bytes(1 << 16))[:-2]
        async with asyncio.timeout(10):
            while not any(folder.iterdir()):
                await asyncio.sleep(0.001)
            yield bytes(1 << 18)
            while any(folder.iterdir()):
                await asyncio.sleep(0.001)
        seen.append("gone")
        yield b"\r\n--B--\r\n"

    answer = await browse("POST", url, data=body(), headers=MULTIPART)
    assert (answer.status, seen, "document.front_side_id" in answer.faults) == (422, ["gone"], True)


async def test_a_file_that_is_too_large_is_not_sent_a_second_time(browse, small):
    url, folder = small
    twice = part("document.front_side_id", bytes(70_000)) * 2
    answer = await browse("POST", url, data=twice + b"--B--\r\n", headers=MULTIPART)
    assert (answer.status, list(folder.iterdir())) == (400, [])


async def test_no_more_is_read_than_all_files_of_a_form_may_have(browse, small):
    url, folder = small
    names = ["document.front_side_id", "document.back_side_id", *(f"x{number}" for number in range(60))]
    body = b"".join(part(name, bytes(200_000 if name in names[:2] else 60_000)) for name in names) + b"--B--\r\n"

    async def unannounced():
        yield body

    answer = await browse("POST", url, data=unannounced(), headers=MULTIPART)
    assert (answer.status, list(folder.iterdir())) == (413, [])


async def test_files_that_nobody_asked_for_are_not_kept(browse, form_url, filled, sandbox):
    body = filled({"document.other_side_3_id": b"x"})
    assert (await browse("POST", await form_url(), data=body)).status == 200
    assert sandbox.counts()["files"] == 1


async def test_two_who_send_the_same_form_at_once_make_one_applicant(browse, form_url, filled, sandbox):
    url = await form_url()
    both = await asyncio.gather(*(browse("POST", url, data=filled()) for _ in range(2)))
    assert sorted(answer.status for answer in both) == [200, 410]
    assert (sandbox.counts()["applicants"], sandbox.counts()["files"]) == (1, 1)


async def test_the_browser_goes_on_to_where_the_caller_said_and_nowhere_else(browse, form_url, filled):
    url = await form_url(redirect_url='https://shop.example/back?a=1&b="2"')
    done = await browse("POST", f"{url}?redirect_url=https://evil.example", data=filled())
    assert 'content="0;url=https://shop.example/back?a=1&amp;b=&quot;2&quot;"' in done.text
    assert "evil.example" not in done.text


async def test_without_a_redirect_url_the_form_ends_with_thanks(browse, form_url, filled):
    done = await browse("POST", await form_url(), data=filled())
    assert "refresh" not in done.text


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "//evil.example",
        "/local",
        "ftp://example.com",
        "https://",
        "https:///path",
        "data:,x",
        "https://a b.example",
        "https://shop.example\\@evil.example",
        "https://shop.example/\nx",
        "http:example.com",
    ],
)
async def test_only_web_pages_are_taken_as_redirect_url(form_url, target):
    with pytest.raises(ValidationError) as caught:
        await form_url(redirect_url=target)
    assert [error.parameter for error in caught.value.errors] == ["redirect_url"]


async def test_the_callbacks_of_a_form_flow(clock, make_picture, filled):
    async with Sandbox(clock=clock, callback_url="http://127.0.0.1:1/closed", sleep=_never) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid, aiohttp.ClientSession() as session:
            url = (await kycaid.forms.create_url(FORMS[0].id)).form_url
            async with session.post(url, data=filled()) as response:
                assert response.status == 200
            await sandbox.settle()
        assert [delivery.type for delivery in sandbox.deliveries()] == [
            "VERIFICATION_STATUS_CHANGED",
            "VERIFICATION_COMPLETED",
        ]


async def _never(_seconds: float) -> None:
    """No time passes between two attempts."""


async def test_countries_are_sorted_by_their_names(browse, form_url):
    shown = (await browse("GET", await form_url())).text
    choices = re.search(r'name="applicant.residence_country".*?</select>', shown, re.DOTALL)[0]
    names = re.findall(r'<option value="[A-Z]{2}">([^<]+)<', choices)
    assert (names[:2], names[-1], len(names)) == (["Argentina", "Australia"], "United States", 45)
    assert names == sorted(names)
