"""Many documents on many machines, with Dask, one ledger and one pace. It needs the extra ``cluster``."""

from kycaid_async.cluster.dask_engine import DaskEngine

__all__ = ["DaskEngine"]
