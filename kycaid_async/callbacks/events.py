"""Events, the content of callbacks. Reference: *Callbacks*.

Every key may be missing or null. Keys and values unknown to this version stay in ``raw`` and ``extra``.
"""

import hashlib
from datetime import UTC, date, datetime
from typing import Annotated, Any

from kycaid_async.api.applicants import AnyApplicant
from kycaid_async.api.blacklist_databases.fields import BlacklistType
from kycaid_async.api.verifications.fields import VerificationProgress
from kycaid_async.api.verifications.models import CheckResult, VerificationStatuses
from kycaid_async.tracebacks import guarded
from kycaid_async.values.converter import unstructure
from kycaid_async.values.enums import OpenEnum
from kycaid_async.values.fields import IdText, Shown
from kycaid_async.values.json import dumps
from kycaid_async.values.model import Response, response


class CallbackType(OpenEnum):
    """The subject of a callback."""

    VERIFICATION_COMPLETED = "VERIFICATION_COMPLETED"
    VERIFICATION_STATUS_CHANGED = "VERIFICATION_STATUS_CHANGED"
    DATABASE_SCREENING = "DATABASE_SCREENING"
    SERVICE_RESULT = "SERVICE_RESULT"


class ServiceRequestType(OpenEnum):
    """The service of a result."""

    CRYPTO_ADDRESS_CHECK = "CRYPTO_ADDRESS_CHECK"
    CRYPTO_TRANSACTION_CHECK = "CRYPTO_TRANSACTION_CHECK"


class ServiceRequestStatus(OpenEnum):
    """The outcome of a service."""

    SUCCESS = "success"
    ERROR = "error"


@guarded
class _Hashed(Response):
    """Base class that keeps the hash of the raw body, outside of the fields so that no key of the server can clash."""

    __slots__ = ("_digest",)

    _digest: str

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_digest": self._body_hash()}

    def _body_hash(self) -> str:
        # An event that was created by hand has no body; its class and content stand in for it.
        content = [type(self).__name__, unstructure(self)]
        return getattr(self, "_digest", None) or hashlib.sha256(dumps(content)).hexdigest()


@response
class Event(_Hashed):
    """Any callback. ``raw`` is the whole message; it is personal data."""

    type: CallbackType | None = None
    request_id: IdText | None = None
    """Unique per callback, says the reference; a ``DATABASE_SCREENING`` was seen without one."""

    @property
    def identity(self) -> str:
        """The identity for deduplication: the SHA-256 of the raw body, 64 hex characters.

        It covers type, ids and result, so that two different bodies are never taken for one event, also where they
        share an id. That a repetition has the same bytes is not documented: one that has not is another event.
        """
        return self._body_hash()


@response
class VerificationCompleted(Event):
    """A verification got its result. Reference: *Callbacks / Verification completed*.

    ``completed`` means finished; whether it passed is in ``verified``.
    """

    verification_id: IdText | None = None
    applicant_id: IdText | None = None
    form_id: IdText | None = None
    form_token: str | None = None
    status: VerificationProgress | None = None
    verified: bool | None = None
    """The verdict."""
    verifications: dict[str, CheckResult] | None = None
    """The result of each check: profile, document, facial, address, database_screening, questionnaire, pep, more."""
    verification_statuses: VerificationStatuses | None = None
    """Observed."""
    verification_attempts_left: int | str | None = None
    """A number, or ``unlimited``; null means unlimited too. Observed."""
    applicant: AnyApplicant | None = None
    """The whole applicant, as in ``applicants.get``. Observed; it may be missing, then fetch it."""
    comment: str | None = None
    """Observed."""
    external_applicant_id: str | None = None
    """Your own id of the user, at the top level or inside ``applicant``. Observed: handlers find their user by it."""

    def __attrs_post_init__(self) -> None:
        if self.external_applicant_id is None and self.applicant is not None:
            self.external_applicant_id = self.applicant.external_applicant_id


@response
class VerificationStatusChanged(Event):
    """A user submitted a form. Reference: *Callbacks / Verification status changed*.

    It must be switched on for each form in the Dashboard.
    """

    verification_status: VerificationProgress | None = None
    """``pending`` in practice."""
    applicant_id: IdText | None = None
    external_applicant_id: str | None = None
    """Your own id of the user; may be empty."""
    form_id: IdText | None = None
    form_token: str | None = None
    verification_id: IdText | None = None
    verification_attempts_left: int | str | None = None
    """A number, or ``unlimited``; null means unlimited too."""


@response
class DatabaseScreening(Event):
    """Continuous monitoring found the person on a list. Observed: its known sample has no ``request_id``."""

    applicant_id: IdText | None = None
    external_applicant_id: str | None = None
    verification_id: IdText | None = None
    document_id: IdText | None = None
    bdb_types: list[BlacklistType] | None = None
    """The kinds of databases; read from ``list_types`` where the server uses the older name, and from small letters."""
    list_types: list[BlacklistType] | None = None
    """The older name of ``bdb_types``."""
    databases: list[str] | None = None
    """For example ``US_OFAC`` or ``INTERPOL``."""
    accuracy: float | None = None
    full_name: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    dob: date | None = None
    residence_country: str | None = None
    gender: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.bdb_types is None:
            self.bdb_types = self.list_types
        if self.bdb_types is not None:
            self.bdb_types = [_in_capitals(kind) for kind in self.bdb_types]


def _in_capitals(kind: BlacklistType) -> BlacklistType:
    """Return the known kind that is meant by small letters; one that is not known stays as it is."""
    known = BlacklistType(kind.upper())
    return known if known.is_known else kind


@response
class Counterparty(Response):
    """The other side of a transaction."""

    address: str | None = None


@response
class CryptoRiskResult(Response):
    """The findings of a crypto check. Observed."""

    risk_score: float | None = None
    """0 to 1; read from ``riskscore`` where the server uses that spelling."""
    riskscore: float | None = None
    """The spelling of the vendor's field table."""
    signals: dict[str, float] | None = None
    """A share of 0 to 1 for each signal, such as ``mixer`` or ``sanctions``."""
    updated_at: int | None = None
    """Unix seconds; see `updated`."""
    address: str | None = None
    asset: IdText | None = None
    network: IdText | None = None
    uid: str | None = None
    memo: str | None = None
    status: IdText | None = None
    timestamp: Annotated[datetime, Shown] | None = None
    """Aware; read as UTC."""
    fiat_code_effective: IdText | None = None
    counterparty: Counterparty | None = None
    black_lists_connections: bool | None = None
    has_black_list_flag: bool | None = None
    pdf_report: str | None = None
    """URL."""

    def __attrs_post_init__(self) -> None:
        if self.risk_score is None:
            self.risk_score = self.riskscore

    @property
    def updated(self) -> datetime | None:
        """``updated_at`` as an aware time in UTC; None when there is none, or when it is no time."""
        try:
            return None if self.updated_at is None else datetime.fromtimestamp(self.updated_at, UTC)
        except (ValueError, OverflowError, OSError):
            return None


@response
class ServiceResult(Event):
    """The result of a service that takes its time. Observed for the two crypto checks, inferred for others."""

    service_request_id: IdText | None = None
    service_request_type: ServiceRequestType | None = None
    service_request_status: ServiceRequestStatus | None = None
    result: CryptoRiskResult | str | None = None
    """An object for the crypto checks; text was seen too. Anything else is in ``extra``."""
    errors: list[Any] | None = None
    """As the server sent them; their form is not known. They may hold personal data."""


@response
class UnknownEvent(Event):
    """A callback of a type that this version does not know, or without one: answer it with 200, and see ``raw``."""
