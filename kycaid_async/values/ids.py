"""Ids, and the mark of fields that may be printed. Apart from the limits of requests, which answers do without."""

from typing import Annotated


class Shown:
    """Marks a text field whose content is not personal: it stands in the ``repr``. All others are masked."""


ID_LENGTH = 36

IdText = Annotated[str, Shown]
"""An id, a code or a label in an answer."""
