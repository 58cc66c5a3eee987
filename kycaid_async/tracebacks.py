"""Tracebacks that tell where something failed, and nothing of what was at hand there.

Crash reporters send the local variables of every frame of a traceback. Below this package these are the API key,
headers, bodies, half-read answers. So what leaves the package, by whatever exception, leaves with frames that show
file, function and line, and have no variables. It costs nothing until something fails.
"""

import functools
import sys
from collections.abc import Awaitable, Callable
from types import CodeType, CoroutineType, FrameType, FunctionType, TracebackType
from typing import Any, Final, ParamSpec, TypeVar, cast, get_args, get_origin

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)

# As `inspect` has them, which takes a while to import.
_CO_GENERATOR: Final = 0x20
_CO_COROUTINE: Final = 0x80
_CO_ASYNC_GENERATOR: Final = 0x200


class _Border:
    """A ``with`` block whose exceptions come out with frames that hold nothing, that of the block included."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is not None:
            hide_locals(error, callers=_callers(sys._getframe(1)))  # noqa: SLF001 - documented


border: Final = _Border()


def confidential(method: Callable[P, Awaitable[R]]) -> "Callable[P, CoroutineType[Any, Any, R]]":
    """Make ``method`` a coroutine function that is a `border`.

    A plain function that returns what to await is done when the waiting begins, and its arguments with it.
    """
    returns = method.__annotations__.get("return")
    if get_origin(returns) is Awaitable:
        (method.__annotations__["return"],) = get_args(returns)

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:  # what `border` does, without its two calls on the way that does not fail
            answer = method(*args, **kwargs)
            del args, kwargs
            return await answer
        except BaseException as error:
            lay_bare(error)
            raise

    return call  # type: ignore[return-value,unused-ignore]  # type checkers call that another thing each


def bordered(function: F) -> F:
    """Make ``function`` a `border`: a plain one, or a generator in all that it gives."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            lay_bare(error)
            raise

    @functools.wraps(function)
    def give(*args: Any, **kwargs: Any) -> Any:
        with border:
            return (yield from function(*args, **kwargs))

    # Typed as the function: editors show a method of another type with its ``self``.
    return cast("F", give if function.__code__.co_flags & _CO_GENERATOR else call)


def guarded(cls: C) -> C:
    """Make whatever users call of a class a `border`: its methods and properties, also those added to it later on.

    It stands above attrs' own decorator. What attrs wrote to make an object is among them where it can refuse a value.
    """
    for name, member in list(vars(cls).items()):
        if name.startswith("_") and name not in _CALLED_BY_PYTHON:
            continue
        if isinstance(member, FunctionType):
            setattr(cls, name, _guard(member))
        elif isinstance(member, classmethod | staticmethod):
            setattr(cls, name, type(member)(_guard(member.__func__)))
        elif isinstance(member, property) and member.fget is not None:
            setattr(cls, name, property(_guard(member.fget), member.fset, member.fdel, member.__doc__))
    if "__init__" in vars(cls) and _may_refuse(cls):
        cls.__init__ = bordered(cls.__init__)  # type: ignore[misc]  # of a class, on purpose
    return cls


def _may_refuse(cls: type) -> bool:
    attributes: Any = vars(cls).get("__attrs_attrs__")
    checks = attributes is None or any(attribute.validator or attribute.converter for attribute in attributes)
    return checks or hasattr(cls, "__attrs_post_init__")


_CALLED_BY_PYTHON: Final = frozenset({"__getstate__", "__iter__", "__repr__", "__str__", "_repr_html_"})


def _guard(function: Any) -> Any:
    if not isinstance(function, FunctionType) or function.__code__.co_flags & _CO_ASYNC_GENERATOR:
        return function
    return confidential(function) if function.__code__.co_flags & _CO_COROUTINE else bordered(function)


def lay_bare(error: BaseException) -> None:
    """Take the variables out of the frames of ``error``, that of the caller included: for a ``try`` of its own."""
    hide_locals(error, callers=_callers(sys._getframe(1)))  # noqa: SLF001 - documented


def hide_locals(error: BaseException, callers: frozenset[FrameType] = frozenset()) -> None:
    """Take the variables out of the frames of ``error`` and of all that hangs on it.

    What one of ``callers`` was handling already when it came here is none of ours, and stays as it is.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        trace = one.__traceback__
        if one is not error and trace is not None and trace.tb_frame in callers:
            continue
        # Not as a method of its own: exceptions of others can refuse attributes.
        BaseException.with_traceback(one, _bare(trace))
        _empty(one)
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _empty(error: BaseException) -> None:
    """Take out of an error of Python's own what it could not read, or what it looked at."""
    if isinstance(error, UnicodeError) and len(error.args) == 5:  # noqa: PLR2004 - of its constructor
        encoding, whole, *rest = error.args
        error.args = (encoding, whole[:0], *rest)
        error.object = whole[:0]  # type: ignore[attr-defined]  # those that read and those that write have it
    elif isinstance(error, AttributeError):
        error.obj = None
    elif isinstance(error, ValueError) and isinstance(getattr(error, "doc", None), str | bytes):
        error.doc = error.doc[:0]  # type: ignore[attr-defined]  # what `json` raises


def _callers(frame: FrameType) -> frozenset[FrameType]:
    above: list[FrameType] = []
    caller = frame.f_back
    while caller is not None:
        above.append(caller)
        caller = caller.f_back
    return frozenset(above)


def _bare(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback of the same places, in frames that never ran."""
    entries: list[TracebackType] = []
    while trace is not None:
        entries.append(trace)
        trace = trace.tb_next
    bare: TracebackType | None = None
    for entry in reversed(entries):
        bare = TracebackType(bare, _twin(entry.tb_frame), 0, entry.tb_lineno or 0)
    return bare


def _no_places(units: int) -> bytes:
    """Return a table of lines (see ``co_linetable``) in which so many units of code have no place.

    It must end where the code does: a tracer, such as a debugger or coverage, makes Python read all of it.
    """
    most = 8
    lengths = [min(most, units - start) for start in range(0, units, most)]
    return bytes(0b1_1111_000 | length - 1 for length in lengths)


_GENERATOR: Final = next(
    code for code in compile("def frame():\n    yield", __file__, "exec").co_consts if isinstance(code, CodeType)
)
"""The code of the frames that stand in: compiled here, because functions in a program of Nuitka have no bytecode."""
_UNPLACED: Final = _no_places(len(_GENERATOR.co_code) // 2)
"""Without it, the columns of that code would be underlined."""


def _twin(frame: FrameType) -> FrameType:
    """Return a frame that passes for ``frame`` and has no variables."""
    # Not `frame.clear`: it ends coroutines of others that wait, in Python up to 3.12.
    code = frame.f_code
    twin = _GENERATOR.replace(
        co_filename=code.co_filename,
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_firstlineno=code.co_firstlineno,
        co_linetable=_UNPLACED,
    )
    suspended = FunctionType(twin, {"__name__": frame.f_globals.get("__name__", "")})()
    return suspended.gi_frame  # type: ignore[no-any-return]  # a generator's
