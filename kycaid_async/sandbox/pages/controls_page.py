"""The page of the balance and the faults."""

from collections.abc import Sequence

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.html import Html, tag
from kycaid_async.sandbox.faults import ActiveFault, FaultKind
from kycaid_async.sandbox.pages.layout import HOME, Shell, field, live, rows

PATH = f"{HOME}controls"


def controls(shell: Shell, balance: float | None, faults: Sequence[ActiveFault]) -> str:
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
        here="Controls",
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
