"""How secrets and personal data look when somebody prints them."""

import re
from typing import Any, Final

MASK: Final = "***"

# What the vendor sends as a code or as the name of a field is shown only in that form: anything else may be personal.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,63}|\*", re.ASCII)


def mask(value: Any) -> str:
    """Return the text that stands for ``value`` in a ``repr``: emptiness shows, content does not."""
    return MASK if value else repr(value)


def code_or_mask(value: str) -> str:
    """Return ``value`` when it has the form of a code or of a field's name, and the mask otherwise."""
    return value if _CODE.fullmatch(value) else MASK


def mask_unless_code(value: str | None) -> str:
    """Return the ``repr`` of ``value`` when it has the form of a code, and what `mask` returns otherwise."""
    return repr(value) if value and _CODE.fullmatch(value) else mask(value)
