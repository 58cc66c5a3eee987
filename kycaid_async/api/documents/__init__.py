"""Documents: records that point to uploaded files. Reference: *Documents*."""

from kycaid_async.api.documents.section import CREATE, DELETE, ENDPOINTS, GET, UPDATE, Documents

__all__ = ["CREATE", "DELETE", "ENDPOINTS", "GET", "UPDATE", "Documents"]
