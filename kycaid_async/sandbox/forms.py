"""The forms of the sandbox's account. Both are invented."""

from datetime import timedelta
from typing import Final

import attrs

from kycaid_async.api.applicants import ApplicantType
from kycaid_async.sandbox.ids import fixed_id

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
