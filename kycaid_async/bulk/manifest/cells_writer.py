"""Rows of typed cells, written back into tables."""

from collections.abc import Callable
from typing import Any

import attrs

from kycaid_async.bulk.manifest.format import Columns
from kycaid_async.bulk.manifest.row import EXTRA, column_type
from kycaid_async.bulk.manifest.sheets.cells import SheetCell
from kycaid_async.bulk.tables import TableFormat


@attrs.define
class CellsWriter:
    """Writes cells as they stand in a manifest: numbers and dates stay what they are, so that they are judged again.

    The table is begun with the first row, and the file has something in it when it is closed.
    """

    _columns: Columns
    _begin: Callable[[list[tuple[str, type]]], TableFormat]
    _type: type
    """What cells are: ``object`` for what they were, or ``str``."""
    _table: TableFormat | None = None

    def add(self, raw: Any, *, line: int, reason: str) -> None:
        names = self._columns.names
        kept = [number for number, name in enumerate(names) if name not in EXTRA]
        if self._table is None:
            self._table = self._begin([*((name, str) for name in EXTRA), *((names[at], self._type) for at in kept)])
        self._table.add([str(line), reason, *(self._value(raw[at], at) if at < len(raw) else "" for at in kept)])

    def _value(self, cell: str, at: int) -> Any:
        if not isinstance(cell, SheetCell):
            return cell
        target = self._columns.targets[at]
        if target is None:  # it is not read
            return cell.value if cell.shown is None else cell.value_as_text
        return cell.value_as_text if column_type(target) is str else cell.value

    def close(self) -> None:
        if self._table is not None:
            self._table.finish()
