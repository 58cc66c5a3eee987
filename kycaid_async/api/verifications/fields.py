"""What the fields of verifications take: their enums and keywords. Reference: *Verifications*."""

from collections.abc import Sequence
from typing import Literal, Required, TypedDict

from kycaid_async.values.enums import OpenEnum


class VerificationProgress(OpenEnum):
    """How far a verification is. Finished is not passed."""

    UNUSED = "unused"
    """The form was not completed."""
    PENDING = "pending"
    """Running."""
    COMPLETED = "completed"
    """Finished, whatever the outcome."""


class Outcome(OpenEnum):
    """What ``verifications.update_status`` can set."""

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
    """What a row of the report is for."""

    KYC = "KYC"
    KYB = "KYB"
    SERVICE = "SERVICE"
    """A paid lookup without an applicant."""


class Mode(OpenEnum):
    """Which kind of key a row of the report was made with."""

    TEST = "TEST"
    LIVE = "LIVE"


class VerificationFields(TypedDict, total=False):
    """Keywords of ``verifications.create``."""

    applicant_id: Required[str]
    form_id: str
    types: Sequence[CheckType | CheckTypeName]
    callback_url: str
