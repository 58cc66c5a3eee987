"""All endpoints, for what goes over every operation: the sandbox, the docs and the tests."""

from typing import Any, Final

from kycaid_async.api import addresses, applicants, documents, files
from kycaid_async.protocol.endpoint import Endpoint

SECTIONS: Final = (addresses, applicants, documents, files)

ENDPOINTS: Final[dict[str, Endpoint[Any]]] = {e.name: e for section in SECTIONS for e in section.ENDPOINTS}
"""Every endpoint by its name, as in ``documents.create``."""
