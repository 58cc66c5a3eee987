"""JSON Lines manifests: an object on each line."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn, TextIO

import attrs

from kycaid_async.bulk.manifest.lines import LONGEST, lines_of
from kycaid_async.bulk.manifest.places import Reach
from kycaid_async.bulk.manifest.row import APPLICANT, BadRow, ManifestRow, is_text, read_row
from kycaid_async.errors import FieldProblem, ManifestError
from kycaid_async.values.mismatch import kind


@attrs.frozen
class JsonForm:
    """JSON Lines have no layout but their own."""

    @classmethod
    def of(cls, name: str, first: str) -> "JsonForm":
        """Look at the first line. Raises `ManifestError`."""
        if first.lstrip().startswith("["):
            raise ManifestError(f"{name}: is one JSON list; write each object on a line of its own")
        return cls()

    def rows(self, file: TextIO, *, reach: Reach) -> Iterator[ManifestRow | BadRow]:
        """Give the row of each line that is not blank."""
        for number, text in lines_of(file):
            if len(text) == LONGEST:
                problem = FieldProblem("row", f"at most {LONGEST:,} characters", "more")
                yield BadRow(line=number, problems=(problem,), raw=text.rstrip("\r\n"))
            elif text.strip():
                yield _row(text, number, reach)

    def header(self) -> str:
        """Return what a rejects file begins with: nothing."""
        return ""

    def reject(self, raw: Any, *, line: int, reason: str) -> str:
        """Return the line of a rejects file for what stands in ``raw``: an object, or text that is none."""
        front = {"line": line, "error": reason}
        if isinstance(raw, dict):
            rest = {name: value for name, value in raw.items() if name not in front}
            return _dumps(front | rest) + "\n"
        head, text = _dumps(front), str(raw).strip()
        # In the front of the broken object, so that mending it makes a row again.
        return (f"{head[:-1]}, {text[1:]}" if text.startswith("{") else f"{head} {text}") + "\n"


def _row(text: str, line: int, reach: Reach) -> ManifestRow | BadRow:
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
        if isinstance(found, dict):
            return read_row(_flat(found), line=line, reach=reach, raw=found)
        problem = FieldProblem("row", "an object", kind(found))
    except _TwiceError as twice:
        problem = FieldProblem("row", "each name once", f"{twice.args[0]} twice")
    except (ValueError, RecursionError):
        problem = FieldProblem("row", "a JSON object", "other text")
    return BadRow(line=line, problems=(problem,), raw=text.rstrip("\r\n"))


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
