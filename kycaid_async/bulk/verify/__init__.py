"""Verifications in bulk: one for each applicant, and none twice, since each costs a fee."""

from kycaid_async.bulk.verify.result import (
    VerifyProgress,
    VerifyResult,
    VerifyStatus,
    VerifySummary,
)
from kycaid_async.bulk.verify.rows import VerifyRow, VerifyRows, rows_of
from kycaid_async.bulk.verify.run import BulkVerify, VerifyOptions, VerifyPlan

__all__ = [
    "BulkVerify",
    "VerifyOptions",
    "VerifyPlan",
    "VerifyProgress",
    "VerifyResult",
    "VerifyRow",
    "VerifyRows",
    "VerifyStatus",
    "VerifySummary",
    "rows_of",
]
