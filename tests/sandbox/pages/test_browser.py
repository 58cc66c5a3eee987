"""The pages in a real browser, as people use them."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from selenium.webdriver.common.keys import Keys

from kycaid_async import AsyncKycaid
from kycaid_async.callbacks import VerificationCompleted, VerificationStatusChanged
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.web.aiohttp import callback_route
from tests.sandbox.pages.browser import Browser, browser, needs_browser
from tests.sandbox.pages.conftest import PERSON

pytestmark = needs_browser

KEY = "k" * 36


@pytest.fixture
def picture_path(tmp_path, make_picture) -> str:
    path = tmp_path / "front.jpg"
    path.write_bytes(make_picture(600, 400))
    return str(path)


@pytest.fixture
async def shop():
    """An application that listens to callbacks and has a page to come back to."""
    events: asyncio.Queue = asyncio.Queue()

    async def thanks(_request):
        return web.Response(text="<title>Back in the shop</title>", content_type="text/html")

    app = web.Application()
    app.add_routes([callback_route(events.put, KEY, path="/kycaid"), web.get("/back", thanks)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", events
    await runner.cleanup()


def log_in(person: Browser, url: str) -> None:
    person.driver.get(f"{url}/_sandbox/")
    person.one("#key").send_keys(KEY + Keys.ENTER)
    person.saying("#live", "live")


def send_form(person: Browser, url: str, picture: str) -> None:
    person.driver.switch_to.new_window("tab")
    person.driver.get(url)
    person.fill(PERSON)
    for name in ("document.front_side_id", "document.back_side_id"):
        person.one(f'[name="{name}"]').send_keys(picture)
    person.until(lambda: len(person.all(".drop img")) == 2)
    person.click("button.main")
    person.until(lambda: person.driver.title == "Back in the shop")


def decline(person: Browser) -> None:
    person.click("a.row", "Jane Example")
    person.until(lambda: person.run("return [...document.images].filter(i => i.naturalWidth > 0).length") == 2)
    person.click("#verifications [data-do=decline]")
    person.one("#filter").send_keys("expired")
    person.until(lambda: sum(choice.is_displayed() for choice in person.all(".checklist li")) == 1)
    person.one('[value="EXPIRED_DOCUMENT"]').click()
    person.one("#filter").clear()
    person.one("#filter").send_keys("quality")
    person.until(lambda: person.one('[value="BAD_QUALITY"]').is_displayed())
    person.one('[value="BAD_QUALITY"]').click()
    person.one("button[value=decline]").click()
    person.saying(".said", "Declined.")
    person.saying("#verifications .badge", "declined")


async def test_a_person_fills_in_the_form_another_declines_it_and_the_application_learns_why(shop, picture_path):
    shop_url, events = shop
    async with (
        Sandbox(api_key=KEY, review="manual", callback_url=f"{shop_url}/kycaid") as sandbox,
        AsyncKycaid(KEY, base_url=sandbox.url) as kycaid,
    ):
        form = await kycaid.forms.create_url(FORMS[0].id, redirect_url=f"{shop_url}/back")

        def people_act() -> list[str]:
            with browser() as person:
                log_in(person, sandbox.url)
                person.run("window.isTheSamePage = true")
                dashboard = person.driver.current_window_handle
                send_form(person, form.form_url, picture_path)
                person.driver.switch_to.window(dashboard)
                person.saying("a.row", "Jane Example")
                assert person.run("return window.isTheSamePage"), "it appeared without a reload"
                decline(person)
                return person.complaints()

        assert await asyncio.to_thread(people_act) == []
        started, ended = [await asyncio.wait_for(events.get(), 30) for _ in range(2)]
        assert isinstance(started, VerificationStatusChanged)
        assert isinstance(ended, VerificationCompleted)
        assert (ended.verification_id, ended.verified) == (form.id_of_verification, False)
        verification = await kycaid.verifications.get(form.id_of_verification)
        assert verification.passed is False
        assert set(verification.reasons) == {"EXPIRED_DOCUMENT", "BAD_QUALITY"}


async def test_the_form_works_without_scripts(shop, kycaid, sandbox, picture_path):
    form = await kycaid.forms.create_url(FORMS[0].id, redirect_url=f"{shop[0]}/back")

    def person_acts() -> None:
        with browser() as person:
            person.driver.get(form.form_url)
            person.fill(PERSON)
            person.one('[name="document.front_side_id"]').send_keys(picture_path)
            # Selenium itself needs scripts for most of what it does, so they are off from here on.
            person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
            person.driver.execute_cdp_cmd("Page.enable", {})
            person.one('[name="document.document_number"]').send_keys(Keys.ENTER)
            person.until(lambda: person.driver.title == "Back in the shop")

    await asyncio.to_thread(person_acts)
    assert (await kycaid.verifications.get(form.id_of_verification)).passed


async def test_a_fault_keeps_what_was_typed_and_the_file_that_was_dropped(kycaid, sandbox, picture_path):
    form = await kycaid.forms.create_url(FORMS[0].id)

    def person_acts() -> None:
        with browser(width=390) as person:
            person.driver.get(form.form_url)
            person.fill(PERSON | {"applicant.first_name": "J\u00fcrgen"})
            drop = person.all(".drop")[0]
            person.run(DROP, drop, list(Path(picture_path).read_bytes()))
            person.until(lambda: drop.find_elements("css selector", "img"))
            person.click("button.main")
            person.saying(".fault", "Latin letters")
            assert person.driver.switch_to.active_element.get_attribute("name") == "applicant.first_name"
            assert person.one('[name="document.front_side_id"]').get_property("files")
            assert person.one('[name="document.document_number"]').get_attribute("value") == "X1234567"
            person.one('[name="applicant.first_name"]').clear()
            person.fill({"applicant.first_name": "Jurgen"})
            person.click("button.main")
            person.saying("h1", "Thank you")
            assert person.complaints() == []

    await asyncio.to_thread(person_acts)
    assert sandbox.counts()["files"] == 1


DROP = """
const [place, bytes] = arguments;
const held = new DataTransfer();
held.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
place.dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true }));
"""


async def test_the_keyboard_does_everything(kycaid, sandbox, applicant):
    owners = [await applicant(first_name=name) for name in ("Ann", "Ben")]
    await kycaid.verifications.create(applicant_id=owners[0])

    def person_acts() -> None:
        with browser() as person:

            def press(key: str) -> None:
                person.driver.switch_to.active_element.send_keys(key)

            person.driver.get(f"{sandbox.url}/_sandbox/controls")
            person.saying("#live", "live")
            press("?")
            assert person.one("#keys").is_displayed()
            press(Keys.ESCAPE)
            person.until(lambda: not person.one("#keys").is_displayed())
            press("1")
            person.saying("h1", "Applicants")
            press("j")
            press("j")
            assert "Ann Example" in person.driver.switch_to.active_element.text
            press("k")
            assert "Ben Example" in person.driver.switch_to.active_element.text
            assert person.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
            press("/")
            press("ann")
            person.until(
                lambda: (
                    [row.text.split("\n")[0] for row in person.all("a.row") if row.is_displayed()] == ["Ann Example"]
                )
            )
            press(Keys.ESCAPE)
            press("j")
            press(Keys.ENTER)
            person.saying("h1", "Ann Example")
            press("d")
            person.saying("legend", "Reasons to decline")
            press("d")
            person.saying("#verifications .badge", "declined")
            press("a")
            person.saying("#verifications .badge", "approved")
            press("u")
            person.saying("h1", "Applicants")
            assert person.complaints() == []

    await asyncio.to_thread(person_acts)
    (row, *_) = await sandbox.verifications(applicant_id=owners[0])
    assert (row.verified, row.reasons) == (True, ())


async def test_somebody_begins_with_an_empty_sandbox_searches_and_removes_everything(sandbox):
    def person_acts() -> None:
        with browser(width=390) as person:
            names = lambda: [row.text.split("\n")[0] for row in person.all("a.row")]  # noqa: E731 - asked again and again
            person.driver.get(f"{sandbox.url}/_sandbox/")
            person.saying("h2", "Nobody yet")
            assert sandbox.api_key in person.one("#snippet").text
            person.click("button", "Open the form of a person")
            person.until(lambda: len(person.driver.window_handles) == 2)
            first, opened = person.driver.window_handles
            person.driver.switch_to.window(opened)
            person.saying("h1", "Verify your identity")
            person.driver.switch_to.window(first)
            person.click("#load-samples")
            person.saying(".said", "The sample data are there.")
            person.until(lambda: len(names()) == 7)
            person.one("#filter").send_keys("otto")
            person.until(lambda: names() == ["Otto Placeholder"])
            assert person.driver.current_url.endswith("?q=otto")
            person.saying("#total", "1")
            person.one("#filter").send_keys(Keys.ENTER)
            person.until(lambda: person.one("#filter").get_attribute("value") == "otto")
            person.driver.get(f"{sandbox.url}/_sandbox/controls")
            person.click("#reset")
            assert person.one("#sure:invalid"), "nothing was sent: the box is not ticked"
            person.click("#sure")
            person.click("#reset")
            person.saying(".said", "Everything was removed.")
            person.saying("h2", "Nobody yet")
            assert person.complaints() == []

    await asyncio.to_thread(person_acts)
    assert set(sandbox.counts().values()) == {0}


PAGES = ("", "verifications", "callbacks", "requests", "controls", "login")


@pytest.mark.parametrize(("width", "dark"), [(360, False), (360, True), (1200, False), (1200, True)])
async def test_every_page_fits_and_can_be_read(kycaid, sandbox, applicant, make_picture, width, dark):
    owner = await applicant(first_name="A" * 64, email="a" * 60 + "@example.com")
    file_id = await kycaid.files.create(make_picture())
    await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=file_id)
    verification = await kycaid.verifications.create(applicant_id=owner, callback_url=f"{sandbox.url}/forms")
    await sandbox.decide(verification, approve=False, reasons=["EXPIRES_LESS_3_MONTHS", "OTHER"])
    form = (await kycaid.forms.create_url(FORMS[0].id)).form_url
    paths = [*PAGES, f"applicants/{owner}", f"decide/{verification}"]

    def person_looks() -> dict[str, object]:
        with browser(width=width, dark=dark) as person:
            found = {}
            for url in [*(f"{sandbox.url}/_sandbox/{path}" for path in paths), form, f"{sandbox.url}/forms/x"]:
                person.driver.get(url)
                too_wide = person.run("return document.documentElement.scrollWidth - innerWidth")
                found[url] = (max(0, too_wide), person.run(FAINT), person.run(NAMELESS))
            return found

    found = await asyncio.to_thread(person_looks)
    assert {url: seen for url, seen in found.items() if seen != (0, [], [])} == {}


FAINT = """
// Text whose contrast with what is behind it is below 4.5 to 1.
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const rgba = (color) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) =>
  [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = rgba(getComputedStyle(at).backgroundColor);
    if (color[3] === 255) return color;
  }
  return [255, 255, 255];
};
const faint = [];
for (const element of document.body.querySelectorAll("*")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || !element.checkVisibility() || element.tagName === "OPTION") continue;
  const [one, other] = [light(rgba(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
  if ((one + 0.05) / (other + 0.05) < 4.5) faint.push(element.outerHTML.slice(0, 100));
}
return faint;
"""

NAMELESS = """
// Controls that a screen reader could not name.
const nameOf = (control) =>
  control.labels?.length || control.ariaLabel || control.alt || control.querySelector("img")?.alt ||
  control.textContent.trim();
return [...document.querySelectorAll("input:not([type=hidden]), select, button, a, img")]
  .filter((control) => !nameOf(control))
  .map((control) => control.outerHTML.slice(0, 100));
"""
