"""Verifications in bulk: one for each applicant, and none twice, since each costs a fee."""

from kycaid_async.bulk.verify.result import (
    VerifyProgress,
    VerifyResult,
    VerifyStatus,
    VerifySummary,
)
from kycaid_async.bulk.verify.run import BulkVerify, VerifyOptions, VerifyPlan, VerifyRows, rows_of

__all__ = [
    "BulkVerify",
    "VerifyOptions",
    "VerifyPlan",
    "VerifyProgress",
    "VerifyResult",
    "VerifyRows",
    "VerifyStatus",
    "VerifySummary",
    "rows_of",
]
