"""A record of a manifest: what stands in one place of a file, by columns, before anything is made of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from kycaid_async.bulk.manifest.column_names import Columns, trimmed
from kycaid_async.errors import FieldProblem


@attrs.frozen(kw_only=True)
class Record:
    """What stands in one place of a manifest."""

    line: int
    raw: Any = attrs.field(repr=False)
    """As it stands there: cells, an object, or text."""
    values: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """By the columns of a manifest."""
    problems: tuple[FieldProblem, ...] = ()
    """Why it has no values."""


def table_record(columns: Columns, cells: Sequence[str], *, line: int) -> Record | None:
    """Return the record of a row of a table; None for one without content.

    Empty cells at the end may be missing, as spreadsheets leave them out, or be too many.
    """
    width = len(columns.names)
    if not any(map(trimmed, cells)):
        return None
    if any(map(trimmed, cells[width:])):
        problem = FieldProblem("row", f"{width} cells", f"{len(cells)}")
        return Record(line=line, raw=cells, problems=(problem,))
    nameless = tuple(
        FieldProblem(f"column {number}", "no content, for it has no name", "some")
        for number, (name, cell) in enumerate(zip(columns.names, cells, strict=False), 1)
        if not name and trimmed(cell)
    )
    pairs = zip(columns.targets, cells, strict=False)
    return Record(
        line=line, raw=cells, problems=nameless, values={target: cell for target, cell in pairs if target is not None}
    )
