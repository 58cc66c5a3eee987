"""``kycaid manifest check``: what is said of a manifest."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import anyio
import attrs

from kycaid_async.bulk.manifest.check import check_manifest
from kycaid_async.bulk.manifest.groups import ProblemGroups
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.row import BadRow, ManifestRow
from kycaid_async.cli.problems import Problem, UsageProblem, one_line
from kycaid_async.errors import ManifestError

_WRONG_MANIFEST = 2


@attrs.define
class Findings:
    """What a look at a manifest came to."""

    manifest: Manifest
    rows: int = 0
    groups: ProblemGroups = attrs.field(factory=ProblemGroups)
    remarks: Counter[str] = attrs.field(factory=Counter)

    def note(self, row: ManifestRow | BadRow) -> None:
        """Count a row."""
        self.rows += 1
        if isinstance(row, BadRow):
            self.groups.add(row)
        else:
            self.remarks.update(row.remarks)


def run_check(path: Path, options: ManifestOptions, *, as_json: bool) -> tuple[list[str], int]:
    """Return the lines to print and the exit code. Raises `Problem`."""
    try:
        found = anyio.run(_look, path, options)
    except ManifestError as error:
        raise UsageProblem(str(error)) from error
    except ModuleNotFoundError as error:
        raise Problem(str(error)) from error
    lines = [json.dumps(_as_json(found))] if as_json else [*map(one_line, _lines(path, found))]
    return lines, _WRONG_MANIFEST if found.groups.rows else 0


async def _look(path: Path, options: ManifestOptions) -> Findings:
    found = Findings(Manifest.of(path, options))
    async for row in check_manifest(found.manifest):
        found.note(row)
    return found


def _lines(path: Path, found: Findings) -> Iterator[str]:
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
        yield f"{path}: {rows}, all good."


def _as_json(found: Findings) -> dict[str, object]:
    groups = [{"problem": group.text, "rows": group.rows, "lines": group.lines} for group in found.groups]
    return {
        "rows": found.rows,
        "bad": found.groups.rows,
        "guessed": found.manifest.notes,
        "problems": groups,
        "remarks": dict(found.remarks),
    }
