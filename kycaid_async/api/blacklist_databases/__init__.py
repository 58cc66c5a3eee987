"""Blacklist databases: paid searches in sanction, PEP and similar lists. Reference: *Blacklist databases*."""

from kycaid_async.api.blacklist_databases.section import (
    ENDPOINTS,
    SEARCH_DOCUMENTS,
    SEARCH_PERSONS,
    SEARCH_PERSONS_V2,
    SEARCH_TAX_IDS,
    BlacklistDatabases,
)

__all__ = [
    "ENDPOINTS",
    "SEARCH_DOCUMENTS",
    "SEARCH_PERSONS",
    "SEARCH_PERSONS_V2",
    "SEARCH_TAX_IDS",
    "BlacklistDatabases",
]
