"""Ids in the service's form: 36 hexadecimal characters."""

import hashlib
import secrets

from kycaid_async.values.fields import ID_LENGTH


def new_id() -> str:
    """Return an id that nothing has yet."""
    return secrets.token_hex(ID_LENGTH // 2)


def fixed_id(name: str) -> str:
    """Return the id that always belongs to this name."""
    return hashlib.sha256(name.encode()).hexdigest()[:ID_LENGTH]
