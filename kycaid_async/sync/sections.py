"""The sections of the blocking client: each method is the asynchronous one, carried out on the loop.

They are derived from the asynchronous sections on first access, but for `Files`, which also takes plain iterators. Type
checkers and editors read ``sections.pyi``, which ``python -m tests.derived`` writes.
"""

import functools
import inspect
import types
from typing import TYPE_CHECKING, Any, cast

from kycaid_async.api import files
from kycaid_async.api.sections import SECTIONS, class_name, class_of
from kycaid_async.sync.blocking import Blocking, BlockingSource, blocking, documented_as
from kycaid_async.sync.loop_thread import loop_thread
from kycaid_async.tracebacks import border

if TYPE_CHECKING:
    from kycaid_async.api.section import Section


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
        return own.setdefault(self._name, section)


class Files(Blocking):
    """The images, PDFs and videos that documents refer to. Reference: *Files*.

    A source can also be a function that returns a new plain iterator of bytes at each call. Both run in the calling
    thread.
    """

    @documented_as(files.Files.create)
    def create(
        self,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> str:
        with border:
            call = self._handle.new_call()
            wrapped, options = call.wrap_source(source), {"filename": filename, "content_type": content_type}
            call.of(type(self._target).create, self._target, wrapped, **options, size=size)
            del source, wrapped, filename, options
            return cast("str", call.run())

    @documented_as(files.Files.replace)
    def replace(
        self,
        file_id: str,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> str:
        with border:
            call = self._handle.new_call()
            wrapped, options = call.wrap_source(source), {"filename": filename, "content_type": content_type}
            call.of(type(self._target).replace, self._target, file_id, wrapped, **options, size=size)
            del source, wrapped, filename, options
            return cast("str", call.run())

    get = blocking(files.Files.get)
    delete = blocking(files.Files.delete)


class Sections(Blocking):
    """Base class of the client: its sections."""


for _name in ("bulk", *SECTIONS):
    setattr(Sections, _name, _SectionProperty(_name))


def twin_of(section: str) -> type[Blocking]:
    """Return the blocking class of a section, as in ``documents``."""
    if section == "bulk":
        from kycaid_async.sync.bulk import Bulk

        return Bulk
    return Files if section == "files" else _derive(class_of(section))


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
