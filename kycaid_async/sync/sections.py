"""The sections of the blocking client: each method is the asynchronous one, carried out on the loop.

They are made from the asynchronous sections when they are first asked for. What type checkers and editors read is
``sections.pyi``, which ``python -m tests.stubs`` writes.
"""

import functools
import inspect
from typing import TYPE_CHECKING, Any

from kycaid_async.api.sections import SECTIONS, class_name, class_of
from kycaid_async.sync.blocking import Blocking, blocking

if TYPE_CHECKING:
    from kycaid_async.api.section import Section


class _Attribute:
    """Makes a section when it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, client: Blocking | None, owner: type) -> Any:
        if client is None:
            return self
        own = vars(client)
        return own.setdefault(self._name, twin_of(self._name)(own["_link"], getattr(own["_target"], self._name)))


class Sections(Blocking):
    """Base of the client: its sections."""


for _name in SECTIONS:
    setattr(Sections, _name, _Attribute(_name))


def twin_of(section: str) -> type[Blocking]:
    """Return the blocking class of a section, as in ``documents``."""
    if section == "files":
        from kycaid_async.sync.files import Files

        return Files
    return _made_from(class_of(section))


@functools.cache
def _made_from(section: "type[Section]") -> type[Blocking]:
    public = {name: value for name, value in vars(section).items() if inspect.isfunction(value) and name[0] != "_"}
    twins: dict[str, Any] = {name: blocking(method) for name, method in public.items()}
    return type(section.__name__, (Blocking,), {"__module__": __name__, **twins}, of=section)


def __getattr__(name: str) -> type[Blocking]:
    """Return a section's class by its name, as in ``Documents``."""
    for section in SECTIONS:
        if class_name(section) == name:
            return twin_of(section)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
