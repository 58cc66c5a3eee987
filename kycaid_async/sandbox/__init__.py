"""A local KYCAID over real HTTP, for demonstrations and tests. It needs the extra ``sandbox``."""

from kycaid_async.sandbox.courier import Delivery
from kycaid_async.sandbox.faults import Fault, FaultKind, Faults
from kycaid_async.sandbox.server import SANDBOX_KEY, Sandbox

__all__ = ["SANDBOX_KEY", "Delivery", "Fault", "FaultKind", "Faults", "Sandbox"]
