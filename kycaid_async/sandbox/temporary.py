"""The folder of a sandbox that keeps nothing: gone at its end, and after a kill at the next start of any sandbox."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

_PREFIX: Final = "kycaid-sandbox-"
_LOCK: Final = "in-use"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that only its user can read, and remove it at the end; first those of processes that were killed.

    On Windows the folder of a process that was killed stays.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # In use, not ours, or gone meanwhile.
        with suppress(OSError):
            _remove_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with _in_use(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    # Under its name only once it is locked: one that is not locked marks what a killed process left.
    draft = folder / "starting"
    lock = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        draft.rename(folder / _LOCK)
        yield
    finally:
        os.close(lock)


def _remove_if_left(folder: Path) -> None:
    """Remove a folder whose process is gone. Raises `OSError` for one that is in use, or not marked as ours."""
    if sys.platform == "win32" or folder.lstat().st_uid != os.getuid():
        return
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
