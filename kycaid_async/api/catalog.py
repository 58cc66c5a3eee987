"""All endpoints, for what goes over every operation: the sandbox, the docs and the tests."""

import importlib
from typing import Any, Final

from kycaid_async.api.sections import SECTIONS
from kycaid_async.protocol.endpoint import Endpoint

ENDPOINTS: Final[dict[str, Endpoint[Any]]] = {
    endpoint.name: endpoint
    for section in SECTIONS
    for endpoint in importlib.import_module(f"kycaid_async.api.{section}").ENDPOINTS
}
"""Every endpoint by its name, as in ``documents.create``."""
