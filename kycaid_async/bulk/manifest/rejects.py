"""The file of the rows that could not be delivered, to be mended and run again."""

import filecmp
import os
import re
import stat
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path
from typing import Final, Self

from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow

_MARK = re.compile(r"\.(rejects|uncertain)(-\d+)?(?=\.|$)")
REJECTS: Final = "rejects"
UNCERTAIN: Final = "uncertain"
"""What stands in the name of a file of rows of which nobody can tell whether they were delivered."""


class Rejects:
    """Writes rows as they stand in their manifest, each behind its line and the reason why it is here.

    It is a manifest of the same format, in the same folder, where its paths hold. Nobody but its owner may read it. At
    the end, a file without rows is gone, and so is one that says what that of an earlier run does: ``path`` is then the
    earlier one.
    """

    def __init__(self, path: str | os.PathLike[str], manifest: Manifest, *, mark: str = REJECTS) -> None:
        self.path = Path(path)
        self._mark = mark
        self.count = 0
        self._manifest = manifest
        # Never over a file that somebody may have begun to mend, and never through a link that somebody put there.
        if _is_left_over(self.path):
            self.path.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        self._file = open(self.path, "wb", opener=lambda name, _: os.open(name, flags, 0o600))  # noqa: SIM115 - see __exit__
        self._writer = manifest.form.writer(self._file)

    def add(self, row: ManifestRow | BadRow, reason: str) -> None:
        """Write ``row``."""
        self.count += 1
        self._writer.add(row.raw, line=row.line or 0, reason=" ".join(reason.split()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.count:
                self._writer.close()
        finally:
            self._file.close()
        if not self.count:
            self.path.unlink(missing_ok=True)
            return
        for earlier in takewhile(os.path.lexists, _names(self._manifest.path, self._mark)):
            if earlier != self.path and not earlier.is_symlink() and filecmp.cmp(earlier, self.path, shallow=False):
                self.path.unlink()
                self.path = earlier
                return


def rejects_of(manifest: str | os.PathLike[str], *, mark: str = REJECTS) -> Path:
    """Return a name for the rejects of ``manifest`` beside it that no file has: ``people.rejects.csv``, and so on."""
    return next(name for name in _names(manifest, mark) if not os.path.lexists(name) or _is_left_over(name))


def _is_left_over(path: Path) -> bool:
    """Say whether ``path`` is a file without rows, which a run left that was killed."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def _names(manifest: str | os.PathLike[str], mark: str) -> Iterator[Path]:
    path = origin_of(manifest)
    for number in count(1):
        # One with macros has none of them any more.
        suffix = ".xlsx" if path.suffix.lower() == ".xlsm" else path.suffix
        yield path.with_name(f"{path.stem}.{mark}{'' if number == 1 else f'-{number}'}{suffix}")


def origin_of(manifest: str | os.PathLike[str]) -> Path:
    """Return the manifest that ``manifest`` holds the rejects of, by its name; itself when it holds none."""
    path = Path(manifest)
    return path.with_name(_MARK.sub("", path.name))
