"""A local KYCAID over real HTTP, for demonstrations and tests. It needs the extra ``sandbox``."""

import kycaid_async.transport.aiohttp  # noqa: F401 - before all that imports aiohttp, it says so when that fails
from kycaid_async.sandbox.data.account import FormSwitches
from kycaid_async.sandbox.events.feed import (
    Delivery,
    DeliveryChanged,
    Event,
    Missed,
    RequestServed,
    StateChanged,
    Watch,
)
from kycaid_async.sandbox.faults import ActiveFault, Fault, FaultKind, Faults
from kycaid_async.sandbox.http.listening import SANDBOX_KEY
from kycaid_async.sandbox.overview import ApplicantRow, DocumentRow, FileRow, VerificationRow
from kycaid_async.sandbox.rules.rules import RULES, Case, Look, Rule
from kycaid_async.sandbox.server import Sandbox

__all__ = [
    "RULES",
    "SANDBOX_KEY",
    "ActiveFault",
    "ApplicantRow",
    "Case",
    "Delivery",
    "DeliveryChanged",
    "DocumentRow",
    "Event",
    "Fault",
    "FaultKind",
    "Faults",
    "FileRow",
    "FormSwitches",
    "Look",
    "Missed",
    "RequestServed",
    "Rule",
    "Sandbox",
    "StateChanged",
    "VerificationRow",
    "Watch",
]
