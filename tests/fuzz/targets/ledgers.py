"""The file of a ledger: its bytes, and what stands in its tables."""

import asyncio
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from kycaid_async.bulk.ledger.entries import Intent
from kycaid_async.bulk.ledger.ledger import Ledger
from kycaid_async.errors import LedgerError
from kycaid_async.uploads.path_source import Origin
from tests.fuzz.mutation import changed
from tests.fuzz.target import Target

_SERVER = "https://api.example"
_KEY = b"\n--key--\n"
"""Divides a ledger from its key, and both from changes of its tables."""
_ODD = (
    "NULL",
    "''",
    "x''",
    "x'00ff'",
    "-1",
    "1e999",
    "9223372036854775807",
    "'sent'",
    "'created'",
    "'{\"type\": []}'",
    "'[[['",
    "'\u0000'",
    "CAST(x'ff00ed' AS TEXT)",
    "'-' || hex(zeroblob(20))",
    "0.5",
)
_CHANGES = (
    "UPDATE {table} SET {column} = {value}",
    "UPDATE {table} SET {column} = {value} WHERE rowid = 1",
    "DELETE FROM {table}",
    "DROP TABLE {table}",
    "ALTER TABLE {table} DROP COLUMN {column}",
    "ALTER TABLE {table} RENAME COLUMN {column} TO other",
    "CREATE TRIGGER t AFTER INSERT ON {table} BEGIN SELECT raise(FAIL, 'no'); END",
    "ALTER TABLE {table} RENAME TO other; CREATE VIEW {table} AS SELECT * FROM other",
    "UPDATE about SET value = {value} WHERE name = (SELECT name FROM about ORDER BY hex(value) LIMIT 1)",
    "UPDATE about SET value = {value}",
    "DELETE FROM about WHERE name = (SELECT name FROM about ORDER BY name DESC LIMIT 1)",
)


@cache
def _runner() -> tuple[asyncio.Runner, Path]:
    place = Path("/dev/shm")  # noqa: S108 - a place in memory
    return asyncio.Runner(), Path(tempfile.mkdtemp(dir=place if place.is_dir() else None))


@cache
def _good() -> bytes:
    runner, folder = _runner()
    path = folder / "good"
    runner.run(_write(path))
    return path.read_bytes() + _KEY + Path(f"{path}.key").read_bytes()


async def _write(path: Path) -> None:
    ledger = await Ledger.open(path, server=_SERVER)
    for number in range(6):
        digest = bytes((number,)) * 32
        intent = Intent(applicant_id=f"{number:036x}", type="PASSPORT", file_ids={"front_side_id": f"{number:036x}"})
        await ledger.intend_applicant(digest, digest)
        if number % 2:
            ledger.created_applicant(digest, f"{number:036x}")
        await ledger.intend_row(digest, intent, digest)
        if number % 3:
            ledger.created_row(digest, f"{number + 9:036x}")
        ledger.uploaded(digest, f"{number:036x}")
        ledger.uploaded_first(digest, f"{number:036x}", Origin(path="a", device=1, inode=2, size=3, mtime=4, ctime=5))
    await ledger.close()


def _open(data: bytes) -> object:
    """Open a ledger, read all that is in it, and go on with it."""
    runner, folder = _runner()
    path = folder / "ledger"
    for part in folder.glob("ledger*"):
        part.unlink()
    main, _, rest = data.partition(_KEY)
    key, _, change = rest.partition(_KEY)
    path.write_bytes(main)
    Path(f"{path}.key").write_bytes(key)
    if change:
        _change(path, change)
    return runner.run(_go_on(path))


def _change(path: Path, change: bytes) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        with suppress(sqlite3.Error, ValueError, sqlite3.Warning):
            connection.executescript(change.decode())
    finally:
        with suppress(sqlite3.Error):
            connection.close()


async def _go_on(path: Path) -> int:
    ledger = await Ledger.open(path, server=_SERVER)
    try:
        digest = bytes(32)
        count = 0
        async for entry in ledger.rows():
            ledger.waited(entry)
            ledger.has_said(entry, digest)
            count += 1
        async for _ in ledger.unsettled():
            count += 1
        async for _ in ledger.applicant_ids():
            count += 1
        for number in range(3):
            one = bytes((number,)) * 32
            await ledger.row(one), await ledger.file(one), await ledger.first_file(one), await ledger.applicant(one)
        await ledger.intend_row(b"\x09" * 32, Intent(applicant_id="a", type="PASSPORT", file_ids={}))
        ledger.created_row(b"\x09" * 32, "f" * 36)
        return count
    finally:
        await ledger.close()


def _changed(data: bytes, _: list[bytes], chance: random.Random) -> bytes:
    """Change the bytes of a ledger or of its key, or what stands in a table."""
    main, _, rest = _good().partition(_KEY)
    kind = chance.random()
    if kind < 1 / 6:
        return main + _KEY + changed(rest, [rest, main], chance)
    if kind < 1 / 2:
        at = chance.randrange(len(main)) & (~0xFFF if chance.random() < 1 / 2 else ~0)
        piece = changed(main[at : at + 200], [main[:100]], chance)
        return (main[:at] + piece)[: len(main)] + main[at + len(piece) :] + _KEY + rest
    table, column = chance.choice(_columns())
    script = chance.choice(_CHANGES).format(table=table, column=column, value=chance.choice(_ODD))
    return data.partition(_KEY)[0] + _KEY + rest + _KEY + script.encode()


@cache
def _columns() -> tuple[tuple[str, str], ...]:
    _good()
    connection = sqlite3.connect(_runner()[1] / "good")
    query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    found = tuple(connection.execute(query))
    connection.close()
    return found


def _nasty() -> Iterator[tuple[str, bytes]]:
    main, _, rest = _good().partition(_KEY)
    yield "no bytes", _KEY
    yield "3 MB of line breaks", b"\n" * 3_000_000 + _KEY + rest
    yield "a key of 3 MB", main + _KEY + b"k" * 3_000_000
    yield "a ledger that holds another", main * 3 + _KEY + rest
    deep = "UPDATE rows SET intent = replace(hex(zeroblob(50000)), '00', '[')"
    yield "an intent of 50,000 lists in each other", main + _KEY + rest + _KEY + deep.encode()
    long = "UPDATE rows SET code = hex(zeroblob(1000000)), applicant_id = hex(zeroblob(1000000))"
    yield "texts of 2 MB", main + _KEY + rest + _KEY + long.encode()


TARGETS = (
    Target(
        name="ledgers",
        run=_open,
        raises=(LedgerError,),
        seeds=lambda: [_good()],
        share=2,
        mutate=_changed,
        nasty=_nasty,
    ),
)
