"""The file of the rows that could not be delivered, to be mended and run again."""

import filecmp
import os
import re
import stat
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path
from typing import Any, Final, Self

from kycaid_async.bulk.manifest.csv_format import CsvForm
from kycaid_async.bulk.manifest.excel_format import ExcelForm
from kycaid_async.bulk.manifest.jsonl_format import JsonForm
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.parquet_format import ParquetForm
from kycaid_async.bulk.manifest.row import EXTRA, BadRow, ManifestRow
from kycaid_async.bulk.manifest.sheets.cells import SheetCell
from kycaid_async.bulk.tables import open_table

_MARK = re.compile(r"\.(rejects|uncertain)(-\d+)?(?=\.|$)")
REJECTS: Final = "rejects"
UNCERTAIN: Final = "uncertain"
"""What stands in the name of a file of rows of which nobody can tell whether they were delivered."""


class Rejects:
    """Writes rows as they stand in their manifest, each behind its line and the reason why it is here.

    It is a manifest of the same form, in the same folder, where its paths hold. Nobody but its owner may read it. At
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
        form = manifest.form
        self._sink = _Lines(self.path, form) if isinstance(form, CsvForm | JsonForm) else _Cells(self.path, form)

    def add(self, row: ManifestRow | BadRow, reason: str) -> None:
        """Write ``row``; of a manifest that is text it is on its way to the disk when this returns."""
        self.count += 1
        self._sink.add(row.raw, row.line or 0, " ".join(reason.split()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sink.close()
        if not self.count:
            self.path.unlink(missing_ok=True)
            return
        for earlier in takewhile(os.path.lexists, _names(self._manifest.path, self._mark)):
            if earlier != self.path and not earlier.is_symlink() and filecmp.cmp(earlier, self.path, shallow=False):
                self.path.unlink()
                self.path = earlier
                return


def _create(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, flags, 0o600)


class _Lines:
    """Rejects of a manifest that is text, in its encoding."""

    def __init__(self, path: Path, form: CsvForm | JsonForm) -> None:
        self._form = form
        self._empty = True
        self._encoding = form.encoding.name
        self._file = open(  # noqa: SIM115 - closed by close
            _create(path), "w", encoding=self._encoding, errors="surrogateescape", newline="", buffering=1
        )

    def add(self, raw: Any, line: int, reason: str) -> None:
        if self._empty:
            self._file.write(self._form.header())
            self._empty = False
        if not self._form.encoding.is_utf_8:
            reason = reason.encode(self._encoding, "replace").decode(self._encoding)
        self._file.write(self._form.reject(raw, line=line, reason=reason))

    def close(self) -> None:
        self._file.close()


class _Cells:
    """Rejects of a manifest that is a table: numbers and dates stay what they are, so that they are looked at again.

    The file has nothing in it before all rows are there.
    """

    def __init__(self, path: Path, form: ExcelForm | ParquetForm) -> None:
        os.close(_create(path))
        names = form.columns.names
        self._kept = [number for number, name in enumerate(names) if name not in EXTRA]
        kept = [names[number] for number in self._kept]
        kind = object if isinstance(form, ExcelForm) else str
        sheet = form.sheet if isinstance(form, ExcelForm) else ""
        self._table = open_table(
            path, [*((name, str) for name in EXTRA), *((name, kind) for name in kept)], sheet=sheet
        )

    def add(self, raw: Any, line: int, reason: str) -> None:
        cells = [raw[number] if number < len(raw) else "" for number in self._kept]
        self._table.add([str(line), reason, *(cell.value if isinstance(cell, SheetCell) else cell for cell in cells)])

    def close(self) -> None:
        self._table.close()


def rejects_of(manifest: str | os.PathLike[str], *, mark: str = REJECTS) -> Path:
    """Return a name for the rejects of ``manifest`` beside it that no file has: ``people.rejects.csv``, and so on."""
    return next(name for name in _names(manifest, mark) if not os.path.lexists(name) or _is_left_over(name))


def _is_left_over(path: Path) -> bool:
    """Say whether ``path`` is a file without rows, which a run left that was killed."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


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
