"""The public surface, called with marks of all kinds: what everything that is exported raises, and what that holds."""

import asyncio
import enum
import importlib
import inspect
import random
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from kycaid_async.masking import printed
from kycaid_async.values.enums import OpenEnum
from tests.privacy import shown
from tests.privacy.marked import M
from tests.privacy.odd import Given, made, value

MODULES = (
    "kycaid_async",
    "kycaid_async.callbacks",
    "kycaid_async.callbacks.redis",
    "kycaid_async.callbacks.sqlalchemy",
    "kycaid_async.cluster",
    "kycaid_async.otel",
    "kycaid_async.sandbox",
    "kycaid_async.servers",
    "kycaid_async.testing",
    "kycaid_async.testing.strategies",
    "kycaid_async.web.aiohttp",
    "kycaid_async.web.django",
    "kycaid_async.web.fastapi",
    "kycaid_async.web.flask",
    "kycaid_async.web.starlette",
)
"""Those that users import from."""
CONNECTED: Mapping[str, str] = {
    "AsyncKycaid": "its operations are passages of `calls`",
    "Kycaid": "the same",
    "Sandbox": "it serves, and has made-up data",
    "CallbackRecorder": "the same",
    "DaskEngine": "it needs a scheduler",
    **dict.fromkeys(("RedisSeenStore", "SQLAlchemySeenStore", "SharedSeenStore"), "they need a database"),
}
"""Classes of which only the making is tried here, and why."""
GIVEN: Mapping[str, str] = {
    **dict.fromkeys(("Bulk", "BulkAudit", "BulkResults", "BulkUpload", "BulkVerify"), "runs are passages of `bulk`"),
    **dict.fromkeys(("BlockingAudit", "BlockingResults", "BlockingUpload", "BlockingVerify"), "the same"),
    "RunningSandbox": "it is what `Sandbox` gives",
    "Watch": "the same",
}
"""Classes that users get and do not make, and why nothing of them is tried here."""
CALL_YOURS: Mapping[str, str] = {
    "web.aiohttp.kycaid_problems": "a middleware: the frames below it are those of your handlers",
    "web.aiohttp.kycaid_context": "a generator that aiohttp keeps: its frame has your application, and no settings",
    "web.fastapi.kycaid_lifespan": "the same, of Starlette",
}
"""Functions that stand between a framework and your own code, whose frames are yours to keep."""
SAYS_IT: Mapping[str, str] = {"sandbox.Faults.remove": "a KeyError that says which id there is not"}
"""Methods whose errors are meant to show what they were given, which is of nobody."""
_SPECIAL = ("__eq__", "__iter__", "__repr__", "__setattr__", "__str__", "_repr_html_")


@attrs.frozen
class Entry:
    """One thing that users call: its name, and what calls it with arguments by chance."""

    name: str
    call: Callable[[random.Random], Any]


def exported(module: str) -> Iterator[tuple[str, Any]]:
    """Yield what users import from ``module``: its ``__all__``, or what is made in it and has a public name."""
    home = importlib.import_module(module)
    own = [name for name, value in vars(home).items() if getattr(value, "__module__", "") == module]
    for name in getattr(home, "__all__", [name for name in own if not name.startswith("_")]):
        yield name, getattr(home, name)


def entries() -> Iterator[Entry]:
    """Yield every way into the package by a call: functions, classes, and the methods and properties of objects."""
    seen: set[int] = set()
    for module in MODULES:
        for name, found in exported(module):
            if id(found) in seen or f"{module.removeprefix('kycaid_async.')}.{name}" in CALL_YOURS:
                continue
            seen.add(id(found))
            full = f"{module.removeprefix('kycaid_async.')}.{name}"
            if inspect.isclass(found):
                yield from _of_class(full, found)
            elif inspect.isfunction(found):
                yield Entry(full, _calling(found))


def _of_class(name: str, cls: type) -> Iterator[Entry]:
    if issubclass(cls, BaseException) or getattr(cls, "_is_protocol", False) or cls.__name__ in GIVEN:
        return  # the first are what is raised, the second what users write
    if issubclass(cls, enum.Enum):
        if issubclass(cls, OpenEnum):  # others hold words of this package, and never data
            yield Entry(name, lambda chance: cls(value("", chance)))
        return
    yield Entry(name, _calling(cls))
    if cls.__name__ in CONNECTED:
        return
    for attribute, found in sorted(inspect.getmembers_static(cls), key=lambda member: member[0]):
        if (attribute.startswith("_") and attribute not in _SPECIAL) or f"{name}.{attribute}" in SAYS_IT:
            continue
        if isinstance(found, classmethod | staticmethod):
            yield Entry(f"{name}.{attribute}", _calling(getattr(cls, attribute)))
        elif isinstance(found, property):
            yield Entry(f"{name}.{attribute}", _reading(cls, attribute))
        elif inspect.isfunction(found) and _is_ours(found):
            yield Entry(f"{name}.{attribute}", _on_object(cls, attribute))


def _is_ours(function: types.FunctionType) -> bool:
    return (function.__module__ or "").startswith(("kycaid_async", "attr"))


def _calling(function: Callable[..., Any]) -> Callable[[random.Random], Any]:
    return lambda chance: whole(Given.of(function, chance).call())


def _reading(cls: type, attribute: str) -> Callable[[random.Random], Any]:
    return lambda chance: whole(getattr(made(cls, chance), attribute))


def _on_object(cls: type, attribute: str) -> Callable[[random.Random], Any]:
    return lambda chance: whole(Given.of(getattr(made(cls, chance), attribute), chance).call())


def whole(answer: Any) -> Any:
    """Return an answer after all of it has come: awaited, or iterated over."""
    if hasattr(answer, "__aiter__") or inspect.isawaitable(answer):
        return asyncio.run(asyncio.wait_for(_awaited(answer), 5))
    return list(answer) if hasattr(answer, "__next__") else answer


async def _awaited(answer: Any) -> Any:
    return [one async for one in answer] if hasattr(answer, "__aiter__") else await answer


FOREIGN: Mapping[str, str] = {
    "__setattr__": "attrs refuses to change what is frozen, in a frame of its own that holds the value",
}
"""Methods that are not this package's: they may leave with frames of theirs, but with none of it."""
_HARNESS = "/tests/privacy/"


def leaks_of(error: BaseException, name: str = "") -> Iterator[str]:
    """Yield what an error of the entry ``name`` shows of marks: in variables of frames, in texts and arguments."""
    for one in shown.all_of(error):
        # A word of the form that names of fields and columns have may stand there, as the list of places says.
        for found in {*M.found_in(f"{one} {one!r} {one.args!r} {getattr(one, '__notes__', '')}")} - {"word"}:
            yield f"<{found}> in what a {type(one).__name__} says: {M.hidden(str(one))}"
        for frame, line in traceback.walk_tb(one.__traceback__):
            place = frame.f_code.co_filename.replace("\\", "/")
            if _HARNESS in place or (name.endswith(tuple(FOREIGN)) and not frame.f_globals["__name__"].startswith("k")):
                continue
            variables = " ".join(map(printed, frame.f_locals.values()))
            for found in M.found_in(variables):
                yield f"<{found}> in a variable of {place}:{line}, below a {type(one).__name__}"
