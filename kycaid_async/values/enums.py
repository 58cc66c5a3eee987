"""Enums that keep what they do not know."""

import enum
from typing import TYPE_CHECKING, Any, Self

from kycaid_async.masking import value_or_mask
from kycaid_async.tracebacks import lay_bare
from kycaid_async.values.mismatch import kind

if TYPE_CHECKING:
    _OpenEnumType = enum.EnumType
else:

    class _OpenEnumType(enum.EnumType):
        """Lets no value stand in the frames of Python's own module when there is no member for it."""

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().__call__(*args, **kwargs)
            except BaseException as error:
                lay_bare(error)
                raise


class OpenEnum(enum.StrEnum, metaclass=_OpenEnumType):
    """Text with a list of known values that grows on the server's side.

    A value outside the list becomes a member that is not in the list: it equals its raw text, keeps it through
    copies, pickles and JSON, and says so through `is_known`.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            raise not_a_word(cls, value)
        return cls._unknown(value, value)

    @classmethod
    def _unknown(cls, text: str, value: object) -> Self:
        member = str.__new__(cls, text)
        member._name_ = text
        member._value_ = value  # type: ignore[assignment]  # an unknown decline reason may be a bare number
        return member

    @property
    def is_known(self) -> bool:
        """True when the value is in this version's list."""
        return self._name_ in type(self).__members__ and type(self).__members__[self._name_] is self

    @property
    def may_be_sent(self) -> bool:
        """True when it is not held back as a misspelling."""
        return self.is_known

    def __repr__(self) -> str:
        if self.is_known:
            return f"<{type(self).__name__} {str(self)!r}>"
        # What is not in the list can be any text, also that of a person.
        return f"<{type(self).__name__} {value_or_mask(str(self))} (unknown)>"


def not_a_word(cls: type, value: object) -> ValueError:
    """Return what is raised for ``value``. What Python raises of its own accord shows it."""
    return ValueError(f"{cls.__name__}: expected text, got {kind(value)}")
