"""The entries of the dashboard's lists: one line per thing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from kycaid_async.html import Html, tag
from kycaid_async.sandbox.events.feed import Delivery, RequestServed
from kycaid_async.sandbox.faults import FaultKind
from kycaid_async.sandbox.overview import ApplicantRow, VerificationRow
from kycaid_async.sandbox.pages.case_page import NO_NAME
from kycaid_async.sandbox.pages.layout import HOME, Shell, badge, breakable, status_badge, when

_OK: Final = 300
_BROKEN: Final = 500
_BY_DOCUMENTS: Final = {
    "valid": ("documents valid", "good"),
    "invalid": ("documents declined", "bad"),
    "new": ("in review", "busy"),
    None: ("no documents", "plain"),
}


def applicant_entry(row: ApplicantRow) -> Html:
    """Return an applicant, as the way to its page."""
    counts = ((row.documents, "document"), (row.verifications, "verification"))
    there = (_plural(count, noun) for count, noun in counts if count)
    details = (row.type.capitalize(), *there, row.external_applicant_id)
    return tag(
        "a",
        tag("span", row.name or NO_NAME, class_="name"),
        # Without a verification the API says "new" of all: their documents tell more.
        status_badge(row.status) if row.verifications else badge(*_BY_DOCUMENTS[row.document_status]),
        tag("span", " · ".join(filter(None, details)), class_="quiet detail"),
        when(row.created_at),
        href=f"{HOME}applicants/{row.applicant_id}",
        class_="row",
    )


def verification_entry(row: VerificationRow) -> Html:
    """Return a verification, as the way to its applicant, or to nowhere while a form is not completed."""
    path = f"{HOME}applicants/{row.applicant_id}" if row.applicant_id else None
    return tag(
        "a" if path else "div",
        tag("span", row.applicant_name or (NO_NAME if path else "(form not completed)"), class_="name"),
        status_badge(row.status, verified=row.verified, waits=row.waits_for_person),
        tag("span", breakable(", ".join(row.reasons)) if row.reasons else f"{row.price:.2f} €", class_="quiet detail"),
        when(row.created_at),
        href=path,
        class_="row",
    )


def callback_entry(shell: Shell, delivery: Delivery, names: Mapping[str, str]) -> Html:
    """Return a callback with its applicant, what became of it, and a button to send it again."""
    again = shell.action(
        "resend",
        tag("button", "Send again", type="submit", id=f"resend-{delivery.request_id}"),
        request_id=delivery.request_id,
        back=f"{HOME}callbacks",
    )
    applicant = delivery.applicant_id
    return tag(
        "div",
        tag(
            "span",
            tag("span", breakable(delivery.type), class_="name"),
            _way_to(applicant, names.get(applicant, NO_NAME)) if applicant else None,
            class_="pair",
        ),
        _outcome(delivery),
        tag("span", "to ", breakable(delivery.url), f", {_attempts(delivery)}", class_="quiet detail"),
        tag("span", when(delivery.tried_at) if delivery.tried_at else None, again, class_="pair end"),
        class_="row",
    )


def request_entry(moment: datetime, served: RequestServed, applicant_id: str | None) -> Html:
    """Return a request and how it was answered, with the way to its applicant."""
    is_cut = served.fault in (FaultKind.RESET, FaultKind.LOST)
    tone = "bad" if is_cut or served.status >= _BROKEN else "good" if served.status < _OK else "busy"
    details = [f"{served.milliseconds:.1f} ms"]
    details += [f"at fault: {', '.join(served.fields)}"] if served.fields else []
    details += [f"fault {served.fault}"] if served.fault else []
    return tag(
        "div",
        tag(
            "span",
            tag("span", breakable(served.operation), class_="name"),
            tag("span", served.method, " ", breakable(served.path), class_="quiet path"),
            class_="pair",
        ),
        badge("no answer" if is_cut else str(served.status), tone),
        tag("span", ", ".join(details), class_="quiet detail"),
        tag("span", when(moment), _way_to(applicant_id, "applicant") if applicant_id else None, class_="pair end"),
        class_="row",
    )


def _way_to(applicant_id: str, name: str) -> Html:
    return tag("a", name, href=f"{HOME}applicants/{applicant_id}", class_="way")


def _outcome(delivery: Delivery) -> Html:
    if delivery.arrived:
        return badge("200 arrived", "good")
    if not delivery.attempts:
        return badge("under way", "busy")
    return badge(f"answered {delivery.status}" if delivery.status else "no answer", "bad")


def _attempts(delivery: Delivery) -> str:
    said = [_plural(delivery.attempts, "attempt")]
    said += [delivery.error] if delivery.error else []
    if delivery.attempts and not delivery.arrived:
        said.append(f"{delivery.left} to come" if delivery.left else "given up")
    return ", ".join(said)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
