"""Manifests to read, and the files that they name."""

import csv
import json
from pathlib import Path
from typing import Any

from kycaid_async import BadRow, ManifestRow
from tests.pictures import picture

APPLICANT = "1" * 36


def row(**fields: Any) -> dict[str, Any]:
    """A row that is good, but for what ``fields`` say; None leaves a column out."""
    made = {"applicant_id": APPLICANT, "type": "PASSPORT", "front_side": "front.png"} | fields
    return {name: value for name, value in made.items() if value is not None}


def new(external_id: str = "person-1", **fields: Any) -> dict[str, Any]:
    """A good row for an applicant to make."""
    return row(**{"applicant_id": None, "applicant.external_applicant_id": external_id} | fields)


def write_csv(path: Path, rows: list[dict[str, Any]], *, encoding: str = "utf-8", **dialect: Any) -> Path:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, **dialect)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: list[Any], *, encoding: str = "utf-8") -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding=encoding)
    return path


WRITERS = {"csv": write_csv, "jsonl": write_jsonl}


def with_pictures(folder: Path, *names: str) -> Path:
    for name in names or ("front.png",):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_bytes(picture(400))
    return folder


def said(found: ManifestRow | BadRow) -> Any:
    """What a row says, without where it stands."""
    if isinstance(found, BadRow):
        return found.problems
    return found.document, found.applicant_id, found.applicant, dict(found.written), found.key


def reasons(rows: list[Any]) -> dict[int, str]:
    return {row.line: row.reason for row in rows if isinstance(row, BadRow)}
