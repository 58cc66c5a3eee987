"""JSON Lines manifests: an object on each line."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import attrs

from kycaid_async.bulk.manifest.column_names import ColumnMap
from kycaid_async.bulk.manifest.format import LONGEST, Encoding, Record, TextFormat, open_text, trimmed
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.row import APPLICANT, is_text, unknown_columns
from kycaid_async.errors import FieldProblem, ManifestError
from kycaid_async.masking import shown_name
from kycaid_async.values.mismatch import kind


@attrs.frozen(kw_only=True)
class JsonLinesFormat(TextFormat):
    """JSON Lines: it has no columns to know but those that were named."""

    names: ColumnMap

    typed = False
    columns = None

    @classmethod
    def of(cls, path: str, encoding: Encoding, options: ManifestOptions) -> "JsonLinesFormat":
        """Look at the first line. Raises `ManifestError`."""
        with open_text(path, encoding) as file:
            first = next((line for line in iter(lambda: file.readline(LONGEST), "") if line.strip()), "")
        if not first:
            raise ManifestError(f"{shown_name(path)}: is empty")
        if "\0" in first:
            raise ManifestError(f"{shown_name(path)}: is not text in {encoding.name.upper()}; save it as such")
        if first.lstrip().startswith("["):
            raise ManifestError(f"{shown_name(path)}: is one JSON list; write each object on a line of its own")
        unknown = unknown_columns([column for column in options.columns.values() if column])
        if unknown:
            raise ManifestError(f"{shown_name(path)}: {'; '.join(map(str, unknown))}", problems=unknown)
        return cls(
            path=path,
            encoding=encoding,
            names={trimmed(name): column or None for name, column in options.columns.items()},
        )

    def records(self) -> Iterator[Record]:
        """Give what stands in each line that is not blank."""
        for number, text in self.lines():
            if len(text) == LONGEST:
                problem = FieldProblem("row", f"at most {LONGEST:,} characters", "more")
                yield Record(line=number, problems=(problem,), raw=text.rstrip("\r\n"))
            elif text.strip():
                yield self._record(text, number)

    def _record(self, text: str, line: int) -> Record:
        try:
            found = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
            if isinstance(found, dict):
                return Record(line=line, raw=found, values=self._values(found))
            problem = FieldProblem("row", "an object", kind(found))
        except _TwiceError as twice:
            problem = FieldProblem("row", "each name once", f"{twice.args[0]} twice")
        except (ValueError, RecursionError):
            problem = FieldProblem("row", "a JSON object", "other text")
        return Record(line=line, problems=(problem,), raw=text.rstrip("\r\n"))

    def _values(self, found: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in _flat(found).items():
            plain = trimmed(name)
            column = self.names.get(plain, plain)
            if column in values:
                raise _TwiceError("one")
            if column is not None:
                values[column] = value
        return values

    def header(self) -> str:
        """Return what a rejects file begins with."""
        return "\ufeff" if self.encoding.mark else ""

    def reject(self, raw: Any, *, line: int, reason: str) -> str:
        """Return the line of a rejects file for what stands in ``raw``: an object, or text that is none."""
        front = {"line": line, "error": reason}
        if isinstance(raw, dict):
            rest = {name: value for name, value in raw.items() if name not in front}
            return _dumps(front | rest) + "\n"
        head, text = _dumps(front), str(raw).strip()
        # In the front of the broken object, so that mending it makes a row again.
        return (f"{head[:-1]}, {text[1:]}" if text.startswith("{") else f"{head} {text}") + "\n"


class _TwiceError(ValueError):
    """A name stands twice in an object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _TwiceError("one")
    return made


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return ``record`` with the fields of an applicant's object under their column names."""
    person = record.get("applicant")
    if not isinstance(person, dict):
        return record
    below = {APPLICANT + name: value for name, value in person.items()}
    flat = {name: value for name, value in record.items() if name != "applicant"}
    if below.keys() & flat.keys():
        raise _TwiceError("a field of the applicant")
    return flat | below


def _dumps(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if is_text(text) else json.dumps(value)


def _refuse(_: str) -> NoReturn:
    raise ValueError
