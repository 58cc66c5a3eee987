"""The file of the rows that could not be delivered, to be mended and run again."""

import filecmp
import os
import re
import stat
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from kycaid_async.bulk.manifest.cells_writer import CellsWriter
from kycaid_async.bulk.manifest.format import Columns
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow
from kycaid_async.bulk.tables import CsvTable

_MARK = re.compile(r"\.(rejects|uncertain)(-\d+)?(?=\.|$)")
REJECTS: Final = "rejects"
UNCERTAIN: Final = "uncertain"
"""What stands in the name of a file of rows of which nobody can tell whether they were delivered."""


class Rejects:
    """Writes rows as they stand in their manifest, each behind its line and the reason why it is here.

    It is a manifest of the same format, in the same folder, where its paths hold, unless that cannot be written. Nobody
    but its owner may read it. At the end, a file without rows is gone, and so is one that says what that of an earlier
    run does: ``path`` is then the earlier one.

    A file that is only whole at its end, such as a workbook, has a copy beside it as long as it is written, row by row:
    ``people.rejects.xlsx.csv``. It is there after a run that was killed, and is never written over.
    """

    def __init__(self, path: str | os.PathLike[str], manifest: Manifest, *, mark: str = REJECTS) -> None:
        self.path = Path(path)
        self._mark = mark
        self.count = 0
        self._manifest = manifest
        # Never over a file that somebody may have begun to mend, and never through a link that somebody put there.
        if _is_left_over(self.path):
            self.path.unlink()
        self._file = _new(self.path)
        try:
            self._writer = manifest.form.writer(self._file)
            columns = manifest.form.columns
            self._copy = _Copy(_copy_of(self.path), columns) if manifest.form.typed and columns is not None else None
        except BaseException:
            self._file.close()
            self.path.unlink()
            raise

    def add(self, row: ManifestRow | BadRow, reason: str) -> None:
        """Write ``row``."""
        self.count += 1
        line, reason = row.line or 0, " ".join(reason.split())
        if self._copy is not None:
            self._copy.add(row.raw, line=line, reason=reason)
        self._writer.add(row.raw, line=line, reason=reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.count:
                self._writer.close()
            self._file.close()
            if self._copy is not None:
                self._copy.remove()
        finally:
            self._file.close()
            if self._copy is not None:
                self._copy.file.close()
        if not self.count:
            self.path.unlink(missing_ok=True)
            return
        for earlier in takewhile(os.path.lexists, _names(self._manifest.path, self._mark)):
            if earlier != self.path and not earlier.is_symlink() and filecmp.cmp(earlier, self.path, shallow=False):
                self.path.unlink()
                self.path = earlier
                return


class _Copy:
    """Rows as CSV, each on its way to the disk at once, as long as the file beside it is not whole."""

    def __init__(self, path: Path, columns: Columns) -> None:
        if _is_empty(path):
            path.unlink()
        self.path, self.file = path, _new(path)
        self._writer = CellsWriter(columns, lambda names: CsvTable(self.file, names), str)

    def add(self, raw: Any, *, line: int, reason: str) -> None:
        self._writer.add(raw, line=line, reason=reason)
        self.file.flush()

    def remove(self) -> None:
        self.file.close()
        self.path.unlink(missing_ok=True)


def _new(path: Path) -> BinaryIO:
    """Open a file that was not there, and that nobody but its owner may read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return open(path, "wb", opener=lambda name, _: os.open(name, flags, 0o600))


def _copy_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.csv")


def rejects_of(manifest: str | os.PathLike[str], *, mark: str = REJECTS) -> Path:
    """Return a name for the rejects of ``manifest`` beside it that no file has: ``people.rejects.csv``, and so on."""
    return next(name for name in _names(manifest, mark) if not os.path.lexists(name) or _is_left_over(name))


def _is_left_over(path: Path) -> bool:
    """Say whether ``path`` is a file without rows that a killed run left, with none in its copy either."""
    copy = _copy_of(path)
    return _is_empty(path) and (_is_empty(copy) or not os.path.lexists(copy))


def _is_empty(path: Path) -> bool:
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
    name = _MARK.sub("", path.name)
    if name == path.name:
        return path
    origin = path.with_name(re.sub(r"(\.xlsx|\.parquet)\.csv$", r"\1", name, flags=re.IGNORECASE))
    with_macros = origin.with_suffix(".xlsm")
    return with_macros if origin.suffix == ".xlsx" and not origin.exists() and with_macros.exists() else origin
