"""The interface through which a section calls its endpoints."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.values.model import Request

T = TypeVar("T")


class Caller(Protocol):
    """Calls an endpoint and returns its decoded answer, or raises a `KycaidError`."""

    def __call__(
        self,
        endpoint: Endpoint[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Request | Mapping[str, Any] | Sequence[Any] | None = None,
        upload: Any = None,
    ) -> Awaitable[T]: ...
