"""What paid services have in common: each use is a row of the report."""

from typing import Final

from kycaid_async.sandbox.call import Call

PRICES: Final = {
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
"""Euros per use of a service by the name that stands in the report. Names and prices are invented."""
_OTHER: Final = 0.5


def charge(call: Call, method: str) -> None:
    """Note that a service was used."""
    call.rows.insert("services", method=method, price=PRICES.get(method, _OTHER), created_at=call.now)
