"""How a program, a test or a notebook shows a value or an error; each way returns the text."""

import io
import os
import pickle
import pprint
import re
import reprlib
import tempfile
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any

import rich
import rich.pretty
from _pytest._io.saferepr import saferepr
from rich.console import Console
from rich.traceback import Traceback


@cache
def _pytest() -> Any:
    """Return the configuration of a pytest that is asked for everything."""
    from _pytest.config import _prepareconfig
    from _pytest.terminal import TerminalReporter

    config = _prepareconfig(["-vv", "--rootdir", tempfile.gettempdir(), "-c", os.devnull, "-p", "no:cacheprovider"])
    # Without one, pytest before 9 compares nothing.
    config.pluginmanager.register(TerminalReporter(config, io.StringIO()), "terminalreporter")
    return config


def _console(show: Callable[[Console], object]) -> str:
    console = Console(file=io.StringIO(), width=200)
    show(console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def _inspected(value: Any) -> str:
    return _console(lambda console: rich.inspect(value, console=console, methods=False))


def _of_a_local(value: Any) -> str:
    """Show the traceback of a test that fails beside ``value``, with the variables of its frame."""
    local = value
    try:
        raise RuntimeError(type(local).__name__)
    except RuntimeError as error:
        shown = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
        plain = traceback.TracebackException.from_exception(error, capture_locals=True)
        return _console(lambda console: console.print(shown)) + "".join(plain.format())


def pickled(value: Any) -> str:
    """Return the pickle of ``value`` as text, or nothing where it has none."""
    try:
        return pickle.dumps(value).decode("latin-1")
    except Exception:
        return ""


VALUES: dict[str, Callable[[Any], str]] = {
    "str": lambda value: f"{value} {value!s} {value!r} {value!a} {[value]} {({'a': value},)}",
    "pprint": lambda value: pprint.pformat(value) + reprlib.repr(value),
    "rich.print": lambda value: _console(lambda console: console.print(value)),
    "rich.pretty": lambda value: rich.pretty.pretty_repr(value, expand_all=True),
    "rich.inspect": _inspected,
    "traceback": _of_a_local,
    "pytest": lambda value: saferepr(value, maxsize=None),
    "pickle": pickled,
}


def compared(one: Any, other: Any) -> str:
    """Return what pytest says of two values that ought to be equal."""
    pairs = ((one, other), ([one], [other]), ({"a": one}, {"a": other}))
    compare = _pytest().hook.pytest_assertrepr_compare
    said = [compare(config=_pytest(), op="==", left=left, right=right) for left, right in pairs]
    return "\n".join(line for lines in said for explanation in lines for line in explanation or ())


def all_of(error: BaseException) -> list[BaseException]:
    """Return an error with all that hangs on it: causes, contexts, members of groups, and theirs."""
    every: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in every:
            every[id(one)] = one
            waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return list(every.values())


_CHAIN = ("__cause__", "__context__", "__traceback__", "exceptions")
"""Attributes that are looked at by themselves."""


def of_error(error: BaseException) -> dict[str, str]:
    """Return what each way shows of an error and of all that hangs on it. Its names are no other's."""
    plain = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    every = all_of(error)
    attributes = [{name: getattr(one, name, None) for name in dir(one) if name not in _CHAIN} for one in every]
    answered = any(getattr(one, name, None) for one in every for name in ("body", "errors", "file"))
    return {
        "error, str": " ".join(f"{one} {one!r} {one.args!r} {getattr(one, '__notes__', '')}" for one in every),
        "error, attributes": repr(attributes),
        f"error, pickle{' with what was said' if answered else ''}": " ".join(map(pickled, every)),
        "error, traceback": plain,
        "error, rich.inspect": _inspected(error),
        "error, rich.traceback": _drawn(error, _ADDRESS.sub("", plain)),
    }


def _drawn(error: BaseException, plain: str) -> str:
    """Return what rich makes of a traceback, once for all that are alike, since it takes half a second."""
    if plain in _DRAWN:
        return ""
    _DRAWN.add(plain)
    try:
        trace = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True, extra_lines=0)
    except Exception:  # rich looks into what it shows, which Django's settings refuse before they are made
        return ""
    return _console(lambda console: console.print(trace))


_ADDRESS = re.compile(r" at 0x[0-9a-f]+|[\w.]+://[\w.:]+|\d+")
_DRAWN: set[str] = set()
