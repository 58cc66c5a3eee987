"""The lists of the dashboard: one line per thing, newest first."""

from datetime import datetime

from kycaid_async.html import Html, tag
from kycaid_async.sandbox.events.delivery import Delivery
from kycaid_async.sandbox.events.feed import RequestServed
from kycaid_async.sandbox.faults import FaultKind
from kycaid_async.sandbox.overview import ApplicantRow, VerificationRow
from kycaid_async.sandbox.pages.shell import HOME, Shell, badge, breakable, status_badge, when

_OK, _BROKEN = 300, 500


def applicant(row: ApplicantRow) -> Html:
    """Return an applicant, as the way to its page."""
    counts = f"{_plural(row.documents, 'document')}, {_plural(row.verifications, 'verification')}"
    return tag(
        "a",
        tag("span", row.name or "(no name)", class_="name"),
        status_badge(row.status),
        tag("span", f"{row.type.capitalize()}, {counts}", class_="quiet detail"),
        when(row.created_at),
        href=f"{HOME}applicants/{row.applicant_id}",
        class_="row",
    )


def verification(row: VerificationRow) -> Html:
    """Return a verification, as the way to its applicant, or to nowhere while a form is not completed."""
    path = f"{HOME}applicants/{row.applicant_id}" if row.applicant_id else None
    return tag(
        "a" if path else "div",
        tag("span", row.applicant_name or ("(form not completed)" if not path else "(no name)"), class_="name"),
        status_badge(row.status, verified=row.verified, waits=row.waits_for_person),
        tag("span", breakable(", ".join(row.reasons)) if row.reasons else f"{row.price:.2f} €", class_="quiet detail"),
        when(row.created_at),
        href=path,
        class_="row",
    )


def callback(shell: Shell, delivery: Delivery) -> Html:
    """Return a callback, what became of it, and a button to send it again."""
    attempts = _plural(delivery.attempts, "attempt")
    return tag(
        "div",
        tag("span", breakable(delivery.type), class_="name"),
        _answer(delivery),
        tag("span", f"to {delivery.host}, {attempts}", class_="quiet detail"),
        shell.action(
            "resend",
            tag("button", "Send again", type="submit", id=f"resend-{delivery.request_id}"),
            request_id=delivery.request_id,
            back=f"{HOME}callbacks",
        ),
        class_="row",
    )


def request(moment: datetime, served: RequestServed) -> Html:
    """Return a request and how it was answered."""
    is_cut = served.fault in (FaultKind.RESET, FaultKind.LOST)
    tone = "bad" if is_cut or served.status >= _BROKEN else "good" if served.status < _OK else "busy"
    met = f", fault {served.fault}" if served.fault else ""
    return tag(
        "div",
        tag("span", breakable(served.operation), class_="name"),
        badge("no answer" if is_cut else str(served.status), tone),
        tag("span", f"{served.milliseconds:.1f} ms{met}", class_="quiet detail"),
        when(moment),
        class_="row",
    )


def _answer(delivery: Delivery) -> Html:
    if delivery.arrived:
        return badge("200 arrived", "good")
    if not delivery.attempts:
        return badge("under way", "busy")
    return badge(f"answered {delivery.status}" if delivery.status else "no answer", "bad")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
