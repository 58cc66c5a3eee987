"""The money of the account. Prices are invented; as in live data, the API gives them in euros."""

from typing import Final

from kycaid_async.api.applicants import ApplicantType
from kycaid_async.api.verifications.fields import Service
from kycaid_async.sandbox.http.refusals import insufficient_funds
from kycaid_async.sandbox.storage.database import Row, Transaction

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
MOST: Final = 1_000_000_000_000
"""More euros an account cannot hold."""
_OTHER: Final = 0.5
_ID: Final = "balance"


def is_balance(euros: float | None) -> bool:
    """Say whether an account can hold this; None is an account without end."""
    return euros is None or 0 <= euros <= MOST


def open_account(rows: Transaction, euros: float | None) -> None:
    """Give the account its first balance, unless it has had one."""
    if not rows.rows("SELECT 1 FROM account"):
        rows.insert("account", id=_ID, cents=_cents(euros))


def balance(rows: Transaction) -> float | None:
    """Return the euros that are left; None for an account without end."""
    cents = _left(rows)
    return None if cents is None else cents / 100


def set_balance(rows: Transaction, euros: float | None) -> None:
    """Set the euros that are left."""
    rows.change("account", _ID, cents=_cents(euros))


def book(rows: Transaction, service: str) -> int:
    """Take the fee for a service and return it in cents. Refuses with 402 when the balance is too low."""
    left, fee = _left(rows), round(100 * PRICES.get(service, _OTHER))
    if left is None:
        return fee
    if left < fee:
        raise insufficient_funds()
    rows.change("account", _ID, cents=left - fee)
    return fee


def service_of(applicant: Row | None) -> Service:
    """Return what the verification of an applicant is called in the report."""
    return Service.KYB if applicant and applicant["type"] == ApplicantType.COMPANY else Service.KYC


def _left(rows: Transaction) -> int | None:
    cents: int | None = rows.rows("SELECT cents FROM account")[0]["cents"]
    return cents


def _cents(euros: float | None) -> int | None:
    return None if euros is None else round(100 * euros)
