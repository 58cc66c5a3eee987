"""Answers of asynchronous services."""

from kycaid_async.values.fields import IdText
from kycaid_async.values.model import Response, response


@response
class ServiceRequest(Response):
    """A service that was asked. Its result comes as a SERVICE_RESULT callback."""

    service_request_id: IdText | None = None
    """The callback carries the same id."""
