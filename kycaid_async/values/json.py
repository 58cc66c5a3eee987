"""JSON as it goes over the wire."""

import json
from typing import Any

# Made once: `json.dumps` with options makes an encoder for each call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def dumps(value: Any) -> bytes:
    """Return ``value`` as compact UTF-8 JSON. NaN and infinity are refused with ``ValueError``."""
    return _encode(value).encode()


def loads(body: bytes) -> Any:
    """Return the JSON value in ``body``. Raises ``ValueError``."""
    return json.loads(body)
