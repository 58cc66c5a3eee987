"""Types of the fields of verifications: enums and keywords. Reference: *Verifications*."""

from collections.abc import Sequence
from typing import Literal, Required, TypedDict

from kycaid_async.values.enums import OpenEnum


class VerificationProgress(OpenEnum):
    """The progress of a verification. Finished is not passed."""

    UNUSED = "unused"
    """The form was not completed."""
    PENDING = "pending"
    """Running."""
    COMPLETED = "completed"
    """Finished, whatever the outcome."""


class Outcome(OpenEnum):
    """A verdict that ``verifications.update_status`` can set."""

    APPROVED = "approved"
    DECLINED = "declined"


OutcomeName = Literal["approved", "declined"]
"""The values of `Outcome` as text: type checkers refuse others."""


class CheckType(OpenEnum):
    """The old way to select the checks of a verification; a form selects them today."""

    DOCUMENT = "DOCUMENT"
    FACIAL = "FACIAL"
    ADDRESS = "ADDRESS"
    AML = "AML"
    FINANCIAL = "FINANCIAL"
    VIDEO = "VIDEO"
    COMPANY = "COMPANY"


CheckTypeName = Literal["DOCUMENT", "FACIAL", "ADDRESS", "AML", "FINANCIAL", "VIDEO", "COMPANY"]
"""The values of `CheckType` as text: type checkers refuse others."""


class Service(OpenEnum):
    """The service that a row of the report bills."""

    KYC = "KYC"
    KYB = "KYB"
    SERVICE = "SERVICE"
    """A paid lookup without an applicant."""


class Mode(OpenEnum):
    """The kind of API key behind a row of the report."""

    TEST = "TEST"
    LIVE = "LIVE"


class VerificationFields(TypedDict, total=False):
    """Keywords of ``verifications.create``."""

    applicant_id: Required[str]
    form_id: str
    types: Sequence[CheckType | CheckTypeName]
    callback_url: str
