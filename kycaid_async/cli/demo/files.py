"""The files of a demo, and the document that each one becomes."""

import os
from datetime import date
from pathlib import Path

import attrs

from kycaid_async.cli.problems import UsageProblem
from kycaid_async.values.unset import UNSET, Maybe


@attrs.frozen(eq=False, kw_only=True)
class Holder:
    """A holder of documents. Two of them are two applicants, even of one name."""

    first_name: str
    last_name: str
    dob: Maybe[date] = UNSET


@attrs.frozen(eq=False, kw_only=True)
class DemoFile:
    """One file, and the document it becomes."""

    path: Path
    name: str
    """How tables and reports name the file."""
    size: int
    """In bytes."""
    holder: Holder
    type: str
    number: Maybe[str] = UNSET
    expiry: Maybe[date] = UNSET


def files_in(folder: Path, *, document_type: str) -> list[DemoFile]:
    """Return the files below ``folder`` by name, each with an applicant of its own.

    Hidden files and folders are left out: they are notes of the operating system. Raises `UsageProblem` when nothing
    is left.
    """
    paths = sorted(_files_below(folder))
    if not paths:
        raise UsageProblem(f"--folder: {folder} has no files")
    return [
        DemoFile(
            path=path,
            name=path.relative_to(folder).as_posix(),
            size=_size(path),
            holder=Holder(first_name="Demo", last_name="Applicant"),
            type=document_type,
        )
        for path in paths
    ]


def _files_below(folder: Path) -> list[Path]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in files if not name.startswith(".")]
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        # A broken link, for example: the upload will say so.
        return 0
