"""Imports of the first call, for which forks wait."""

import importlib
import sys
import threading
import time
from contextlib import AbstractContextManager, suppress
from typing import Final

_REQUIRED: Final = (
    "anyio.from_thread",
    "cattrs",
    "decimal",
    "difflib",
    "encodings.idna",
    "kycaid_async.transport.exchange",
    "kycaid_async.values.check",
    "numbers",
)
_OPTIONAL: Final = (
    "kycaid_async.transport.aiohttp.bodies",
    "kycaid_async.transport.aiohttp.direct",
    "kycaid_async.transport.aiohttp.protocol",
    "msgspec.json",
)


def import_all() -> None:
    """Import what the loop needs. Raises `ImportError` and `OSError`."""
    # Imported by the loop later, a module could be half-imported at a fork, and its child could never import it.
    for name in _REQUIRED:
        importlib.import_module(name)
    for name in _OPTIONAL:
        with suppress(Exception):
            importlib.import_module(name)


def is_amid_an_import() -> bool:
    """Say whether this thread itself is importing what the loop's would wait for."""
    wanted = (name.split(".") for name in (*_REQUIRED, *_OPTIONAL))
    with_parents = {".".join(parts[:count]) for parts in wanted for count in range(1, len(parts) + 1)}
    return any(map(_is_importing, with_parents))


def _is_importing(name: str) -> bool:
    """Say whether this thread is importing a module.

    Another may be, although it was waited for: a package whose modules are there already, or one that fails each time.
    """
    if not _is_half_imported(sys.modules.get(name)):
        return False
    locks = getattr(sys.modules.get("importlib._bootstrap"), "_module_locks", {})  # nothing else tells who imports what
    owner = getattr(locks.get(name, lambda: None)(), "owner", None)
    return owner == threading.get_ident() or (owner is None and _is_half_imported(sys.modules.get(name)))


def _is_half_imported(module: object) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def finish_imports() -> None:
    """Wait for modules that other threads are importing: a child could never import what is half-imported at a fork."""
    for name, module in list(sys.modules.items()):
        if _is_half_imported(module):
            with suppress(Exception):  # what fails to import is not there in a child either
                importlib.import_module(name)


_LONGEST_WAIT: Final = 5.0
"""Seconds for which a fork waits for imports."""
_PAUSE: Final = 0.001


class ForkBarrier:
    """Holds up forks while threads are in a ``with`` block of theirs. The threads never wait for each other.

    With one lock for all, a finalizer that the garbage collector runs in one thread could wait for another, which waits
    for that thread.
    """

    def __init__(self) -> None:
        # One lock for each thread, which only forks want as well.
        self._locks: dict[int, threading.RLock] = {}
        self._forking: dict[int, list[threading.RLock]] = {}

    def block(self) -> AbstractContextManager[object]:
        """Return a context in which no fork of another thread begins. To be entered at once, in this thread."""
        thread = threading.get_ident()
        lock = self._locks.setdefault(thread, threading.RLock())  # before the look at forks, which look at it after
        # A thread that is inside already is waited for by the fork itself.
        while any(other != thread for other in list(self._forking)) and not lock._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001 - as threading's own conditions do
            time.sleep(_PAUSE)
        return lock

    def before_fork(self) -> None:
        """Let nobody enter, and wait for those inside, but not for ever."""
        thread, end = threading.get_ident(), time.monotonic() + _LONGEST_WAIT
        held = self._forking[thread] = []
        for lock in list(self._locks.values()):
            if lock.acquire(timeout=max(0.0, end - time.monotonic())):
                held.append(lock)  # noqa: PERF401 - one by one: what is held is let go of whatever comes between

    def after_fork_in_parent(self) -> None:
        """Let others enter again."""
        for lock in self._forking.pop(threading.get_ident(), []):
            lock.release()
