"""A value that is not of the type its field takes."""

from typing import Any


class Mismatch(TypeError):  # noqa: N818 - a judgement on a value, caught where values are read
    """Says what was expected and which type was found; it never holds the value itself."""

    def __init__(self, expected: str, found: Any) -> None:
        super().__init__(f"expected {expected}, got {kind(found)}")
        self.expected = expected


def kind(value: Any) -> str:
    """Return the JSON word for the type of ``value``."""
    if value is None:
        return "null"
    words = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return words.get(type(value), f"a {type(value).__name__}")
