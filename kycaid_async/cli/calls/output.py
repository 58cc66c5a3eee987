"""Answers on the standard output: JSON for programs and for people, CSV, and plain text."""

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Literal

import attrs

from kycaid_async.bulk.tables import neutral
from kycaid_async.cli.json_io import write_json
from kycaid_async.cli.problems import one_line, say
from kycaid_async.values.fields import fields_of
from kycaid_async.values.model import Response

Format = Literal["json", "csv", "text"]


@attrs.define
class Output:
    """Writes objects as they come. Raises `OSError`."""

    _fields: Sequence[str]
    """Names of the only fields to write, with dots for what is inside: ``applicant_id``, ``documents.type``."""
    _format: Format = "json"
    _model: type[Response] | None = None
    """What the objects are, for the columns of a table."""
    _columns: list[str] | None = attrs.field(default=None, init=False)
    _missed: set[str] = attrs.field(factory=set, init=False)
    _count: int = attrs.field(default=0, init=False)

    def write(self, value: Any) -> None:
        """Write an object."""
        if not self._count:
            self._missed = set(self._fields)
            if self._format != "json" and isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
                # As spreadsheets and programs expect, on Windows too. An answer may hold half a surrogate pair.
                sys.stdout.reconfigure(encoding="utf-8", errors="replace")
        self._count += 1
        if self._fields:
            value = {name: self._pick(value, name) for name in self._fields}
        if self._format == "json":
            write_json(value)
        else:
            self._write_row(value if isinstance(value, dict) else {"value": value})

    def end(self) -> None:
        """Say on stderr what was asked for and was in none of the objects, and on a terminal that there were none."""
        if not self._count:
            if self._format == "csv" and (columns := self._known_columns()):
                self._write_cells(columns)
            if sys.stdout.isatty():
                say("nothing: the list is empty")
        for name in sorted(self._missed):
            near = get_close_matches(name, self._names(), n=1)
            guess = f"; did you mean {near[0]}?" if near else ""
            say(f"--fields: nothing here has {name}{guess}")

    def _names(self) -> list[str]:
        return [field.name for field in fields_of(self._model)] if self._model else []

    def _known_columns(self) -> list[str]:
        return list(self._fields) or self._names()

    def _pick(self, value: Any, path: str) -> Any:
        picked, found = _at(value, path.split("."))
        if found:
            self._missed.discard(path)
        return picked

    def _write_row(self, row: dict[str, Any]) -> None:
        if self._columns is None:
            self._columns = self._known_columns() or list(row)
            if self._format == "csv":
                self._write_cells(self._columns)
        self._write_cells([_cell(row.get(name)) for name in self._columns])

    def _write_cells(self, cells: Sequence[str]) -> None:
        if self._format == "csv":
            # A terminal would obey what stands in a cell.
            shown = map(one_line, cells) if sys.stdout.isatty() else cells
            csv.writer(sys.stdout, lineterminator="\n").writerow([neutral(cell) for cell in shown])
        else:
            sys.stdout.write("\t".join(map(one_line, cells)) + "\n")


def _at(value: Any, path: Sequence[str]) -> tuple[Any, bool]:
    """Return what stands at a path, and whether anything does; of a list, what stands there in each entry."""
    if not path:
        return value, True
    if isinstance(value, list):
        entries = [_at(entry, path) for entry in value]
        return [entry for entry, _ in entries], not entries or any(found for _, found in entries)
    if isinstance(value, dict) and path[0] in value:
        return _at(value[path[0]], path[1:])
    return None, False


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def rows_of(value: Any) -> Iterator[Any]:
    """Give the objects of an answer: of a list, each."""
    if isinstance(value, list):
        yield from value
    else:
        yield value
