"""Verdicts: what came of the verifications of a ledger, an applicant at a time, with all reasons."""

from kycaid_async.bulk.results.run import BulkResults, ResultsOptions, ResultsPlan, ResultsRows
from kycaid_async.bulk.results.verdict import BulkVerdict, CheckVerdict, DocumentVerdict, ResultsSummary, Verdict

__all__ = [
    "BulkResults",
    "BulkVerdict",
    "CheckVerdict",
    "DocumentVerdict",
    "ResultsOptions",
    "ResultsPlan",
    "ResultsRows",
    "ResultsSummary",
    "Verdict",
]
