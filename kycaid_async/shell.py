"""Commands as somebody can paste them into the shell of this system."""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence

WINDOWS = sys.platform == "win32"


def command_line(words: Sequence[str]) -> str:
    """Return one command: for cmd and PowerShell on Windows, for POSIX shells elsewhere."""
    return " ".join(map(_for_windows, words)) if WINDOWS else shlex.join(words)


def _for_windows(word: str) -> str:
    """Return ``word`` in double quotes, the only ones that both shells know, where it needs any."""
    if re.fullmatch(r"[\w.:/\\+-]+", word):
        return word
    # A program takes a backslash in front of a quote for part of it.
    ending = len(word) - len(word.rstrip("\\"))
    return f'"{word}{word[len(word) - ending :]}"'


def assignments(variables: Mapping[str, str]) -> Iterator[str]:
    """Give the lines that set environment variables."""
    if not WINDOWS:
        yield from (f"  export {name}={value}" for name, value in variables.items())
        return
    yield "in PowerShell:"
    yield from (f'  $env:{name} = "{value}"' for name, value in variables.items())
    yield "in cmd:"
    yield from (f"  set {name}={value}" for name, value in variables.items())
