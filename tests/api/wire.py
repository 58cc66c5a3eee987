"""How bodies look on the wire."""

import json
from typing import Any


def compact(value: Any) -> bytes:
    """Return ``value`` byte for byte as the SDK has to send it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: entry for key, entry in value.items() if key not in keys}
