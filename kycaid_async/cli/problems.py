"""Problems outside the API, and text that is fit for a terminal."""

import shutil
import signal
import sys
import textwrap
from typing import ClassVar


class Problem(Exception):  # noqa: N818 - not all of them are errors of a program
    """Something the user can mend. Its text is one line."""

    exit_code: ClassVar[int] = 1


class UsageProblem(Problem):
    """The options cannot work as given."""

    exit_code = 2


def one_line(text: object) -> str:
    """Return ``text`` on one line, without anything that a terminal would obey.

    File names and answers of servers are other people's text: they may hold escape codes, line breaks, or bytes that
    are no text at all.
    """
    words = " ".join(str(text).split())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)


def say(text: object) -> None:
    """Print a remark on stderr: in one line, which is wrapped between words on a terminal."""
    line = one_line(f"kycaid: {text}")
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        line = textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def interrupted(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code of a program that a signal ended: 128 and its number, the argument if it is not Ctrl-C."""
    return 128 + int(interrupt.args[0] if interrupt.args else signal.SIGINT)
