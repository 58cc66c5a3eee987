"""Consoles for terminals and pipes; of commands that take their time, with progress and remarks on stderr."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from kycaid_async.cli.problems import one_line
from kycaid_async.values.decline_reasons import DeclineReason

# A pipe has no edge: what reads it should not have to join lines.
_WIDTH_OF_A_PIPE = 200
_MEGA, _GIGA = 1_000_000, 1_000_000_000
_SHORT, _MINUTE, _HOUR = 10, 60, 3600
_SECONDS_BETWEEN_LINES = 10.0


class _Console(Console):
    """A console that leaves a closed pipe to its user: Rich would end the program, and cut off stdout as well."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error again."""
        raise  # noqa: PLE0704 - called while it is handled


def console(stream: TextIO, *, quiet: bool = False) -> Console:
    """Return a console for ``stream``, without escape codes when it is no terminal."""
    if stream.isatty():
        return _Console(file=stream, quiet=quiet, highlight=False)
    return _Console(file=stream, quiet=quiet, highlight=False, force_terminal=False, width=_WIDTH_OF_A_PIPE)


def size_text(count: float) -> str:
    """Return a number of bytes as people read it."""
    # As it is rounded: no 1000 kB, and below no 60 s.
    if round(count / _MEGA, 1) >= 1000:  # noqa: PLR2004 - of the next unit
        return f"{count / _GIGA:.2f} GB"
    return f"{count / _MEGA:.1f} MB" if round(count / 1000) >= 1000 else f"{count / 1000:.0f} kB"  # noqa: PLR2004 - as above


def duration_text(seconds: float) -> str:
    """Return a duration as people read it."""
    if round(seconds, 1) < _SHORT:
        return f"{seconds:.1f} s"
    seconds = round(seconds)
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE} s"
    return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"


class Screen:
    """A command's console. With ``as_json`` stdout has nothing but JSON, an object a line.

    Raises `OSError` when rows and sums cannot be printed. Progress and remarks that cannot are left out from then on.
    """

    def __init__(self, *, as_json: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = console(sys.stdout)
        self._err = console(sys.stderr)
        self._as_json = as_json
        self._clock = clock
        self._live: Live | None = None
        self._next_line = clock() + _SECONDS_BETWEEN_LINES

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Show progress until the end: in place on a terminal, as a line now and then elsewhere."""
        if not self._err.is_terminal:
            yield
            return
        live = Live(console=self._err, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
        with self._remarks():
            live.start()
            self._live = live
        try:
            yield
        finally:
            if self._live is not None:
                with self._remarks():
                    live.stop()
            self._live = None

    @contextmanager
    def _remarks(self) -> Iterator[None]:
        """Say no more when nobody can read it: on a terminal that was closed, or a full disk."""
        try:
            yield
        except OSError:
            self._err.quiet = True

    def _show(self, what: RenderableType) -> None:
        sys.stdout.flush()  # who reads a pipe wants the rows as they come
        with self._remarks():
            if self._live is not None:
                self._live.update(what, refresh=True)
            elif self._clock() >= self._next_line:
                self._next_line = self._clock() + _SECONDS_BETWEEN_LINES
                self._err.print(what, soft_wrap=True)

    def say(self, text: str) -> None:
        """Print a remark. On a terminal a command at its end stands on lines of its own, unbroken, to be pasted."""
        remark, command = one_line(text), ""
        if self._err.is_terminal:
            remark, _, command = remark.partition(": kycaid ")
        with self._remarks():
            self._err.print(Text(f"{remark}:" if command else remark), soft_wrap=not self._err.is_terminal)
            if command:
                self._err.print(Text(f"  kycaid {command}"), soft_wrap=True)

    def hint(self, text: str) -> None:
        """Print what may be done next, where a person reads it."""
        if self._err.is_terminal:
            self.say(text)

    def line(self, text: str) -> None:
        """Print a line of the result."""
        self._print(Text(text))

    def _print(self, text: Text) -> None:
        if not self._out.is_terminal:
            sys.stdout.write(f"{text.plain}\n")
        else:
            # What goes to the same terminal as the progress has to stand above it.
            (self._out if self._live is None or self._err.quiet else self._err).print(text, soft_wrap=self._as_json)


def reason_text(reason: DeclineReason) -> str:
    """Return a decline reason by its name, id and meaning, as far as they are known."""
    number = "" if reason.id is None or str(reason.id) == str(reason) else f" ({reason.id})"
    return f"{reason}{number}{f': {reason.meaning}' if reason.meaning else ''}"


def reasons_text(reasons: Iterable[DeclineReason]) -> str:
    """Return decline reasons in one cell."""
    return "; ".join(map(reason_text, reasons))
