"""Manifests: files that list what to deliver, as CSV or as JSON Lines.

They are read a row at a time. A row that cannot be delivered is given as a `BadRow`, and the reading goes on.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import attrs

from kycaid_async.bulk.manifest.csv_format import CsvForm
from kycaid_async.bulk.manifest.jsonl_format import JsonForm
from kycaid_async.bulk.manifest.lines import LONGEST
from kycaid_async.bulk.manifest.places import AnyPath, Reach
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.errors import ManifestError
from kycaid_async.masking import shown_name
from kycaid_async.uploads.path_source import why_not_opened

_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")


@attrs.frozen(kw_only=True)
class Manifest:
    """A manifest whose form is known: CSV with its columns, or JSON Lines."""

    path: str
    form: CsvForm | JsonForm
    reach: Reach = attrs.field(repr=False)

    @classmethod
    def open(cls, path: AnyPath, *, outside: Sequence[AnyPath] = (), urls: UrlRules | None = None) -> "Manifest":
        """Look at the first line. Raises `ManifestError` when the file cannot be a manifest.

        ``outside`` and ``urls`` are what its rows may read beside the files of its folder: see `read_manifest`.
        """
        name = os.fspath(path)
        reach = Reach.of(str(Path(name).parent), outside, urls)
        with _reading(name) as file:
            first = next((line for line in iter(lambda: file.readline(LONGEST), "") if line.strip()), "")
            if not first:
                raise ManifestError(f"{shown_name(name)}: is empty")
            if "\0" in first:
                raise ManifestError(f"{shown_name(name)}: is not text in UTF-8; save it as such")
            if first.lstrip().startswith("{") or name.lower().endswith(_JSON_ENDINGS):
                return cls(path=name, form=JsonForm.of(shown_name(name), first), reach=reach)
            return cls(path=name, form=CsvForm.of(shown_name(name), first), reach=reach)

    def rows(self) -> Iterator[ManifestRow | BadRow]:
        """Give each row, good or bad, in the order of the file. Raises `ManifestError` when it cannot be read."""
        with _reading(self.path) as file:
            yield from self.form.rows(file, reach=self.reach)

    def reject(self, row: ManifestRow | BadRow, reason: str) -> str:
        """Return the line of a rejects file for ``row``: what stood there, behind its line and the reason."""
        return self.form.reject(row.raw, line=row.line or 0, reason=reason)


def read_manifest(
    path: AnyPath, *, outside: Sequence[AnyPath] = (), urls: UrlRules | None = None
) -> Iterator[ManifestRow | BadRow]:
    """Give each row of a CSV or JSON Lines manifest, in order, and never hold more than one of them.

    A row is a `ManifestRow` that ``client.bulk.upload`` takes, or a `BadRow` with its line and all that is wrong with
    it. Files are not looked at: see `check_manifest`.

    A manifest may come from somebody else, so its rows reach no files but those in its folder and below, whatever they
    name and whatever links stand there: a row that names another one fails. ``outside`` are more folders that they may
    reach. ``urls`` are the rules for URLs; by default none is read. Hard links cannot be told from files.

    A ledger knows a row by what stands in it, with relative paths as
    they are written: use one ledger for the manifests of one folder. Raises `ManifestError` when the file cannot be
    read, is a pipe, or has columns that no manifest has.
    """
    return Manifest.open(path, outside=outside, urls=urls).rows()


@contextmanager
def _reading(path: str) -> Iterator[TextIO]:
    try:
        # Before it is opened: a pipe is read once, and a manifest is read twice.
        if not stat.S_ISREG(mode := _mode(path)) and not stat.S_ISDIR(mode):
            raise ManifestError(
                f"{shown_name(path)}: is no regular file; write the rows to one, for they are read twice"
            )
        # Bytes that are no text come through as such, and are found in the row that has them.
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:  # noqa: PTH123
            yield file
    except OSError as error:
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - a path that is no text for this system stays as it is
    except UnicodeEncodeError as error:
        raise ManifestError(f"{shown_name(path)}: cannot be read ({why_not_opened(path, error)})") from error
