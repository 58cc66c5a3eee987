"""The page of the balance, the faults, the forms and the data; and what a sandbox shows that knows nobody yet."""

from collections.abc import Mapping, Sequence
from typing import Final

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.html import Html, tag
from kycaid_async.sandbox.data.account import FORMS, FormSwitches, HostedForm
from kycaid_async.sandbox.faults import ActiveFault, FaultKind
from kycaid_async.sandbox.http.listening import SANDBOX_KEY
from kycaid_async.sandbox.pages.layout import HOME, Shell, facts, field, live, rows

PATH = f"{HOME}controls"
SWITCHES: Final = {
    "applicant_in_callback": "VERIFICATION_COMPLETED holds the applicant",
    "status_callback": "VERIFICATION_STATUS_CHANGED is sent",
    "test_mode": "Test mode: verifications are free",
}
"""What the switches of a form say."""
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


def controls(
    shell: Shell, balance: float | None, faults: Sequence[ActiveFault], switches: Mapping[str, FormSwitches]
) -> str:
    """Return the page."""
    return shell.page(
        "Controls",
        tag("h1", "Controls"),
        tag(
            "section",
            tag("h2", "Balance"),
            live("balance", _balance(balance)),
            _set_balance(shell, balance),
            class_="card",
        ),
        tag(
            "section",
            tag("h2", "Faults"),
            live("faults", rows((_fault(shell, active) for active in faults), "Nothing goes wrong on purpose.")),
            tag("h3", "Switch one on"),
            _add_fault(shell),
            class_="card",
        ),
        tag(
            "section",
            tag("h2", "Forms"),
            open_forms(shell),
            [_form(shell, form, switches[form.id]) for form in FORMS],
            class_="card",
        ),
        tag(
            "section",
            tag("h2", "Data"),
            load_samples(shell, PATH),
            tag("h3", "Remove everything"),
            _reset(shell),
            class_="card",
        ),
        here="Controls",
    )


def _form(shell: Shell, form: HostedForm, switches: FormSwitches) -> Html:
    """Return the switches of a form, and the way to it."""
    choices = [
        tag(
            "label",
            tag("input", type="checkbox", name="switch", value=name, checked=getattr(switches, name)),
            tag("span", words),
            class_="tick",
        )
        for name, words in SWITCHES.items()
    ]
    return tag(
        "div",
        tag("h3", form.name),
        tag("p", tag("code", form.id, class_="id")),
        shell.action(
            "switches", choices, tag("div", tag("button", "Save", type="submit"), class_="buttons"), id=form.id
        ),
        class_="form-switches",
    )


def _reset(shell: Shell) -> Html:
    sure = tag("input", type="checkbox", name="sure", value="yes", required=True, id="sure")
    return shell.action(
        "reset",
        tag(
            "label", sure, tag("span", "Applicants, files, verifications, callbacks and requests may go"), class_="tick"
        ),
        tag("div", tag("button", "Remove everything", type="submit", class_="bad", id="reset"), class_="buttons"),
    )


def _balance(balance: float | None) -> Html:
    return tag("p", tag("strong", "without end" if balance is None else f"{balance:.2f} €"))


def _set_balance(shell: Shell, balance: float | None) -> Html:
    value = "" if balance is None else f"{balance:.2f}"
    entry = tag("input", type="number", name="euros", id="euros", min="0", step="0.01", value=value)
    return shell.action(
        "balance",
        field("Euros", entry, "euros", "Empty: an account that never runs out"),
        tag("div", tag("button", "Set", type="submit"), class_="buttons"),
    )


def _fault(shell: Shell, active: ActiveFault) -> Html:
    fault = active.fault
    seconds = None if fault.seconds is None else f"{fault.seconds:g} s"
    speed = None if fault.bytes_per_second is None else f"{fault.bytes_per_second:g} bytes/s"
    details = (
        ", ".join(fault.operations) or "all operations",
        f"probability {fault.probability:g}",
        f"met {active.met}" + (f" of {fault.count}" if fault.count is not None else ""),
    )
    return tag(
        "div",
        tag("span", ", ".join(filter(None, (fault.kind.value, seconds, speed))), class_="name"),
        tag("span", " · ".join(details), class_="quiet detail"),
        shell.action("fault-off", tag("button", "Switch off", type="submit", id=f"off-{active.id}"), id=active.id),
        class_="row three-columns",
    )


def _add_fault(shell: Shell) -> Html:
    kinds = [tag("option", f"{kind.value}: {_MEANING[kind]}", value=kind.value) for kind in FaultKind]
    names = tag("datalist", [tag("option", value=name) for name in ENDPOINTS], id="operations-known")
    number = {"type": "number", "min": "0", "step": "any"}
    return shell.action(
        "fault-on",
        field("What", tag("select", kinds, name="kind", id="kind"), "kind"),
        field(
            "Operations",
            tag("input", type="text", name="operations", id="operations", list="operations-known", autocomplete="off"),
            "operations",
            "As in documents.create, several with commas; empty for all",
        ),
        tag(
            "div",
            field(
                "Probability",
                tag("input", name="probability", id="probability", max="1", value="1", **number),
                "probability",
            ),
            field(
                "Number", tag("input", name="number", id="number", **number), "number", "Seconds, or bytes per second"
            ),
            field(
                "At most",
                tag("input", name="count", id="count", type="number", min="1", step="1"),
                "count",
                "Requests; empty for no end",
            ),
            class_="three",
        ),
        names,
        tag("div", tag("button", "Switch on", type="submit"), class_="buttons"),
    )


_MEANING = {
    FaultKind.LATENCY: "wait before acting",
    FaultKind.REFUSED: "refused as one too many",
    FaultKind.INTERNAL: "server error",
    FaultKind.GATEWAY: "bad gateway, in HTML",
    FaultKind.UNAVAILABLE: "unavailable",
    FaultKind.RESET: "connection reset before acting",
    FaultKind.LOST: "acts, and the answer is lost",
    FaultKind.BETWEEN: "acts, and a gateway answers 503",
    FaultKind.TRUNCATED: "acts, and the answer ends half-way",
    FaultKind.SLOW: "acts, and the answer comes slowly",
}


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
