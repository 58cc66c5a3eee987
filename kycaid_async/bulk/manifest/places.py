"""Places of files that rows name: which folders and URLs a manifest reaches, and how they are read."""

import errno
import os
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final, Self

import attrs

from kycaid_async.bulk.digests import normal_path
from kycaid_async.bulk.manifest.converted import ConvertedSource
from kycaid_async.bulk.remote.source import RemoteSource
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.bulk.row import BulkSource
from kycaid_async.errors import ConfigurationError
from kycaid_async.uploads import sources
from kycaid_async.uploads.path_hint import hint
from kycaid_async.uploads.path_source import PathSource
from kycaid_async.uploads.reader import CHUNK, Source

AnyPath = str | os.PathLike[str]

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


@attrs.frozen(kw_only=True)
class Reach:
    """Reach of one manifest's rows: files of its folder, and what was allowed beside them."""

    start: str
    """The manifest's folder as it was given: where relative paths start."""
    folders: tuple[str, ...]
    """Without links; the first is the manifest's own."""
    spelt: tuple[str, ...]
    """The same as somebody wrote them."""
    urls: UrlRules | None
    """None when no URL may be read."""
    as_jpeg: bool = False
    """True when HEIC pictures are converted."""

    @classmethod
    def of(cls, folder: str, outside: Sequence[AnyPath], urls: UrlRules | None, *, as_jpeg: bool = False) -> "Reach":
        """Return the reach of a manifest in ``folder``. Raises `ConfigurationError` when ``outside`` is one path."""
        if isinstance(outside, str | os.PathLike):
            raise ConfigurationError("outside: expected a list of folders, got one path")
        folders = [folder, *(os.fspath(other) for other in outside)]
        return cls(
            start=folder,
            folders=tuple(map(os.path.realpath, folders)),
            spelt=tuple(map(os.path.abspath, folders)),
            urls=urls,
            as_jpeg=as_jpeg,
        )

    def place(self, written: str) -> "Place":
        """Return the place that a manifest means by what is ``written`` in it."""
        if is_url(written):
            return Place(written, written, self)
        path = self._path(written)
        # A Path would change how it is spelt.
        return Place(os.path.join(self.start, path), path, self)  # noqa: PTH118 - a Path would change how it is spelt

    def _path(self, written: str) -> str:
        # Written on Windows; elsewhere such a sign may be a part of a name, and then a file of that name is there.
        if os.sep == "/" and "\\" in written and not os.path.lexists(os.path.join(self.start, written)):  # noqa: PTH118 - a Path would change how it is spelt
            return written.replace("\\", "/")
        return written

    def known_as(self, written: str) -> str:
        """Return the normal form of what is ``written`` in the manifest, by which a ledger knows the file.

        ``..`` is taken out where it leads back from a folder, and left behind a link. It may look at folders. What is
        absolute stays so: of two folders, a relative path may name a file each.
        """
        if is_url(written):
            return written
        path = normal_path(self._path(written))
        if ".." not in path.split("/"):
            return path
        if os.path.isabs(path):  # noqa: PTH117 - a Path would change how it is spelt
            return _without_detours(path)
        whole = _without_detours(normal_path(os.path.join(self.folders[0], path)))  # noqa: PTH118 - a Path would change how it is spelt
        below = _below(normal_path(self.folders[0]))
        if os.path.normcase(whole).startswith(below):
            return whole[len(below) :]
        return _without_detours(path, start=self.folders[0])


class Place(str):
    """The path or the URL of a file that a manifest names, with what the manifest may reach."""

    __slots__ = ("reach", "written")

    written: str
    """As it stands in the manifest."""
    reach: Reach

    def __new__(cls, text: str, written: str, reach: Reach) -> Self:
        place = super().__new__(cls, text)
        place.written, place.reach = written, reach
        return place

    def __getnewargs__(self) -> tuple[str, str, Reach]:  # type: ignore[override]  # text has one argument
        return str(self), self.written, self.reach


def _without_detours(path: str, start: str = "") -> str:
    """Return a path without each ``..`` that leads back from a folder, and not from where a link leads."""
    parts: list[str] = []
    for part in path.split("/"):
        if part != ".." or not parts or parts[-1] == ".." or _is_link(start, parts):
            parts.append(part)
        elif parts != [""]:  # above the root there is nothing
            parts.pop()
    return "/".join(parts)


def _is_link(start: str, parts: Sequence[str]) -> bool:
    return os.path.islink(os.path.join(start, "/".join(parts)))  # noqa: PTH114, PTH118 - a Path would change how it is spelt


def source_of(side: BulkSource, urls: UrlRules, *, first: int = CHUNK) -> Source:
    """Return the source of a side. What a manifest names keeps to the manifest's reach, the rest to ``urls``.

    ``first`` is how many bytes of a remote file are read when it is opened.
    """
    if isinstance(side, Place):
        source = _of_manifest(side, side.reach, first)
        return ConvertedSource(source) if side.reach.as_jpeg else source
    return RemoteSource(str(side), first, urls) if is_url(side) else sources.source_of(side)


def _of_manifest(place: Place, reach: Reach, first: int) -> Source:
    if is_url(place):
        return RemoteSource(str(place), first, reach.urls)
    opener = partial(open_within, place.written, folders=reach.folders, spelt=reach.spelt)
    return PathSource(
        str(place),
        opener=lambda _, flags: opener(flags),
        # Not by its name: reasons stand in reports and in files of rejects.
        hint=lambda _: hint(place.written, folder=reach.folders[0], named=False),
    )


def is_url(place: Any) -> bool:
    """Say whether ``place`` is the URL of a remote file, and not a path."""
    return isinstance(place, str) and "://" in place


# Local files stay within folders: no link leads out of them, also when it is made between a look and the opening.


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
