"""A manifest that can grow, and its files."""

import hashlib
import json
import random
from pathlib import Path

import attrs

from tests.pictures import PNG_START

KINDS = ("PASSPORT", "GOVERNMENT_ID", "DRIVERS_LICENSE", "SELFIE_IMAGE", "FINANCIAL_DOCUMENT", "TAX_ID_NUMBER")
SIDES = ("front_side", "back_side")
NAMES = ("document_number", "additional_number")
"""One of these tells each row from all others."""


def name_of(said: dict) -> str:
    """Return what tells a row, or its document, from all others."""
    return next(said[name] for name in NAMES if said.get(name))


@attrs.define
class Job:
    """A manifest of documents, each with a name of its own."""

    folder: Path
    applicants: list[str]
    chance: random.Random
    twins: int
    """The last of every so many rows has applicant, type and files of the one before it; 0 for no such rows."""
    known: int = 0
    """Rows after so many are for applicants of those before; 0 for none."""
    per_applicant: int = len(KINDS)
    rows: list[dict] = attrs.field(factory=list)

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.jsonl"

    def grow(self, count: int) -> None:
        with self.manifest.open("a") as out:
            for _ in range(count):
                row = self._row(len(self.rows))
                self.rows.append(row)
                out.write(json.dumps(row) + "\n")

    def _row(self, number: int) -> dict:
        name = {"additional_number" if number % 9 == 4 else "document_number": f"N{number}"}
        if self.twins and number % self.twins == self.twins - 1:  # as the row before it: applicant, type and files
            return {key: value for key, value in self.rows[-1].items() if key not in NAMES} | name
        row = {"type": KINDS[number % len(KINDS)], "front_side": self._file(number), **name}
        group = number // self.per_applicant
        if self.known and number >= self.known:
            row["applicant_id"] = self.applicants[group % min(3, self.known // len(KINDS))]
        elif group % 4 == 3:
            row |= {"applicant.external_applicant_id": f"E{group}", "applicant.first_name": "Jane"}
        else:
            row["applicant_id"] = self.applicants[group % len(self.applicants)]
        if number % 5 == 0:
            row["back_side"] = self._file(number + 1_000_000)
        return row

    def _file(self, number: int) -> str:
        """Return the name of a file: most are new, some have the content of another."""
        name = f"{number if self.chance.random() < 0.8 else number % 7}.png"
        path = self.folder / name
        if not path.exists():
            path.write_bytes(PNG_START + self.chance.randbytes(self.chance.randrange(200, 40_000)))
        return name

    def digest(self, name: str | None) -> str | None:
        return None if name is None else hashlib.sha256((self.folder / name).read_bytes()).hexdigest()
