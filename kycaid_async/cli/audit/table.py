"""``--csv`` of an audit: a row for each row of the manifest, fit for a spreadsheet."""

import csv
import os
from pathlib import Path
from typing import Final, Self

from kycaid_async.bulk.audit import AuditResult
from kycaid_async.bulk.tables import neutral

COLUMNS: Final = ("line", "key", "status", "applicant_id", "document_ids", "reason", "what_to_do")


class AuditCsv:
    """Writes results as they come. Nobody but its owner may read the file. Raises `OSError`."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        self._file = open(  # noqa: SIM115 - closed by __exit__
            path,
            "w",
            encoding="utf-8",
            errors="backslashreplace",
            newline="",
            opener=lambda name, _: os.open(name, flags, 0o600),
        )
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def add(self, result: AuditResult) -> None:
        """Write a result."""
        line = "" if result.line is None else str(result.line)
        ids = " ".join(result.document_ids)
        cells = [line, result.key or "", result.status, result.applicant_id or "", ids, result.reason, result.advice]
        self._writer.writerow([neutral(cell) for cell in cells])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def is_of_an_audit(path: Path) -> bool:
    """Say whether a file is one of these, or has nothing in it."""
    try:
        with path.open("rb") as file:
            head = file.readline(1000)
    except OSError:
        return False
    return head.strip() in (b"", ",".join(COLUMNS).encode())
