"""Models of verifications. Reference: *Verifications*."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from kycaid_async.api.verifications.fields import (
    CheckType,
    CheckTypeName,
    Mode,
    Outcome,
    OutcomeName,
    Service,
    VerificationProgress,
)
from kycaid_async.values.constraints import ObjectId, Url
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.fields import IdText, Shown
from kycaid_async.values.model import Request, Response, request, response
from kycaid_async.values.unset import UNSET, Maybe


@request
class VerificationCreate(Request):
    """A verification to start."""

    applicant_id: ObjectId
    """Id of the applicant: 36 characters."""
    form_id: Maybe[ObjectId] = UNSET
    """Id of the form that selects the checks: 36 characters. Newer servers refuse a verification without it."""
    types: Maybe[Sequence[CheckType | CheckTypeName]] = UNSET
    """The old way to select the checks."""
    callback_url: Maybe[Url] = UNSET
    """Where the result is sent."""


@request
class VerificationStatusUpdate(Request):
    """The outcome to set."""

    verification_status: Outcome | OutcomeName
    callback_enabled: Maybe[bool] = UNSET
    """Send a VERIFICATION_COMPLETED callback."""
    project_owner_email_enabled: Maybe[bool] = UNSET
    applicant_email_enabled: Maybe[bool] = UNSET


@response
class CheckResult(Response):
    """The result of one check."""

    verified: bool | None = None
    comment: str | None = None
    decline_reasons: list[DeclineReason] | None = None


@response
class VerificationStatuses(Response):
    """Side results that callbacks carry."""

    duplicates: list[Any] | None = None
    ludoman: Any = None
    """Type unknown."""
    agreed_with_tc: Any = None
    """Type unknown."""
    face_match_confidence: float | None = None


@response
class Verification(Response):
    """A verification. Reference: *Verifications / Get a verification*."""

    verification_id: IdText | None = None
    applicant_id: IdText | None = None
    status: VerificationProgress | None = None
    """``completed`` means finished; see `passed`."""
    verified: bool | None = None
    """The verdict; None while it runs."""
    verifications: dict[str, CheckResult] | None = None
    """The result of each check, by its name: profile, document, facial, address, database_screening, and more."""
    form_id: IdText | None = None
    form_token: str | None = None
    verification_attempts_left: int | str | None = None
    """A number, or ``unlimited``; null means unlimited too."""
    verification_statuses: VerificationStatuses | None = None

    @property
    def passed(self) -> bool | None:
        """True or False once it is finished, None before: what ``completed`` does not say."""
        return self.verified if self.status == VerificationProgress.COMPLETED else None

    @property
    def reasons(self) -> list[DeclineReason]:
        """The decline reasons of all checks, each once."""
        checks = (self.verifications or {}).values()
        return list(dict.fromkeys(reason for check in checks for reason in check.decline_reasons or ()))


@response
class VerificationReportRow(Response):
    """A row of the report. It holds personal data."""

    created_at: Annotated[datetime, Shown] | None = None
    """Aware; read as UTC."""
    verification_id: IdText | None = None
    applicant_id: IdText | None = None
    """Empty for SERVICE rows."""
    external_applicant_id: str | None = None
    form_id: str | int | None = None
    """A short number such as 12666; no way from it to the id of a form is known."""
    status: VerificationProgress | None = None
    service: Service | None = None
    method: IdText | None = None
    verification_types: list[str] | None = None
    country_code: IdText | None = None
    decline_reasons: list[DeclineReason] | None = None
    processing_time: float | None = None
    """The reference says seconds; live data behaved as minutes."""
    price: float | None = None
    """The reference says euro cents; live data behaved as euros."""
    mode: Mode | None = None
    name: str | None = None
    dob: date | None = None
    email: str | None = None
    phone: str | None = None
    tax_id_number: str | None = None
    wallet_address: str | None = None
    telegram_username: str | None = None

    @property
    def passed(self) -> bool | None:
        """False when it is finished with decline reasons, True when with an empty list of them, else None.

        Inferred: a row has no verdict, and a person can decline without a reason. What counts is
        `Verification.passed`.
        """
        if self.status != VerificationProgress.COMPLETED or self.service == Service.SERVICE:
            return None
        return None if self.decline_reasons is None else not self.decline_reasons

    @property
    def reasons(self) -> list[DeclineReason]:
        """The decline reasons, each once; empty when there are none, or none are known yet."""
        return list(dict.fromkeys(self.decline_reasons or ()))


@response
class VerificationStatusResult(Response):
    """The outcome as the server took it."""

    verification_id: IdText | None = None
    verification_status: Outcome | None = None
