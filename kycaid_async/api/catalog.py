"""All endpoints, for what goes over every operation: the sandbox, the docs and the tests."""

from typing import Any, Final

from kycaid_async.api.sections import SECTIONS, endpoints_of
from kycaid_async.protocol.endpoint import Endpoint

ENDPOINTS: Final[dict[str, Endpoint[Any]]] = {
    endpoint.name: endpoint for section in SECTIONS for endpoint in endpoints_of(section)
}
"""Every endpoint by its name, as in ``documents.create``."""
