"""Verifications: billed runs of checks, and their results. Reference: *Verifications*."""

from kycaid_async.api.verifications.section import CREATE, ENDPOINTS, GET, REPORT, UPDATE_STATUS, Verifications

__all__ = ["CREATE", "ENDPOINTS", "GET", "REPORT", "UPDATE_STATUS", "Verifications"]
