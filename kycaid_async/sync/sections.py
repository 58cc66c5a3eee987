"""The sections of the blocking client: each method is the asynchronous one, carried out on the loop.

They are derived from the asynchronous sections on first access, but for `Files`, which also takes plain iterators. Type
checkers and editors read ``api/signatures.pyi``.
"""

import functools
import inspect
import types
from typing import TYPE_CHECKING, Any

from kycaid_async.api.sections import SECTIONS, class_name, class_of, endpoints_of
from kycaid_async.api.signatures import BlockingSignatures
from kycaid_async.sync.blocking import Blocking, blocking
from kycaid_async.sync.loop_thread import loop_thread

if TYPE_CHECKING:
    from kycaid_async.api.section import Section
    from kycaid_async.sync.bulk import Bulk


class _SectionProperty:
    """A descriptor that creates a section on first access."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, client: Blocking | None, owner: type) -> Any:
        if client is None:
            return self
        own = vars(client)
        with loop_thread.holding_up_forks():  # a child could never import what was half imported
            section = twin_of(self._name)(own["_handle"], getattr(own["_target"], self._name))
            if self._name != "bulk":
                _import_requests(self._name)
        return own.setdefault(self._name, section)


class Sections(Blocking, BlockingSignatures):
    """Base class of the client: its sections."""

    bulk: "Bulk"


for _name in ("bulk", *SECTIONS):
    setattr(Sections, _name, _SectionProperty(_name))


def twin_of(section: str) -> type[Blocking]:
    """Return the blocking class of a section, as in ``documents``."""
    if section == "bulk":
        from kycaid_async.sync.bulk import Bulk

        return Bulk
    if section == "files":
        from kycaid_async.sync.files import Files

        return Files
    return _derive(class_of(section))  # type: ignore[arg-type]  # mypy asks whether its instances can be hashed


def _import_requests(section: str) -> None:
    """Import the models that a section sends: those that it imports with its first call would come in the loop."""
    for endpoint in endpoints_of(section):
        _ = endpoint.accepts


@functools.cache
def _derive(section: "type[Section]") -> type[Blocking]:
    public = {name: value for name, value in vars(section).items() if inspect.isfunction(value) and name[0] != "_"}
    twins: dict[str, Any] = {name: blocking(method) for name, method in public.items()}
    # Not `type(…, of=section)`: programs compiled with Nuitka take no keywords there.
    body = {"__module__": __name__, **twins}
    return types.new_class(section.__name__, (Blocking,), {"of": section}, lambda namespace: namespace.update(body))


def __getattr__(name: str) -> type[Blocking]:
    """Return a section's class by its name, as in ``Documents``."""
    for section in SECTIONS:
        if class_name(section) == name:
            return twin_of(section)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
