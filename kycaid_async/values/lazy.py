"""Attributes that are made when first asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # What pyright takes for an attribute that fits a protocol; it does not see through other descriptors there.
    from builtins import property as cached_property
else:

    class cached_property:  # noqa: N801 - it stands in for the one of functools
        """The one of functools without its lock, which Python 3.11 still has.

        One lock per class is held while the value is made; when another thread forks meanwhile, the child finds it
        locked for ever. Two threads at once may both make a value here: one of them is kept.
        """

        def __init__(self, function: Callable[[Any], Any]) -> None:
            self._function = function
            self.__doc__ = function.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: object | None, owner: type) -> Any:
            if instance is None:
                return self
            return vars(instance).setdefault(self._name, self._function(instance))


__all__ = ["cached_property"]
