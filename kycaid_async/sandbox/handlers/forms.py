"""Forms: their list, and one-time URLs."""

import re
from typing import Any, Final

from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.sandbox.data.account import FORM_PATH, FORMS, HostedForm
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.handlers.verifications import attempts_left, require_attempt, require_fit
from kycaid_async.sandbox.http.refusals import invalid, not_found, not_valid

_WEB_PAGE: Final = re.compile(r"https?://[^\x00-\x20\x7f/\\]+(?:/[^\x00-\x20\x7f\\]*)?", re.IGNORECASE)
"""Where a browser may be sent: never ``javascript:``, and nothing that browsers read otherwise than it looks."""


_ID: Final = re.compile(r"\w{36}", re.ASCII)
"""What may be the id of a form. That of a vendor's example is not hexadecimal throughout."""


def list_(_context: RequestContext) -> list[dict[str, Any]]:
    """Return the forms."""
    return [_answer(form) for form in FORMS]


def get(context: RequestContext) -> dict[str, Any]:
    """Return a form. Observed is only the refusal of an id that is none; the answer is that of the list."""
    return _answer(_form(context))


def create_url(context: RequestContext) -> dict[str, Any]:
    """Make a URL and a verification that is unused until somebody completes the form."""
    _form(context)
    redirect_url = context.body.get("redirect_url") or None
    if redirect_url is not None and not _WEB_PAGE.fullmatch(redirect_url):
        raise invalid(not_valid("forms", "redirect_url"))
    applicant = context.applicant() if context.body.get("applicant_id") is not None else None
    if applicant is not None:
        require_fit(context.ids["form_id"], applicant["type"])
        require_attempt(context, applicant)
    known = applicant["body"].get("external_applicant_id") if applicant else None
    begun = context.unit.verifications.begin(
        VerificationProgress.UNUSED,
        context.moment,
        applicant_id=applicant["id"] if applicant else None,
        external_applicant_id=context.body.get("external_applicant_id", known),
        form_id=context.ids["form_id"],
        redirect_url=redirect_url,
        attempts_left=attempts_left(context, applicant),
    )
    answer = {
        "form_id": begun["form_id"],
        "form_url": context.urls.base_url + FORM_PATH.format(token=begun["form_token"]),
        "verification_id": begun["id"],
    }
    if begun["attempts_left"] is None:
        return answer
    # Documented, and not in the answers that were recorded.
    return answer | {"form_token": begun["form_token"], "verification_attempts_left": begun["attempts_left"]}


def _form(context: RequestContext) -> HostedForm:
    """Return the form in the path. Refuses what is no id with 422, as the real server does, and another with 404."""
    form_id = context.ids["form_id"]
    if not _ID.fullmatch(form_id):
        raise invalid(not_valid("forms", "form_id"))
    form = next((form for form in FORMS if form.id == form_id), None)
    if form is None:
        raise not_found()
    return form


def _answer(form: HostedForm) -> dict[str, Any]:
    return {"form_id": form.id, "name": form.name}


HANDLERS: Final[dict[str, Handler]] = {"forms.list": list_, "forms.create_url": create_url}
