"""Proof of delivery: what the server has of the rows that were uploaded. It writes nothing, there or in the ledger."""

from kycaid_async.bulk.audit.result import AuditResult, AuditStatus, AuditSummary
from kycaid_async.bulk.audit.run import AuditOptions, AuditPlan, AuditRows, BulkAudit

__all__ = ["AuditOptions", "AuditPlan", "AuditResult", "AuditRows", "AuditStatus", "AuditSummary", "BulkAudit"]
