"""``kycaid manifest``: the check of a manifest, and a new one for a folder of scans."""

import json
import os
import shutil
import sys
import textwrap
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.bulk.manifest.check import check_manifest
from kycaid_async.bulk.manifest.groups import ProblemGroups
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow, is_text
from kycaid_async.bulk.manifest.scans import TO_FILL_IN, Scans, scans_in
from kycaid_async.bulk.row import SIDES, BulkVerification
from kycaid_async.bulk.tables import neutral, write_table
from kycaid_async.cli.problems import Problem, UsageProblem, one_line
from kycaid_async.errors import ConfigurationError, ManifestError
from kycaid_async.extras import is_installed
from kycaid_async.shell import command_line
from kycaid_async.signals import run_async
from kycaid_async.uploads.reader import in_thread

_WRONG_MANIFEST = 2
_UNFIT: Final = (
    "files whose names, or those of their folders, are no text in UTF-8, or have blanks at an edge or control "
    "characters; rename them"
)
_FORMULAS: Final = "documents whose names a spreadsheet would take for formulas in CSV; write .xlsx or .jsonl"


@attrs.define
class ManifestFindings:
    """The findings of a check of a manifest."""

    manifest: Manifest
    rows: int = 0
    groups: ProblemGroups = attrs.field(factory=ProblemGroups)
    remarks: Counter[str] = attrs.field(factory=Counter)

    def note(self, row: ManifestRow | BadRow | BulkVerification) -> None:
        """Count a row."""
        self.rows += 1
        if isinstance(row, BadRow):
            self.groups.add(row)
        elif isinstance(row, ManifestRow):
            self.remarks.update(row.remarks)


def run_check(path: Path, options: ManifestOptions, *, as_json: bool) -> tuple[list[str], int]:
    """Return the lines to print and the exit code. Raises `Problem`."""
    try:
        found = run_async(_look, path, options)
    except ManifestError as error:
        raise UsageProblem(error.message) from error
    except ModuleNotFoundError as error:
        raise Problem(str(error)) from error
    lines = [json.dumps(_as_json(found))] if as_json else [*map(one_line, _lines(path, found))]
    return lines, _WRONG_MANIFEST if found.groups.rows else 0


async def _look(path: Path, options: ManifestOptions) -> ManifestFindings:
    found = ManifestFindings(Manifest.of(path, options))
    if found.manifest.names_documents:
        async for row in check_manifest(found.manifest):
            found.note(row)
    else:
        await in_thread(lambda: deque(map(found.note, found.manifest.asked()), maxlen=0))
    return found


def _lines(path: Path, found: ManifestFindings) -> Iterator[str]:
    yield from (f"guessed: {note}" for note in found.manifest.notes)
    yield from map(str, found.groups)
    yield from found.groups.explanations
    yield from (f"{count:,} rows: {remark}" for remark, count in found.remarks.items())
    rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
    if not found.rows:
        yield f"{path}: has no rows."
    elif found.groups.rows:
        yield f"{path}: {rows}, {found.groups.rows:,} of them bad."
    else:
        ids = "" if found.manifest.names_documents else " It names applicants and no documents: kycaid verify takes it."
        yield f"{path}: {rows}, all good.{ids}"


def _as_json(found: ManifestFindings) -> dict[str, object]:
    groups = [{"problem": group.text, "rows": group.rows, "lines": group.lines} for group in found.groups]
    return {
        "rows": found.rows,
        "bad": found.groups.rows,
        "guessed": found.manifest.notes,
        "problems": groups,
        "remarks": dict(found.remarks),
    }


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
            raise Problem(
                f"{folder}: no file in it is a document that fits; --pattern says what stands in their names."
                f"{_left_out(scans.unfit, _UNFIT)}"
            )
        start = folder.resolve().relative_to(output.resolve().parent)
        if not is_text(str(start)):
            raise UsageProblem(f"{output}: paths of its rows would not be text in UTF-8; write it into {folder}")
        formulas = _put_into(scans, start, output)
        write_table(output, scans.columns, ([row.get(name, "") for name in scans.columns] for row in scans.rows))
    except ConfigurationError as error:
        raise UsageProblem(error.message.replace("pattern:", "--pattern:", 1)) from error
    except ModuleNotFoundError as error:
        raise Problem(str(error)) from error
    except OSError as error:
        raise Problem(f"{error.filename or output}: {error.strerror}") from error
    skipped = f" Skipped: {scans.skipped:,} files that are no documents or do not fit." if scans.skipped else ""
    skipped += _left_out(scans.unfit, _UNFIT) + _left_out(formulas, _FORMULAS)
    types = f", and type where it is empty ({scans.without_type:,} rows)" if scans.without_type else ""
    command = command_line(["kycaid", "manifest", "check", str(output)])
    return [
        one_line(f"{output}: {scans.people:,} people, {len(scans.rows):,} documents.{skipped}"),
        one_line(f"Fill in {' and '.join(TO_FILL_IN)}{types}. Then run: {command}"),
    ]


def _put_into(scans: Scans, start: Path, output: Path) -> int:
    """Let the paths of rows begin with ``start``; return how many rows a CSV cannot hold, which are taken away."""
    rows = [{**row, **{side: (start / row[side]).as_posix() for side in SIDES if side in row}} for row in scans.rows]
    # A cell that would be run as a formula gets an apostrophe, and then it is another path, or another id.
    is_csv = output.suffix.lower() == ".csv"
    scans.rows = [row for row in rows if not is_csv or all(neutral(cell) == cell for cell in row.values())]
    left_out = len(rows) - len(scans.rows)
    if not scans.rows:
        raise Problem(f"{output}: nothing was written.{_left_out(left_out, _FORMULAS)}")
    return left_out


def _left_out(count: int, why: str) -> str:
    return f" Left out: {count:,} {why}." if count else ""


def _type_of(name: str | None) -> str | None:
    if name is None:
        return None
    kind = DocumentType(name.strip().upper().replace("-", "_"))
    if not kind.is_known:
        raise UsageProblem(f"--type: expected one of {', '.join(DocumentType)}")
    return kind


def for_terminal(lines: Sequence[str]) -> str:
    """Return ``lines`` as one text; on a terminal, longer ones are broken between words."""
    if not sys.stdout.isatty():
        return "\n".join(lines)
    width = shutil.get_terminal_size().columns
    return "\n".join(textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False) for line in lines)
