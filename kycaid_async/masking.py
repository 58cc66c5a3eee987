"""How secrets and personal data look when somebody prints them."""

from typing import Any, Final

MASK: Final = "***"


def mask(value: Any) -> str:
    """Return the text that stands for ``value`` in a ``repr``: emptiness shows, content does not."""
    return MASK if value else repr(value)
