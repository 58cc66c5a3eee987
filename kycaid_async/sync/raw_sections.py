"""The sections of ``client.with_raw_response`` of the blocking client, derived from the asynchronous ones.

Type checkers and editors read ``api/signatures.pyi``.
"""

import functools
import types
from typing import Any

from kycaid_async.api import raw_sections
from kycaid_async.api.sections import SECTIONS
from kycaid_async.api.signatures import BlockingRawSignatures
from kycaid_async.sync.blocking import Blocking, blocking
from kycaid_async.sync.files import Files
from kycaid_async.sync.loop_thread import loop_thread


class _RawSectionProperty:
    """A descriptor that creates a section."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, sections: Blocking | None, owner: type) -> Any:
        if sections is None:
            return self
        own = vars(sections)
        with loop_thread.holding_up_forks():  # a child could never import what was half imported
            return twin_of(self._name)(own["_handle"], getattr(own["_target"], self._name))


class RawSections(Blocking, BlockingRawSignatures, of=raw_sections.RawSections):
    """Replaced by that of the asynchronous class."""


# Set here, so that type checkers read its signature where those of the sections stand.
_attributes: dict[str, Any] = {name: _RawSectionProperty(name) for name in SECTIONS}
_attributes["request"] = blocking(raw_sections.RawSections.request)
for _name, _value in _attributes.items():
    setattr(RawSections, _name, _value)


@functools.cache
def twin_of(section: str) -> type[Blocking]:
    """Return the blocking class of a raw section, as in ``documents``."""
    cls = raw_sections.raw_class_of(section)
    base = Files if section == "files" else Blocking
    own = [name for name in raw_sections.operations_of(section) if not (base is Files and name in _WITH_SOURCES)]
    body: dict[str, Any] = {name: blocking(vars(cls)[name]) for name in own}
    body |= {"__module__": __name__, "__doc__": cls.__doc__}
    return types.new_class(cls.__name__, (base,), {}, lambda namespace: namespace.update(body))


_WITH_SOURCES = ("create", "replace")
"""Methods of `Files` that take plain iterators, and call whatever section is their target."""
