"""Texts of answers that files and databases can hold. JSON can carry others: half of a surrogate pair, and NUL."""

from typing import Any, TypeGuard


def is_plain(text: Any) -> TypeGuard[str]:
    """Say whether it is text, not empty, of Unicode, and without NUL, which PostgreSQL refuses."""
    return isinstance(text, str) and text != "" and text == escaped(text)


def escaped(text: str) -> str:
    """Return ``text`` with what is no Unicode, and NUL, written as Python writes it in a literal."""
    if not text.isascii():
        text = text.encode(errors="backslashreplace").decode()
    return text.replace("\0", "\\x00")
