"""Blocking twins of asynchronous methods."""

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar, get_args, overload

from kycaid_async.sync.handle import Link
from kycaid_async.sync.iteration import BlockingIterator
from kycaid_async.tracebacks import border
from kycaid_async.uploads.sources import UploadSource

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

BlockingSource = UploadSource | Callable[[], Iterable[bytes]]
"""What the asynchronous client takes, or a function that returns a new plain iterator of bytes at each call."""


class Blocking:
    """Base of what has blocking twins of the methods of ``target``, an instance of the class ``of``."""

    def __init_subclass__(cls, *, of: type | None = None) -> None:
        if of is not None:
            cls.__doc__ = of.__doc__

    def __init__(self, link: Link, target: Any) -> None:
        self._link = link
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
        gives: Any = Iterator[get_args(signature.return_annotation)]  # type: ignore[misc]  # not a type to check with
        signature = signature.replace(return_annotation=gives)
        twin.__annotations__ = method.__annotations__ | {"return": gives}
    twin.__signature__ = signature  # type: ignore[attr-defined]
    return twin


def documented_as(method: Callable[..., Any]) -> Callable[[F], F]:
    """Return a decorator that takes over the docstring of ``method``."""

    def document(twin: F) -> F:
        twin.__doc__ = method.__doc__
        return twin

    return document


def _calling(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    def call(self: Blocking, /, *args: Any, **given: Any) -> Any:
        with border:
            call = self._link.enter()
            made = method(self._target, *args, **given)
            del args, given  # nothing personal is in sight while this thread waits
            return call.run(made)

    return call


def _iterating(method: Callable[..., AsyncIterator[Any]]) -> Callable[..., Any]:
    def iterate(self: Blocking, /, *args: Any, **given: Any) -> Any:
        with border:
            return BlockingIterator(self._link, method(self._target, *args, **given))

    return iterate
