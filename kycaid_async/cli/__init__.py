"""The command line: ``kycaid demo`` and ``kycaid sandbox``. It needs the extra ``cli``."""

import importlib.util
import io
import sys
from typing import NoReturn

_NEEDED = ("typer", "rich", "PIL")


def main() -> NoReturn:
    """Run the command line and exit. Exits with 2 and one line of advice when the extra is not installed."""
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        sys.stderr.write("kycaid: the command line is an extra; install it with: pip install 'kycaid-async[cli]'\n")
        sys.exit(2)
    try:
        from kycaid_async.cli.app import app

        for stream in (sys.stdout, sys.stderr):
            # A file name that the terminal's encoding does not know must not end the program.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        app(prog_name="kycaid")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)
