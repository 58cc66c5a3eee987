"""Signed callbacks for tests of a receiver."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from kycaid_async.callbacks import SIGNATURE_HEADER, Event, sign
from kycaid_async.callbacks.parsing import EVENTS
from kycaid_async.masking import mask
from kycaid_async.tracebacks import bordered
from kycaid_async.values.converter import unstructure
from kycaid_async.values.json import dumps
from kycaid_async.values.secret import ApiKey


@attrs.frozen
class SignedCallback:
    """A callback request as KYCAID sends it: POST it to your receiver. It unpacks into ``body, headers``."""

    body: bytes = attrs.field(repr=mask)
    headers: dict[str, str] = attrs.field(repr=False)
    """With the content type and the signature."""

    def __iter__(self) -> Iterator[Any]:
        return iter((self.body, self.headers))


@bordered
def signed_callback(event: Event | Mapping[str, Any], key: str | ApiKey) -> SignedCallback:
    """Return a callback with the content of ``event``, signed with ``key``.

    An event that came from a callback or is a mapping is sent as it is; one that was made by hand is written with all
    its fields, and with the type of its class where it has none. Raises `ConfigurationError` for a key that is none.
    """
    body = dumps(dict(event) if isinstance(event, Mapping) else _content(event))
    return SignedCallback(body, {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, key)})


def _content(event: Event) -> dict[str, Any]:
    if event.raw:
        return event.raw
    names = {cls: name for name, cls in EVENTS.items()}
    content: dict[str, Any] = unstructure(event)
    return content if event.type is not None else content | {"type": names.get(type(event))}
