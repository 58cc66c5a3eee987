"""What commands that take their time print to: rows and sums on stdout, progress and remarks on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from kycaid_async.cli.console import console
from kycaid_async.cli.problems import one_line

_SECONDS_BETWEEN_LINES = 10.0


class Screen:
    """Where a command prints. With ``as_json`` stdout has nothing but JSON, an object a line.

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
        """Print a remark."""
        with self._remarks():
            self._err.print(Text(one_line(text)), soft_wrap=True)

    def line(self, text: str) -> None:
        """Print a line of the result."""
        self._print(Text(text))

    def _print(self, text: Text) -> None:
        if not self._out.is_terminal:
            sys.stdout.write(f"{text.plain}\n")
        else:
            # What goes to the same terminal as the progress has to stand above it.
            (self._out if self._live is None or self._err.quiet else self._err).print(text, soft_wrap=self._as_json)
