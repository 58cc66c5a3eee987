"""The folder of a sandbox: the database and the uploaded files.

One that keeps nothing is gone at its end, and after a kill at the next start of any sandbox.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Final

from kycaid_async.errors import ConfigurationError
from kycaid_async.extras import is_installed
from kycaid_async.sandbox.storage.database import MEMORY, Store
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.uploads.path_source import why_not_opened

OWN: Final = "kycaid-upload-"
"""How the names of stored files begin, so that they are never taken for somebody else's."""
_NAME: Final = re.compile(rf"{OWN}[0-9a-f]{{36}}", re.ASCII)
_HAS_LOCKS: Final = is_installed("fcntl")
"""Windows has none: there, a file that is open cannot be removed, and that is the lock."""
_PREFIX: Final = "kycaid-sandbox-"
_LOCK: Final = "in-use"


@contextmanager
def opened_folder(data: Path | None) -> Iterator[tuple[Store, Path]]:
    """Open the database and the folder of files kept in ``data``, or new ones that are gone at the end."""
    with _temporary_folder() if data is None else nullcontext(data) as root:
        folder = root / "files"
        _make(folder)
        _refuse_links(folder, *root.glob("sandbox.sqlite3*"))
        if data and _names_another_file(root / "sandbox.sqlite3-journal"):
            raise ConfigurationError("the sandbox's data hold a journal that names another file: they are not used")
        store = Store(str(root / "sandbox.sqlite3") if data else MEMORY)
        try:
            _sweep(store, folder)
            with store.transaction() as statements:
                UnitOfWork(statements).applicants.index_if_new()
            yield store, folder
        finally:
            store.close()


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove stored files. It blocks: call it in a thread."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _names_another_file(journal: Path) -> bool:
    # Here, because the room of the ledger takes a tenth of the start of a sandbox, and few keep their data.
    from kycaid_async.bulk.ledger.lock import names_another_file

    return names_another_file(str(journal))


def _refuse_links(*paths: Path) -> None:
    """Raise `ConfigurationError` for one that leads elsewhere: the data may be a stranger's."""
    for path in paths:
        if path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir())):
            raise ConfigurationError("the sandbox's data hold a link or a device in the place of a file: not used")


def _make(folder: Path) -> None:
    try:
        # What is uploaded is personal, also on a shared machine.
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        _refuse_links(folder)
        folder.chmod(0o700)
    except (OSError, UnicodeEncodeError) as error:
        reason = why_not_opened(str(folder), error)
        raise ConfigurationError(f"the sandbox cannot keep its data in {folder.parent}: {reason}") from error


def _sweep(store: Store, folder: Path) -> None:
    """Remove what an interrupted upload of a killed sandbox left behind, and nothing that is not ours."""
    with store.transaction() as statements:
        kept = UnitOfWork(statements).files.stored_names()
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in kept):
        raise ConfigurationError("the sandbox's data name a file that no sandbox stored: they are not used")
    _refuse_links(*(folder / name for name in kept))
    for path in folder.glob(f"{OWN}*"):
        if path.name not in kept and path.is_file():
            path.unlink()


@contextmanager
def _temporary_folder() -> Iterator[Path]:
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
