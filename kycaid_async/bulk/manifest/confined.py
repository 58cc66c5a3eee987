"""Files that stay within folders: no link leads out of them, also when it is made between a look and the opening."""

import errno
import os
from collections.abc import Iterable
from typing import Final

_OUTSIDE: Final = "it lies outside the manifest's folder; --allow-outside DIR, or outside=[DIR], allows it"
_FOLDER: Final = (
    getattr(os, "O_PATH", os.O_RDONLY)
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_LINKED: Final = frozenset({errno.ELOOP, errno.ENOTDIR, getattr(errno, "EMLINK", errno.ELOOP)})
"""What a system says when it is not to follow a link."""
_BY_FOLDER: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


class OutsideError(PermissionError):
    """A file that the manifest may not reach."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, _OUTSIDE)


def open_within(path: str, flags: int, *, folders: tuple[str, ...], spelt: tuple[str, ...]) -> int:
    """Return a descriptor of ``path``, which starts at the first of ``folders`` and must lie in one of them.

    ``folders`` are without links, ``spelt`` are the same as somebody wrote them. Raises `OutsideError` and `OSError`.
    """
    if _BY_FOLDER and not path.startswith("/"):
        parts = path.split("/")
        try:
            if ".." not in parts:
                return _descend(folders[0], parts, flags)
        except OSError as error:
            if error.errno not in _LINKED:
                raise
    whole = os.path.join(folders[0], path)  # noqa: PTH118 - a Path would change how it is spelt
    # By its letters first: on Windows the mere look at \\host\share sends a password's digest there.
    if not _is_in(os.path.abspath(whole), folders + spelt):  # noqa: PTH100 - the same
        raise OutsideError
    return _open_resolved(whole, flags, folders)


def _open_resolved(path: str, flags: int, folders: tuple[str, ...]) -> int:
    real = os.path.realpath(path)
    folder = _is_in(real, folders)
    if not folder:
        raise OutsideError
    if _BY_FOLDER:
        return _descend(folder, os.path.relpath(real, folder).split("/"), flags)
    fd = os.open(real, flags)
    # Without a way to open step by step: what was opened must be what stands there, with no link on the way to it.
    if os.path.realpath(path) != real or not os.path.samestat(os.fstat(fd), os.lstat(real)):
        os.close(fd)
        raise OutsideError
    return fd


def _descend(folder: str, parts: Iterable[str], flags: int) -> int:
    """Open a file below ``folder`` step by step, and follow no link on the way."""
    *folders, name = [part for part in parts if part not in {"", "."}] or ["."]
    at = os.open(folder, _FOLDER)
    try:
        for part in folders:
            below = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)


def _is_in(path: str, folders: Iterable[str]) -> str:
    """Return the folder in which ``path`` lies; empty when there is none."""
    plain = _below(path)
    return next((folder for folder in folders if plain.startswith(_below(folder))), "")


def _below(folder: str) -> str:
    return os.path.normcase(folder).rstrip(os.sep) + os.sep
