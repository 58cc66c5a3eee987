"""The command line, ``kycaid``: a room or a module for each command. It needs the extra ``cli``."""

import gc
import io
import os
import sys

from kycaid_async.signals import exit_at_once

TYPE_CHECKING = False  # typing takes longer to import than all that stands here
if TYPE_CHECKING:
    from typing import NoReturn, TextIO

_NEEDED = ("typer", "rich", "PIL")
_GARBAGE = 100_000
"""Objects between two searches for garbage. What a start makes stays: to search it takes a sixth of the time."""


def main() -> "NoReturn":
    """Run the command line and exit. Exits with 2 and one line of advice when the extra is not installed."""
    exit_at_once()  # before all that takes time to import: until then Ctrl-C is a traceback
    from kycaid_async.extras import is_installed

    if not all(is_installed(name) for name in _NEEDED):
        sys.stderr.write("kycaid: the command line is an extra; install it with: pip install 'kycaid-async[cli]'\n")
        sys.exit(2)
    gc.set_threshold(_GARBAGE)
    try:
        from kycaid_async.cli.app import app
        from kycaid_async.cli.shell_completion import prepare_completion

        prepare_completion()

        sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
        for stream in (sys.stdout, sys.stderr):
            # A file name that the terminal's encoding does not know must not end the program.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        app(prog_name="kycaid")
    except KeyboardInterrupt as interrupt:
        from kycaid_async.cli.problems import interrupted

        sys.exit(interrupted(interrupt))
    except OSError as error:
        # A full disk behind a pipe, for one. What could be said may not be written either.
        # The other is a log of TLS that ssl cannot write, which stops all commands that import aiohttp.
        is_log = error.filename and error.filename == os.environ.get("SSLKEYLOGFILE")
        try:
            sys.stderr.write(f"kycaid: {'the file that SSLKEYLOGFILE names: ' if is_log else ''}{error.strerror}\n")
        finally:
            os._exit(1)  # at a regular exit Python would try to write again, and print a traceback
    sys.exit(0)


def _nowhere() -> "TextIO":
    from pathlib import Path

    return Path(os.devnull).open("w", encoding="utf-8")
