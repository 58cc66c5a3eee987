"""What is printed to: terminals and pipes, and how sizes and times read there."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import NoReturn, TextIO

from rich.console import Console

# A pipe has no edge: what reads it should not have to join lines.
_WIDTH_OF_A_PIPE = 200
_MEGA, _GIGA = 1_000_000, 1_000_000_000
_SHORT, _MINUTE, _HOUR = 10, 60, 3600


class _Console(Console):
    """One that leaves it to its user what a closed pipe means: Rich ends the program, and cuts off stdout as well."""

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
    if count >= _GIGA:
        return f"{count / _GIGA:.2f} GB"
    return f"{count / _MEGA:.1f} MB" if count >= _MEGA else f"{count / 1000:.0f} kB"


def duration_text(seconds: float) -> str:
    """Return a duration as people read it."""
    if seconds < _MINUTE:
        return f"{seconds:.{1 if seconds < _SHORT else 0}f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"
    return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"


def for_terminal(lines: Sequence[str]) -> str:
    """Return ``lines`` as one text; on a terminal, longer ones are broken between words."""
    if not sys.stdout.isatty():
        return "\n".join(lines)
    width = shutil.get_terminal_size().columns
    return "\n".join(textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False) for line in lines)
