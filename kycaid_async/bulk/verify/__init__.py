"""Verifications in bulk: one for each applicant, and none twice, since each costs a fee."""

from kycaid_async.bulk.verify.result import (
    BulkVerification,
    VerifyProgress,
    VerifyResult,
    VerifyStatus,
    VerifySummary,
)
from kycaid_async.bulk.verify.run import BulkVerify, VerifyOptions, VerifyPlan, VerifyRows

__all__ = [
    "BulkVerification",
    "BulkVerify",
    "VerifyOptions",
    "VerifyPlan",
    "VerifyProgress",
    "VerifyResult",
    "VerifyRows",
    "VerifyStatus",
    "VerifySummary",
]
