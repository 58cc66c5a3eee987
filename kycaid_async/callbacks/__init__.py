"""Callbacks: signed HTTP requests from KYCAID about verifications and services. Reference: *Callbacks*.

::

    event = construct_event(body, headers.get(SIGNATURE_HEADER), API_KEY)
    match event:
        case VerificationCompleted(verified=True):
            ...

Answer 200, or the callback is sent again. Callbacks arrive more than once (`Deduplicator`), out of order, and with a
signature that never expires: `confirm` asks the server before you act, `confirm_blocking` does with a `Kycaid`.
Stores that several processes share are in `kycaid_async.callbacks.redis` and `kycaid_async.callbacks.sqlalchemy`.
Adapters for web frameworks are in `kycaid_async.web`.
"""

from kycaid_async.callbacks.confirmation import Confirmation, confirm, confirm_blocking
from kycaid_async.callbacks.deduplication import Deduplicator
from kycaid_async.callbacks.events import (
    CallbackType,
    Counterparty,
    CryptoRiskResult,
    DatabaseScreening,
    Event,
    ServiceRequestStatus,
    ServiceRequestType,
    ServiceResult,
    UnknownEvent,
    VerificationCompleted,
    VerificationStatusChanged,
)
from kycaid_async.callbacks.parsing import construct_event, parse
from kycaid_async.callbacks.signature import MAX_BODY, SIGNATURE_HEADER, Keys, sign, verify
from kycaid_async.callbacks.stores import MemorySeenStore, SeenStore, SharedSeenStore
from kycaid_async.errors import BodyTooLargeError, InvalidSignatureError, RawBodyRequiredError

__all__ = [
    "MAX_BODY",
    "SIGNATURE_HEADER",
    "BodyTooLargeError",
    "CallbackType",
    "Confirmation",
    "Counterparty",
    "CryptoRiskResult",
    "DatabaseScreening",
    "Deduplicator",
    "Event",
    "InvalidSignatureError",
    "Keys",
    "MemorySeenStore",
    "RawBodyRequiredError",
    "SeenStore",
    "ServiceRequestStatus",
    "ServiceRequestType",
    "ServiceResult",
    "SharedSeenStore",
    "UnknownEvent",
    "VerificationCompleted",
    "VerificationStatusChanged",
    "confirm",
    "confirm_blocking",
    "construct_event",
    "parse",
    "sign",
    "verify",
]
