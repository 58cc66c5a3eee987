"""A manifest for a folder of scans, in which only names remain to be filled in."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import attrs

from kycaid_async.bulk.manifest.document_guesses import in_name, side_of, type_of
from kycaid_async.bulk.manifest.format import trimmed
from kycaid_async.bulk.manifest.row import APPLICANT, COLUMNS, is_text
from kycaid_async.bulk.row import SIDES
from kycaid_async.errors import ConfigurationError
from kycaid_async.uploads.kinds import FIRST_BYTES, kind_of

_PERSON: Final = APPLICANT + "external_applicant_id"
TO_FILL_IN: Final = (APPLICANT + "first_name", APPLICANT + "last_name")
"""Columns that are left empty."""
_MOST_WAYS: Final = 1000
"""Ways in which a name fits a pattern that are looked at: a separator may stand in a type, a side and an id too."""


@attrs.define
class Scans:
    """Documents in a folder, as far as the names of files tell."""

    rows: list[dict[str, str]] = attrs.field(factory=list, repr=False)
    """By column, a document each. Files are named from the folder on."""
    skipped: int = 0
    """Files that are no documents by their first bytes, or whose names do not fit the pattern."""
    unfit: int = 0
    """Documents whose paths cannot stand in a manifest as they are."""

    @property
    def people(self) -> int:
        """The number of applicants."""
        return len({row[_PERSON] for row in self.rows})

    @property
    def without_type(self) -> int:
        """Rows of which nobody can tell the type."""
        return sum(not row.get("type") for row in self.rows)

    @property
    def columns(self) -> list[str]:
        """The columns of its manifest, with those to fill in."""
        used = {name for row in self.rows for name in row}
        wanted = {_PERSON, *TO_FILL_IN, "type", "front_side", "back_side", *used}
        first = (_PERSON, *TO_FILL_IN, "type", *SIDES)
        return [name for name in (*first, *(other for other in COLUMNS if other not in first)) if name in wanted]


def scans_in(folder: Path, *, pattern: str | None = None, document_type: str | None = None) -> Scans:
    """Return the documents in ``folder``, by ``pattern`` or else with a folder a person.

    A pattern such as ``{external_applicant_id}_{type}_{side}.*`` says what stands in a path from the folder on: ``{…}``
    is a column, or one of an applicant without ``applicant.``, or ``side``; ``*`` is anything. Where a separator stands
    in a column too, such as in ``DRIVERS_LICENSE``, that way counts in which type and side are known words.
    ``document_type`` is for documents whose names do not tell. Raises `ConfigurationError` for a pattern that makes no
    sense, and `OSError`.
    """
    shape = _shape(pattern) if pattern is not None else None
    scans, found = Scans(), dict[tuple[str, str, str], dict[str, str]]()
    for path in _files(folder):
        relative = path.relative_to(folder).as_posix()
        said = _said(relative, shape)
        if said is None or not said.get(_PERSON) or not _is_document(path):
            scans.skipped += 1
            continue
        if not all(map(_reads_back, (relative, *said.values()))):
            scans.unfit += 1
            continue
        kind, side = said.pop("type", "") or document_type or "", said.pop("side", "")
        rest = "" if side else relative  # two files of which none is said to be a side are two documents
        row = _free(found, (said[_PERSON], kind, rest), side or "front_side")
        row |= said | {"type": kind, side or "front_side": relative}
    for row in found.values():
        _begin_with_front(row)
        scans.rows.append(row)
    return scans


def _reads_back(text: str) -> bool:
    """Say whether a cell with ``text`` is read as the same: no bytes that are no text, and nothing unseen around it."""
    return is_text(text) and trimmed(text) == text and not re.search(r"[\x00-\x1f\x7f]", text)


def _free(found: dict[tuple[str, str, str], dict[str, str]], key: tuple[str, str, str], side: str) -> dict[str, str]:
    """Return the row of a document that has no such side yet."""
    person, kind, rest = key
    number = 0
    while side in found.setdefault((person, kind, f"{rest}\0{number}"), {}):
        number += 1
    return found[person, kind, f"{rest}\0{number}"]


def _begin_with_front(row: dict[str, str]) -> None:
    """Let the first side of a document be its front, for it needs one."""
    if "front_side" not in row:
        row["front_side"] = row.pop(next(side for side in SIDES if side in row))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _is_document(path: Path) -> bool:
    with path.open("rb") as file:
        kind = kind_of(file.read(FIRST_BYTES))
    return kind is not None and kind.is_document


def _said(relative: str, shape: Sequence[str] | None) -> dict[str, str] | None:
    """Return what a path says, by column and side; None when it does not fit."""
    if shape is None:
        person, _, name = relative.rpartition("/")
        kind, side = in_name(Path(name).stem)
        return {_PERSON: person.partition("/")[0] or Path(name).stem, "type": kind or "", "side": side or ""}
    ways = islice(_ways(shape, relative), _MOST_WAYS)
    return max(map(_meant, ways), key=lambda said: bool(said.get("side")) + bool(said.get("type")), default=None)


def _ways(shape: Sequence[str], text: str) -> Iterator[dict[str, str]]:
    """Give what stands in each column, in all ways in which ``text`` fits: the first columns short ones first."""
    if not shape:
        yield from () if text else ({},)
    elif shape[0].startswith("{"):
        for end in range(1, len(text.partition("/")[0]) + 1):
            for way in _ways(shape[1:], text[end:]):
                yield {_column(shape[0][1:-1].strip()): text[:end]} | way
    elif shape[0] == "*":
        for end in range(len(text.partition("/")[0]) + 1):
            yield from _ways(shape[1:], text[end:])
    elif text.startswith(shape[0]):
        yield from _ways(shape[1:], text[len(shape[0]) :])


def _meant(way: dict[str, str]) -> dict[str, str]:
    """Return a way with the side and the type that its words mean; empty where they mean none."""
    return way | {name: of(way[name]) or "" for name, of in (("side", side_of), ("type", type_of)) if name in way}


_SHORT: Final[Mapping[str, str]] = {
    name.removeprefix(APPLICANT): name for name in COLUMNS if name.removeprefix(APPLICANT) not in COLUMNS
}


def _column(name: str) -> str:
    return _SHORT.get(name, name)


def _shape(pattern: str) -> Sequence[str]:
    parts = re.split(r"(\{[^{}]*\}|\*)", pattern.replace("\\", "/"))
    names = [part[1:-1].strip() for part in parts if part.startswith("{")]
    unknown = [name for name in names if name != "side" and _column(name) not in COLUMNS]
    if unknown or len(set(names)) < len(names) or _PERSON not in map(_column, names):
        raise ConfigurationError(
            "pattern: expected columns in braces, each once, with {external_applicant_id}, such as "
            "{external_applicant_id}_{type}_{side}.*"
        )
    return tuple(filter(None, parts))
