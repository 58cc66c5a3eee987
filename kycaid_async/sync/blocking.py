"""Blocking twins of asynchronous methods."""

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar, get_args, overload

from kycaid_async.sync.handle import ClientHandle
from kycaid_async.sync.iteration import BlockingIterator
from kycaid_async.tracebacks import border

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


class Blocking:
    """Base class for blocking twins of the methods of ``target``, an instance of the class ``of``."""

    def __init_subclass__(cls, *, of: type | None = None) -> None:
        if of is not None:
            cls.__doc__ = of.__doc__

    def __init__(self, handle: ClientHandle, target: Any) -> None:
        self._handle = handle
        self._target = target


@overload
def blocking(method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> Callable[Concatenate[Any, P], R]: ...
@overload
def blocking(method: Callable[Concatenate[Any, P], AsyncIterator[R]]) -> Callable[Concatenate[Any, P], Iterator[R]]: ...
def blocking(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the blocking twin of ``method``, for a class that derives from `Blocking`.

    It takes the same arguments, returns what the coroutine returns, and raises what it raises; an asynchronous
    generator becomes a plain iterator.
    """
    twin = _iterating(method) if inspect.isasyncgenfunction(method) else _calling(method)
    functools.update_wrapper(twin, method)
    signature = inspect.signature(method)
    if inspect.isasyncgenfunction(method):
        result: Any = Iterator[get_args(signature.return_annotation)]  # type: ignore[misc]  # a type made at run time
        signature = signature.replace(return_annotation=result)
        twin.__annotations__ = method.__annotations__ | {"return": result}
    twin.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect and editors
    return twin


def documented_as(method: Callable[..., Any]) -> Callable[[F], F]:
    """Return a decorator that copies the docstring of ``method``."""

    def document(twin: F) -> F:
        twin.__doc__ = method.__doc__
        return twin

    return document


def _calling(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    def call(self: Blocking, /, *args: Any, **kwargs: Any) -> Any:
        with border:
            call = self._handle.new_call().of(method, self._target, *args, **kwargs)
            del args, kwargs  # no personal data in this frame while the thread waits
            return call.run()

    return call


def _iterating(method: Callable[..., AsyncIterator[Any]]) -> Callable[..., Any]:
    def iterate(self: Blocking, /, *args: Any, **kwargs: Any) -> Any:
        with border:
            return BlockingIterator(self._handle, method(self._target, *args, **kwargs))

    return iterate
