"""Look-ups of the server's name that go wrong."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

NAME = "kycaid.example"
NAME_FAULTS = ("again", "unknown", "slow", "dead_first", "broken", "empty")
"""For now, for good, after long, with an address first at which nobody is, an error of the system, or no address."""
_SLOW = 0.15
_DEAD = "127.0.0.77"

script: list[str] = []
"""The faults of the next look-ups; after them there are none."""
met: list[str] = []
"""The faults of the script that look-ups met."""
_real = socket.getaddrinfo


@contextmanager
def looked_up() -> Iterator[None]:
    """Answer look-ups of `NAME` here, in this process; an answer of the system is not asked for."""
    with mock.patch.object(socket, "getaddrinfo", _look_up):
        yield


def _look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
    if host != NAME:
        return _real(host, port, *arguments, **options)
    fault = script.pop(0) if script else ""
    met.extend([fault] if fault else [])
    match fault:
        case "again":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        case "unknown":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        case "broken":
            raise OSError(24, "Too many open files")
        case "empty":
            return []
        case "slow":
            time.sleep(_SLOW)
        case "dead_first":
            return _real(_DEAD, port, *arguments, **options) + _real("127.0.0.1", port, *arguments, **options)
    return _real("127.0.0.1", port, *arguments, **options)
