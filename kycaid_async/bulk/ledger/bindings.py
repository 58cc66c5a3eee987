"""Values of statements, as every database of a ledger can hold them.

Many rows share a transaction. So what cannot be held is found before it is part of one, and costs nobody else.
"""

from typing import Any, Final

from kycaid_async.errors import LedgerError
from kycaid_async.protocol.plain_text import escaped

_MOST: Final = 2**63
"""SQLite and PostgreSQL have numbers of 64 bits."""


def bindable(name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return ``values`` for a statement to the ledger ``name``: texts of which a part cannot be held are escaped.

    Raises `LedgerError` for a number that is too large.
    """
    for value in values:
        if isinstance(value, str):
            if not value.isascii() or "\0" in value:
                return tuple(escaped(one) if isinstance(one, str) else one for one in values)
        elif isinstance(value, int) and not -_MOST <= value < _MOST:
            raise LedgerError(f"{name}: cannot hold a number of more than 64 bits")
    return values
