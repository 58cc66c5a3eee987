"""A program on a terminal of its own."""

import contextlib
import os
import struct
import subprocess


def on_a_terminal(arguments: list[str], environment: dict[str, str], *, columns: int) -> str:
    """Run a program to its end and return all that it wrote, escape codes included."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(arguments, env=environment | {"TERM": "xterm"}, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with open(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        # Linux ends a terminal that nobody writes to any more with an error.
        while piece := terminal.read(65536):
            shown += piece
    process.wait(timeout=30)
    return shown.decode()
