"""Children that make a call with the client of their parent, whatever that is at."""

import os
import pickle
import signal
import threading
from collections.abc import Callable

from tests.chaos.calls import Outcome

NO_END = 20.0
"""Seconds after which a call has none."""


def fork(make: Callable[[Outcome], None], outcome: Outcome) -> None:
    """Let a child ``make`` a call, and fill in what came of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            make(outcome)
            os.write(writing, pickle.dumps((outcome.returned, outcome.error, outcome.ended)))
        finally:
            os._exit(0)
    os.close(writing)
    _take(reading, child, outcome)


def _take(reading: int, child: int, outcome: Outcome) -> None:
    killer = threading.Timer(NO_END, os.kill, (child, signal.SIGKILL))
    killer.start()
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    killer.cancel()
    killer.join()
    if said:
        outcome.returned, outcome.error, outcome.ended = pickle.loads(said)  # noqa: S301 - of our own child
        outcome.is_over = True
