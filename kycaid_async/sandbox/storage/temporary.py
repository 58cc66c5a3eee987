"""The folder of a sandbox that keeps nothing: gone at its end, and after a kill at the next start of any sandbox."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from kycaid_async.errors import ConfigurationError
from kycaid_async.extras import is_installed

_HAS_LOCKS: Final = is_installed("fcntl")
"""Windows has none: there, a file that is open cannot be removed, and that is the lock."""
_PREFIX: Final = "kycaid-sandbox-"
_LOCK: Final = "in-use"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that only its user can read, and remove it at the end; first those of processes that were killed.

    Raises `ConfigurationError` where no folder can be made.
    """
    try:
        for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            # In use, not ours, or gone meanwhile.
            with suppress(OSError):
                _remove_if_left(left)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise ConfigurationError(
            f"the sandbox needs a folder for what is uploaded, and no temporary one can be made ({error.strerror}): "
            "set TMPDIR (TEMP on Windows) to one that can be written, or give it a folder with data=, or --data"
        ) from error
    try:
        with _in_use(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    # Under its name only once it is locked: one that is not locked marks what a killed process left.
    draft = folder / ("starting" if _HAS_LOCKS else _LOCK)
    lock = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _HAS_LOCKS:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
            draft.rename(folder / _LOCK)
        yield
    finally:
        os.close(lock)


def _remove_if_left(folder: Path) -> None:
    """Remove a folder whose process is gone. Raises `OSError` for one that is in use, or not marked as ours."""
    if not _HAS_LOCKS:
        (folder / _LOCK).unlink()
        shutil.rmtree(folder)
        return
    import fcntl

    if folder.lstat().st_uid != os.getuid():
        return
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
