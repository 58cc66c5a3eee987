"""The rows of a run, put together by applicant, however many there are and in whatever order they come."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from typing import Any, Final, Generic, TypeVar

import attrs

from kycaid_async.bulk.temporary_tables import temporary_tables
from kycaid_async.masking import Discreet

_TABLES: Final = """
CREATE TABLE groups (name BLOB PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (place INTEGER, number INTEGER, content BLOB NOT NULL, PRIMARY KEY (place, number)) WITHOUT ROWID
"""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpooledRow(Discreet):
    """A row without its files. What is added to it has to be what JSON can carry."""

    number: int
    line: int | None
    key: str | None

    def _shown(self) -> Iterator[tuple[str, Any]]:
        yield from (("number", self.number), ("line", self.line))


T = TypeVar("T", bound=SpooledRow)


class Spool(Generic[T]):
    """Keeps rows in a temporary SQLite file, so that memory stays as it is for a million of them, too.

    What stands in it is personal data, so it is masked with bytes that only this object can make again.
    """

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._key = secrets.token_bytes(32)
        self._db = temporary_tables(_TABLES)
        self._groups = self._given = 0

    @property
    def applicants(self) -> int:
        """The number of applicants."""
        return self._groups

    def add(self, applicant_id: str, row: T) -> None:
        """Keep a row of this applicant."""
        name = hashlib.blake2b(applicant_id.encode(errors="surrogatepass"), key=self._key, digest_size=16).digest()
        added = self._db.execute("INSERT OR IGNORE INTO groups VALUES (?, ?)", (name, self._groups)).rowcount
        self._groups += added
        (place,) = self._db.execute("SELECT place FROM groups WHERE name = ?", (name,)).fetchone()
        content = json.dumps([applicant_id, attrs.asdict(row)]).encode()
        self._db.execute("INSERT INTO rows VALUES (?, ?, ?)", (place, row.number, self._masked(row.number, content)))

    def next(self) -> tuple[str, list[T]] | None:
        """Return the next applicant with its rows, in the order of the first of them; None after the last."""
        place, self._given = self._given, self._given + 1
        stored = self._db.execute(
            "SELECT number, content FROM rows WHERE place = ? ORDER BY number", (place,)
        ).fetchall()
        contents = [json.loads(self._masked(number, masked)) for number, masked in stored]
        return (contents[0][0], [self._kind(**row) for _, row in contents]) if contents else None

    def _masked(self, number: int, text: bytes) -> bytes:
        """Return ``text`` masked, or a masked one as it was: with bytes that no other row has."""
        mask = hashlib.shake_256(self._key + number.to_bytes(8, "big")).digest(len(text))
        return (int.from_bytes(text, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(text), "big")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


_NOBODY: Final = "\0"


def nobody(name: object) -> str:
    """Return what stands for an applicant that was not made, in the place of its id: no id is like that."""
    return f"{_NOBODY}{name}"


def is_nobody(applicant_id: str) -> bool:
    """Say whether it stands for an applicant that was not made."""
    return applicant_id.startswith(_NOBODY)
