"""Faults on demand: what networks, gateways and tired servers do, declared as data and the same in every run."""

from kycaid_async.sandbox.faults.control import ActiveFault, Faults
from kycaid_async.sandbox.faults.fault import Fault, FaultKind

__all__ = ["ActiveFault", "Fault", "FaultKind", "Faults"]
