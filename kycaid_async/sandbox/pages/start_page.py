"""The first page of a sandbox that knows nobody yet: how to use it, and what to begin with."""

from kycaid_async.html import Html, tag
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sandbox.http.listening import SANDBOX_KEY
from kycaid_async.sandbox.pages.layout import HOME, Shell, facts

_SNIPPET = """\
import asyncio
{imports}from kycaid_async import AsyncKycaid

async def main():
    async with AsyncKycaid({key}, base_url="{url}") as client:
        applicant = await client.applicants.create(
            type="PERSON", first_name="Jane", last_name="Example", dob="1980-01-01"
        )
        verification = await client.verifications.create(applicant_id=applicant)
        print(await client.verifications.wait(verification))

asyncio.run(main())
"""


def start(shell: Shell, url: str, *, has_own_key: bool) -> Html:
    """Return what stands in the place of a list of nobody. A key of one's own is not shown."""
    return tag(
        "section",
        tag("h2", "Nobody yet"),
        tag("p", "Point a program at this sandbox, or fill in a form yourself. What happens appears here at once."),
        facts(
            {
                "URL": tag("code", url),
                "API key": "the one that you gave it" if has_own_key else tag("code", SANDBOX_KEY),
            }
        ),
        _snippet(url, has_own_key=has_own_key),
        tag("div", open_forms(shell), load_samples(shell, HOME), class_="buttons"),
        class_="card start",
    )


def open_forms(shell: Shell) -> Html:
    """Return a button for each form that opens it in a tab of its own."""
    buttons = [
        tag(
            "button",
            f"Open the form of a {form.applicant_type.value.lower()}",
            type="submit",
            name="form_id",
            value=form.id,
            formtarget="_blank",
        )
        for form in FORMS
    ]
    return shell.action("open-form", tag("div", buttons, class_="buttons together"))


def load_samples(shell: Shell, back: str) -> Html:
    """Return the button that loads sample data."""
    return shell.action("sample", tag("button", "Load sample data", type="submit", id="load-samples"), back=back)


def _snippet(url: str, *, has_own_key: bool) -> Html:
    imports = "import os\n" if has_own_key else ""
    key = 'os.environ["KYCAID_API_KEY"]' if has_own_key else f'"{SANDBOX_KEY}"'
    text = _SNIPPET.format(imports=imports, key=key, url=url)
    copy = tag("button", "Copy", type="button", data_copy="snippet", class_="needs-script", id="copy")
    return tag("div", tag("pre", tag("code", text), id="snippet", tabindex="0"), copy, class_="snippet")
