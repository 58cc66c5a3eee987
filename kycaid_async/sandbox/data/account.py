"""The account of a sandbox: its forms and its prices. All are invented."""

from datetime import timedelta
from typing import Final

import attrs

from kycaid_async.api.applicants import ApplicantType
from kycaid_async.api.verifications.fields import Service
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.data.ids import fixed_id

FORM_PATH: Final = "/forms/{token}"
"""The page of a form, below the sandbox's URL."""
FORM_LIFETIME: Final = timedelta(days=30)
"""After it a URL that nobody used is of no use any more. The real service's is not known."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FormSwitches(ValueObject):
    """The settings of a form that its owner can change. That the real ones begin with these values is not known."""

    applicant_in_callback: bool = True
    """Whether VERIFICATION_COMPLETED holds the applicant."""
    status_callback: bool = True
    """Whether VERIFICATION_STATUS_CHANGED is sent."""
    test_mode: bool = False
    """Whether its verifications are free."""


@attrs.frozen(eq=False, repr=False)
class HostedForm(ValueObject):
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
PRICES: Final = {
    Service.KYC.value: 1.0,
    Service.KYB.value: 10.0,
    "BDB_PERSONS": 0.25,
    "BDB_DOCUMENTS": 0.1,
    "BDB_TAX_IDS": 0.1,
    "CRYPTO_ADDRESS_CHECK": 0.5,
    "CRYPTO_TRANSACTION_CHECK": 0.5,
    "US_EIDV": 0.8,
    "NG_NIN": 0.3,
    "PHONE_NUMBER_VERIFICATION": 0.05,
    "QES": 0.4,
    "TRANSACTION_SCREENING": 0.02,
    "ADVERSE_MEDIA_CHECK": 0.6,
}
"""Euros per verification of a person (KYC) or a company (KYB), and per use of a service by its name in the report."""
MAX_BALANCE: Final = 1_000_000_000_000
"""More euros an account cannot hold."""
_OTHER: Final = 0.5


def is_balance(euros: float | None) -> bool:
    """Say whether an account can hold this; None is an account that never runs out."""
    return euros is None or 0 <= euros <= MAX_BALANCE


def cents_for(service: str) -> int:
    """Return the fee for a verification or a use of a service. As in live data, it is in euros, here in cents."""
    return round(100 * PRICES.get(service, _OTHER))


def service_of(applicant_type: str | None) -> Service:
    """Return how the report names the verification of an applicant."""
    return Service.KYB if applicant_type == ApplicantType.COMPANY else Service.KYC
