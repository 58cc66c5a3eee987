"""What to do when this process has as many files and connections open as the system lets it."""

import errno
import os
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from kycaid_async.errors import KycaidError, TooManyOpenFilesError

T = TypeVar("T")

_REASONS: Final = tuple(os.strerror(code) for code in (errno.EMFILE, errno.ENFILE))
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds. Others close what they have open meanwhile."""

_SPARE: Final = 16
"""For the ledger, the log, and what else a program opens meanwhile."""
_PER_ROW: Final = 3
"""A file, a connection, and one that is kept for the next row."""


async def when_there_is_room(
    work: Callable[[], Awaitable[T]],
    *,
    sleep: Callable[[float], Awaitable[None]],
    slow_down: Callable[[], None] = lambda: None,
) -> T:
    """Return what ``work`` returns; do it again, after pauses that grow, while too many files are open.

    Raises `TooManyOpenFilesError` in the end: it is about this process, and not about a row.
    """
    for pause in _PAUSES:
        try:
            return await work()
        except KycaidError as error:
            if not _is_for_want_of_room(error):
                raise
        slow_down()
        await sleep(pause)
    raise TooManyOpenFilesError(
        "bulk: this process has as many files and connections open as the system lets it (see ulimit -n). Raise that "
        "limit, or lower the concurrency. It is about none of the rows: run them again"
    )


def most_rows_at_once(wanted: int) -> int:
    """Return how many of so many rows can be under way at once, by the files that this process may open still."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        open_now = len(os.listdir("/dev/fd"))  # noqa: PTH208 - a count, and no paths
    except (ImportError, OSError):  # Windows, where there is no such limit; or a system that does not say
        return wanted
    if limit == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(1, (limit - open_now - _SPARE) // _PER_ROW))


def _is_for_want_of_room(error: KycaidError) -> bool:
    # By its text, for an error does not keep the system's own: that holds the path of a file.
    return any(f"({reason})" in str(error) or f": {reason})" in str(error) for reason in _REASONS)
