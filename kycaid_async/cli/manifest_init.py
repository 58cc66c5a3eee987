"""``kycaid manifest init``: a manifest for a folder of scans."""

import os
from pathlib import Path

from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.bulk.manifest.scans import TO_FILL_IN, scans_in
from kycaid_async.bulk.row import SIDES
from kycaid_async.bulk.tables import write_table
from kycaid_async.cli.problems import Problem, UsageProblem, one_line
from kycaid_async.errors import ConfigurationError
from kycaid_async.extras import is_installed
from kycaid_async.shell import command_line


def run_init(folder: Path, *, pattern: str | None, document_type: str | None, output: Path | None) -> list[str]:
    """Write the manifest, and return the lines to print. Raises `Problem`."""
    if not folder.is_dir():
        raise UsageProblem(f"{folder}: is not a folder")
    output = output or folder / ("manifest.xlsx" if is_installed("xlsxwriter") else "manifest.csv")
    if os.path.lexists(output):
        raise UsageProblem(f"{output}: exists; somebody may have filled it in, so it is not written over")
    if not folder.resolve().is_relative_to(output.resolve().parent):
        raise UsageProblem(f"{output}: must stand in {folder} or in a folder around it, where paths of its rows start")
    kind = _type_of(document_type)
    try:
        scans = scans_in(folder, pattern=pattern, document_type=kind)
        if not scans.rows:
            raise Problem(f"{folder}: no file in it is a document that fits; --pattern says what stands in their names")
        start = folder.resolve().relative_to(output.resolve().parent)
        rows = [
            {**row, **{side: (start / row[side]).as_posix() for side in SIDES if side in row}} for row in scans.rows
        ]
        write_table(output, scans.columns, ([row.get(name, "") for name in scans.columns] for row in rows))
    except ConfigurationError as error:
        raise UsageProblem(str(error).replace("pattern:", "--pattern:", 1)) from error
    except ModuleNotFoundError as error:
        raise Problem(str(error)) from error
    except OSError as error:
        raise Problem(f"{error.filename or output}: {error.strerror}") from error
    skipped = f" Skipped: {scans.skipped:,} files that are no documents or do not fit." if scans.skipped else ""
    types = f", and type where it is empty ({scans.without_type:,} rows)" if scans.without_type else ""
    command = command_line(["kycaid", "manifest", "check", str(output)])
    return [
        one_line(f"{output}: {scans.people:,} people, {len(rows):,} documents.{skipped}"),
        one_line(f"Fill in {' and '.join(TO_FILL_IN)}{types}. Then run: {command}"),
    ]


def _type_of(name: str | None) -> str | None:
    if name is None:
        return None
    kind = DocumentType(name.strip().upper().replace("-", "_"))
    if not kind.is_known:
        raise UsageProblem(f"--type: expected one of {', '.join(DocumentType)}")
    return kind
