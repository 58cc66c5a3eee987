"""Forms: their list, and one-time URLs."""

import re
from typing import Any, Final

from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.sandbox.data.forms import FORMS, PATH, require_fit
from kycaid_async.sandbox.handlers import verifications
from kycaid_async.sandbox.handlers.context import Call, Handler
from kycaid_async.sandbox.http.refusals import invalid, not_found, not_valid
from kycaid_async.sandbox.storage import verifications as runs

_WEB_PAGE: Final = re.compile(r"https?://[^\x00-\x20\x7f/\\]+(?:/[^\x00-\x20\x7f\\]*)?", re.IGNORECASE)
"""Where a browser may be sent: never ``javascript:``, and nothing that browsers read otherwise than it looks."""


def list_(_call: Call) -> list[dict[str, Any]]:
    """Return the forms."""
    return [{"form_id": form.id, "name": form.name} for form in FORMS]


def create_url(call: Call) -> dict[str, Any]:
    """Make a URL and a verification that is unused until somebody completes the form."""
    if call.ids["form_id"] not in {form.id for form in FORMS}:
        raise not_found()
    redirect_url = call.body.get("redirect_url") or None
    if redirect_url is not None and not _WEB_PAGE.fullmatch(redirect_url):
        raise invalid(not_valid("forms", "redirect_url"))
    applicant = call.applicant() if call.body.get("applicant_id") is not None else None
    if applicant is not None:
        require_fit(call.ids["form_id"], applicant["type"], must_exist=True)
        verifications.require_attempt(call, applicant)
    known = applicant["body"].get("external_applicant_id") if applicant else None
    made = runs.begin(
        call.rows,
        VerificationProgress.UNUSED,
        call.moment,
        applicant_id=applicant["id"] if applicant else None,
        external_applicant_id=call.body.get("external_applicant_id", known),
        form_id=call.ids["form_id"],
        redirect_url=redirect_url,
        attempts_left=verifications.attempts_left(call, applicant),
    )
    return {
        "form_id": made["form_id"],
        "form_url": call.links.base_url + PATH.format(token=made["form_token"]),
        "verification_id": made["id"],
        "form_token": made["form_token"],
        "verification_attempts_left": made["attempts_left"],
    }


HANDLERS: Final[dict[str, Handler]] = {"forms.list": list_, "forms.create_url": create_url}
