"""Faults on demand: what networks, gateways and tired servers do, declared as data and the same in every run."""

from kycaid_async.sandbox.faults.fault import ActiveFault, Fault, FaultKind, Faults

__all__ = ["ActiveFault", "Fault", "FaultKind", "Faults"]
