"""The sections of ``client.with_raw_response``: each operation returns a `RawResponse`.

They are derived from the sections on first access. Type checkers and editors read ``signatures.pyi``.
"""

import functools
import inspect
import types
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.api.raw_response import RawResponse, RecordedCall
from kycaid_async.api.section import Section
from kycaid_async.api.sections import SECTIONS, class_of
from kycaid_async.api.signatures import RawSignatures
from kycaid_async.protocol.endpoint import Replay
from kycaid_async.protocol.request import undeclared_endpoint
from kycaid_async.tracebacks import border

Method = Callable[..., Coroutine[Any, Any, Any]]


class RawSection:
    """Base of the derived sections."""

    def __init__(self, record: Callable[[], RecordedCall]) -> None:
        self._record = record


class _RawSectionProperty:
    """A descriptor that creates a section."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, sections: "RawSections | None", owner: type) -> Any:
        if sections is None:
            return self
        section: RawSection = raw_class_of(self._name)(sections._record)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # its other half
        return section


class RawSections(RawSignatures):
    """The sections of a client whose operations return a `RawResponse`: ``client.with_raw_response``.

    Methods that make several calls, such as ``verifications.wait``, are not among them.
    """

    def __init__(self, record: Callable[[], RecordedCall]) -> None:
        self._record = record

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | Sequence[Any] | None = None,
        query: Mapping[str, Any] | None = None,
        replay: Replay | str | None = None,
    ) -> RawResponse[Any]:
        """Do as `AsyncKycaid.request` does."""
        with border:
            recorded = self._record()
            endpoint = undeclared_endpoint(method, path, replay)
            call = recorded.exchange(endpoint, path={"path": path[1:]}, query=query, body=json)
            del path, query, json
            return recorded.response(await call)


for _name in SECTIONS:
    setattr(RawSections, _name, _RawSectionProperty(_name))


@functools.cache
def raw_class_of(section: str) -> type[RawSection]:
    """Return the derived class of a section, as in ``documents``."""
    cls = class_of(section)
    body: dict[str, Any] = {name: _raw(cls, vars(cls)[name]) for name in operations_of(section)}
    body |= {"__module__": __name__, "__doc__": cls.__doc__}
    return types.new_class(cls.__name__, (RawSection,), {}, lambda namespace: namespace.update(body))


def operations_of(section: str) -> list[str]:
    """Return the names of the methods that make one call and return its answer."""
    methods = vars(class_of(section))
    return [n for n in methods if f"{section}.{n}" in ENDPOINTS and inspect.iscoroutinefunction(methods[n])]


def _raw(cls: type[Section], method: Method) -> Method:
    @functools.wraps(method)
    async def call(self: RawSection, /, *args: Any, **kwargs: Any) -> RawResponse[Any]:
        with border:
            recorded = self._record()  # pyright: ignore[reportPrivateUsage]  # a method of it
            called = method(cls(recorded.exchange, recorded.timing), *args, **kwargs)
            del args, kwargs  # no personal data in this frame while it waits
            return recorded.response(await called)

    signature = inspect.signature(method)
    result: Any = RawResponse[signature.return_annotation]  # type: ignore[name-defined]  # a type made at run time
    call.__annotations__ = method.__annotations__ | {"return": result}
    call.__signature__ = signature.replace(return_annotation=result)  # type: ignore[attr-defined]  # read by inspect
    return call
