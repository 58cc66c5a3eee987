"""Gives a target inputs, and judges what comes of each: only its own errors, in bounded time and memory."""

import random
import re
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from tests.fuzz.target import Target

_SECONDS = 2.0
"""Of this process's own time for one input, and `_SECONDS_PER_MEBIBYTE` more."""
_SECONDS_PER_MEBIBYTE = 2.0
_TIMES = 40
"""By how many times its size the memory of this process may grow with one input, beside `Target.mebibytes`."""
_MOST_KEPT = 400
_MOST_SHOWN = 160
_NO_END = 60.0
"""Seconds of this process's own time after which an input has no end."""
_IS_ENDLESS = "no end"
_KIBIBYTE = 1 if sys.platform == "linux" else 1024


@attrs.define
class Fuzzing:
    """A target, and what came of the inputs so far."""

    target: Target
    slower: float = 1.0
    """How many times longer this process takes than usual: under coverage, or Python's development mode."""
    figures: Counter[str] = attrs.field(factory=Counter)
    found: dict[str, str] = attrs.field(factory=dict)
    """What did not hold, by where; the first of a kind."""
    _corpus: list[bytes] = attrs.field(init=False)
    _outcomes: set[str] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self._corpus = self.target.seeds()

    def inputs(self, count: int, chance: random.Random, end: float) -> None:
        """Give the target so many inputs, until ``end`` on the monotonic clock.

        One with which something comes out that never did is kept, and changed on.
        """
        for number in range(count):
            if number % 64 == 0 and time.monotonic() > end:
                return
            data = self.target.mutate(chance.choice(self._corpus), self._corpus, chance)
            outcome = self.one(data)
            if outcome not in self._outcomes:
                self._outcomes.add(outcome)
                if len(self._corpus) < _MOST_KEPT:
                    self._corpus.append(data)

    def one(self, data: bytes, name: str = "") -> str:
        """Give the target one input. Return what came of it, in short."""
        memory, began = _most_memory(), time.process_time()
        try:
            with _ended_after(self.slower * _NO_END):
                self.target.run(data)
            outcome = "read"
        except _NoEndError:
            outcome = _IS_ENDLESS
        except self.target.raises as error:
            outcome = _in_short(error)
        except Exception as error:
            outcome = _in_short(error)
            self._note("foreign", f"{outcome} at {_place(error)}", data, name)
        seconds, grown = time.process_time() - began, _most_memory() - memory
        size = len(data) / 2**20
        if outcome == _IS_ENDLESS or seconds > self.slower * (_SECONDS + _SECONDS_PER_MEBIBYTE * size):
            self._note("slow", f"{seconds:.1f} s for {len(data):,} bytes", data, name)
        if grown > self.target.mebibytes + _TIMES * size:
            self._note("large", f"{grown:.0f} MiB for {len(data):,} bytes", data, name)
        self.figures.update({"inputs": 1, "read": outcome == "read", "refused": outcome != "read"})
        return outcome

    def nasty(self) -> None:
        """Give the target the inputs that were made for it."""
        for name, data in self.target.nasty():
            _forget_most_memory()
            self.one(data, name)
            self.figures["nasty"] += 1

    def _note(self, kind: str, what: str, data: bytes, name: str) -> None:
        self.figures[kind] += 1
        where = what if kind == "foreign" else kind
        self.found.setdefault(f"{self.target.name}: {where}", f"{kind}: {what}: {name or _shown(data)}")


class _NoEndError(BaseException):
    """Raised in an input that takes too long. No decoder has a reason to catch it."""


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """Raise `_NoEndError` in the block after so many seconds of this process's own time, where a signal can do that."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPROF, _no_end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _no_end(*_: object) -> None:
    raise _NoEndError


def _in_short(error: BaseException) -> str:
    return f"{type(error).__name__} {re.sub(r'[0-9]+', '0', str(error)[:60])}"


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"


def _shown(data: bytes) -> str:
    return repr(data) if len(data) <= _MOST_SHOWN else f"{data[:_MOST_SHOWN]!r}… ({len(data):,} bytes)"


def _forget_most_memory() -> None:
    """Let the most memory that this process ever had be what it has now, where the system can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


if sys.platform == "win32":

    def _most_memory() -> float:
        return 0.0

else:
    import resource

    def _most_memory() -> float:
        """Return the most memory that this process ever had, in MiB."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / _KIBIBYTE
