"""The API key, and what is made of it, which never show."""

from typing import Final, final

from kycaid_async.masking import MASK


class HiddenText(str):
    """Text that prints as ``***`` and is itself in all other ways: what a library holds as a header, say."""

    __slots__ = ()

    def __repr__(self) -> str:
        return MASK


@final
class ApiKey:
    """An API key that prints as ``***``. `reveal` is the only way to its text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text: Final = text

    def reveal(self) -> str:
        """Return the key itself."""
        return self._text

    def __repr__(self) -> str:
        return f"ApiKey({MASK!r})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ApiKey):
            return NotImplemented
        import hmac  # keys are hardly ever compared

        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type["ApiKey"], tuple[str]]:
        return ApiKey, (self._text,)
