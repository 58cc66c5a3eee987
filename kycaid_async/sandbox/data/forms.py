"""The forms of the sandbox's account. Both are invented."""

from datetime import timedelta
from typing import Final

import attrs

from kycaid_async.api.applicants import ApplicantType
from kycaid_async.sandbox.data.ids import fixed_id
from kycaid_async.sandbox.http.refusals import invalid

PATH: Final = "/forms/{token}"
"""The page of a form, below the sandbox's URL."""
LIFETIME: Final = timedelta(days=30)
"""After it a URL that nobody used is of no use any more. The real service's is not known."""


@attrs.frozen
class HostedForm:
    """A form."""

    id: str
    number: int
    """The short number that stands for it in the report."""
    name: str
    applicant_type: ApplicantType


FORMS: Final = (
    HostedForm(fixed_id("form of a person"), 10_001, "Person: document and selfie", ApplicantType.PERSON),
    HostedForm(fixed_id("form of a company"), 10_002, "Company", ApplicantType.COMPANY),
)


def require_fit(form_id: str | None, applicant_type: str, *, must_exist: bool) -> None:
    """Refuse a form that is for another type of applicant, and one that is not there where it must be."""
    form = next((form for form in FORMS if form.id == form_id), None)
    if form is None and must_exist:
        raise invalid(("form_id", "Form ID was not found"))
    if form is not None and form.applicant_type != applicant_type:
        raise invalid(("form_id", "Applicant is not compatible with this form"))
