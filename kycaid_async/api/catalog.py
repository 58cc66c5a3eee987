"""All endpoints, for what goes over every operation: the sandbox, the docs and the tests."""

from typing import Any, Final

from kycaid_async.api import (
    addresses,
    affiliated_persons,
    applicants,
    blacklist_databases,
    business_activities,
    countries,
    crypto,
    documents,
    files,
    forms,
    languages,
    non_doc_verifications,
    phone_numbers,
    qes,
    risk_checks,
    verifications,
)
from kycaid_async.protocol.endpoint import Endpoint

SECTIONS: Final = (
    addresses,
    affiliated_persons,
    applicants,
    blacklist_databases,
    business_activities,
    countries,
    crypto,
    documents,
    files,
    forms,
    languages,
    non_doc_verifications,
    phone_numbers,
    qes,
    risk_checks,
    verifications,
)

ENDPOINTS: Final[dict[str, Endpoint[Any]]] = {e.name: e for section in SECTIONS for e in section.ENDPOINTS}
"""Every endpoint by its name, as in ``documents.create``."""
