"""Schema of a ledger, conversion of earlier formats, and the check whose it is."""

import hashlib
import hmac
import os
import re
import secrets
import sqlite3
from typing import Any, Final

import attrs

from kycaid_async.bulk.ledger.entries import Run
from kycaid_async.bulk.ledger.problems import (
    damaged,
    of_another_folder,
    of_another_key,
    of_another_program,
    of_another_version,
    too_short_a_key,
    with_other_secret,
    without_its_key,
    without_newest_part,
    without_secret,
)
from kycaid_async.bulk.ledger.secret import (
    FROM_KEY,
    SHORTEST_KEY,
    Secret,
    SecretFrom,
    made_from,
    make_secret,
    read_secret,
)
from kycaid_async.errors import LedgerError
from kycaid_async.values.secret import ApiKey

FORMAT: Final = "5"
_WITHOUT_PARTIALS: Final = "4"
_WITHOUT_VERIFICATIONS: Final = "3"
_WITHOUT_KEYS: Final = "2"
"""The first: its digests are not keyed, and its files bear no marks."""
_DIGITS: Final = 6
"""More than the number of any format has."""
_ABOUT: Final = "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
_TABLES_3: Final = f"""
{_ABOUT};
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, seconds REAL NOT NULL, boot TEXT NOT NULL, began REAL NOT NULL, beat REAL NOT NULL
);
CREATE TABLE rows (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT NOT NULL, intent TEXT NOT NULL,
    document_id TEXT, code TEXT, fingerprint BLOB, run INTEGER NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX rows_of_applicants ON rows (applicant_id);
CREATE UNIQUE INDEX documents ON rows (document_id) WHERE document_id IS NOT NULL;
CREATE TABLE files (digest BLOB PRIMARY KEY, file_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE applicants (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT, code TEXT, fingerprint BLOB NOT NULL,
    run INTEGER NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX applicants_made ON applicants (applicant_id) WHERE applicant_id IS NOT NULL;
"""
_VERIFICATIONS: Final = """
CREATE TABLE verifications (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT NOT NULL, form_id TEXT, verification_id TEXT,
    code TEXT, count_before INTEGER, intended_at TEXT NOT NULL, status TEXT, verdict TEXT, result TEXT, looked_at TEXT,
    run INTEGER NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX verifications_of_applicants ON verifications (applicant_id);
CREATE UNIQUE INDEX verifications_made ON verifications (verification_id) WHERE verification_id IS NOT NULL;
"""
_PARTIALS: Final = """
CREATE TABLE partials (digest BLOB PRIMARY KEY, file_id TEXT, origin TEXT) WITHOUT ROWID;
"""
_TABLES_4: Final = f"{_TABLES_3.rstrip()}{_VERIFICATIONS}"
TABLES: Final = f"{_TABLES_4.rstrip()}{_PARTIALS}"
_TABLES_2: Final = f"""
{_ABOUT};
CREATE TABLE rows (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT NOT NULL, sent TEXT NOT NULL,
    document_id TEXT, code TEXT, says BLOB
) WITHOUT ROWID;
CREATE INDEX rows_of_applicants ON rows (applicant_id);
CREATE TABLE files (digest BLOB PRIMARY KEY, file_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE applicants (
    digest BLOB PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT, code TEXT, says BLOB NOT NULL
) WITHOUT ROWID;
"""
_OLD_TABLES: Final = ("rows", "files", "applicants")
_SHAPES: Final = {
    FORMAT: TABLES,
    _WITHOUT_PARTIALS: _TABLES_4,
    _WITHOUT_VERIFICATIONS: _TABLES_3,
    _WITHOUT_KEYS: _TABLES_2,
}
_LACKING: Final = {_WITHOUT_PARTIALS: _PARTIALS, _WITHOUT_VERIFICATIONS: f"{_VERIFICATIONS.rstrip()}{_PARTIALS}"}
"""What formats with keyed digests lack; else they are as this one."""
_WHOLE_ONLY: Final = "whole_only"
"""In ``about``: files on record are known by the whole of their content only, as in earlier formats."""
ANY_FOLDER: Final = ""
"""In ``about``, in place of a folder: none of its rows is known any more, so those of no folder count as sent. The next
upload says for which folder it is good from then on."""
SET: Final = "INSERT OR REPLACE INTO about VALUES (?, ?)"

About = dict[str, str]


@attrs.frozen(kw_only=True)
class LedgerOwner:
    """Owner of a ledger: the server, the account and the folder of the uploads."""

    server: str
    api_key: str | None = attrs.field(default=None, repr=False)
    """None for one who only reads: then any key's will do."""
    same_account: bool = False
    """True when another key than before is known to be of the same account."""
    folder: str | None = attrs.field(default=None, repr=False)
    """Where the paths of the rows start. A ledger that stands elsewhere is good for this folder only."""
    secret_from: SecretFrom | None = None
    """Where its secret has to be from; None for what it says itself, and a file for a new one."""
    secret_key: ApiKey | None = None
    """The API key that gives its secret, if that is not ``api_key``."""


def read_about(connection: sqlite3.Connection, name: str) -> About:
    """Return what the ledger says of itself, nothing when it is new. Raises `LedgerError` when it is none."""
    about, is_as_said = read_damaged_about(connection, name)
    if not is_as_said:
        raise damaged(name)
    return about


def read_damaged_about(connection: sqlite3.Connection, name: str) -> tuple[About, bool]:
    """Return what a ledger says of itself, with the format that its tables have, and whether it says that itself.

    Raises `LedgerError` for a database that is none, or that is of a newer version.
    """
    connection.execute("PRAGMA trusted_schema = OFF")
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    if not rows:
        return {}, True
    shape = {sql for (sql,) in rows}
    about: About = {}
    if _ABOUT in shape:
        about = dict(connection.execute("SELECT name, value FROM about WHERE typeof(value) = 'text'").fetchall())
    if _is_newer(about.get("format", "")):
        raise of_another_version(name)
    of_format = next((number for number, tables in _SHAPES.items() if shape == _statements(tables)), None)
    if of_format is None:
        # It may be a stranger's: a view for a table, or a trigger, would act in our transactions, or never end.
        raise of_another_program(name)
    return about | {"format": of_format}, about.get("format") == of_format


def _is_newer(version: str) -> bool:
    return version.isdecimal() and version.isascii() and len(version) < _DIGITS and int(version) > int(FORMAT)


def _statements(tables: str) -> set[str]:
    return {statement.strip() for statement in tables.split(";")} - {""}


def read_ahead(connection: sqlite3.Connection, about: About) -> None:
    """Bring the tables into the cache: later, nothing should wait for the disk."""
    for table in re.findall(r"CREATE TABLE (\w+)", _SHAPES[about["format"]]) if about else ():
        connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - names of our own tables


def is_old(about: About) -> bool:
    """Say whether it is of the first format, whose digests are not keyed and whose files bear no marks."""
    return about.get("format") == _WITHOUT_KEYS


def knows_whole_files_only(about: About) -> bool:
    """Say whether it may have files that are known by the whole of their content only."""
    return bool(about) and (about["format"] != FORMAT or _WHOLE_ONLY in about)


def was_cut_off(about: About) -> bool:
    """Say whether one of the first format needs its -wal. One of a later format says so in its head."""
    return is_old(about) and not about.get("ended")


def check(about: About, name: str, owner: LedgerOwner, *, has_wal: bool) -> None:
    """Raise `LedgerError` for a ledger that is not fit for this owner. ``has_wal``: something stands in its -wal."""
    if not about:
        return
    if was_cut_off(about) and not has_wal:
        raise without_newest_part(name)
    if about.get("server") != owner.server:
        raise LedgerError(
            f"{name}: is the ledger of uploads to {about.get('server')}, and this client talks to {owner.server}; "
            "rows that were sent there are not here, and each server needs a ledger of its own"
        )
    known = about.get("account")
    if owner.api_key is None or known is None or owner.same_account:
        return
    if not hmac.compare_digest(known, account_of(about["salt"], owner.api_key)):
        raise of_another_key(name, gives_secret=made_from(about) == FROM_KEY)


def secret_of(about: About, path: str, name: str, owner: LedgerOwner, *, read_only: bool) -> Secret:
    """Return the secret of a ledger; of one that has none yet, a new one. Raises `LedgerError` when it is missing."""
    if not path or (read_only and not about):
        return Secret.new()
    if not about or is_old(about):
        return _new_secret(path, name, owner)
    if "secret" not in about:
        raise damaged(name)
    made = made_from(about)
    if owner.secret_from not in (None, made):
        raise with_other_secret(name, gives_secret=made == FROM_KEY)
    if made == FROM_KEY:
        return secret_by_key(about, name, owner)
    secret = read_secret(path)
    if secret is None or not secret.fits(about):
        raise without_secret(name)
    return secret


def _new_secret(path: str, name: str, owner: LedgerOwner) -> Secret:
    return secret_from_key(name, owner) if owner.secret_from == FROM_KEY else make_secret(path)


def secret_from_key(name: str, owner: LedgerOwner) -> Secret:
    """Return a new secret that the API key gives. Raises `LedgerError` for a key that is too short for that."""
    if owner.api_key is None or len(owner.api_key) < SHORTEST_KEY:
        raise too_short_a_key(name, SHORTEST_KEY)
    return Secret.derived(owner.api_key)


def secret_by_key(about: About, name: str, owner: LedgerOwner) -> Secret:
    """Return the secret that one of the owner's keys gives. Another secret would make all rows unknown."""
    if "secret_salt" not in about:
        raise damaged(name)
    secrets_by_key = _by_keys(owner, about["secret_salt"])
    found = next((secret for secret in secrets_by_key if secret.fits(about)), None)
    if found is None:
        raise without_its_key(name)
    return found


def _by_keys(owner: LedgerOwner, salt: str) -> list[Secret]:
    keys = (owner.api_key, owner.secret_key and owner.secret_key.reveal())
    return [Secret.derived(key, salt) for key in keys if key]


def check_folder(about: About, path: str, name: str, owner: LedgerOwner, secret: Secret) -> None:
    """Raise `LedgerError` for a ledger that stands elsewhere than the rows, and was not begun for their folder."""
    if owner.folder is None or not about or os.path.dirname(path) == owner.folder:
        return
    if about.get("folder") not in (ANY_FOLDER, folder_of(owner.folder, secret)):
        raise of_another_folder(name)


def prepare(connection: sqlite3.Connection, about: About, owner: LedgerOwner, secret: Secret, run: Run) -> About:
    """Make the tables, or bring them to this format, and record the owner and the run. Return what it says then."""
    known = {"format": FORMAT, "server": owner.server, "salt": secrets.token_hex(16), **secret.about}
    if about:
        about = convert(connection, about, secret)
    else:
        make_tables(connection)
    known |= {name: value for name, value in about.items() if name not in ("format", "ended")}
    if owner.api_key is not None:
        known["account"] = account_of(known["salt"], owner.api_key)
    # One that is known stays: a manifest beside a ledger is let in whatever its folder, and the others must be, too.
    if owner.folder is not None and known.get("folder", ANY_FOLDER) == ANY_FOLDER:
        known["folder"] = folder_of(owner.folder, secret)
    connection.executemany(SET, list(known.items()))
    connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?)", attrs.astuple(run))
    return known


def make_tables(connection: sqlite3.Connection, *, temporary: bool = False) -> None:
    """Make the tables of a new ledger; with ``temporary``, such as are gone with the connection."""
    _make(connection, _temporary(TABLES) if temporary else TABLES)


def stand_in(connection: sqlite3.Connection, about: About) -> None:
    """Let what is only read have all tables: those that it lacks are empty, and gone with the connection."""
    if not about:  # made by a run that was killed before it wrote anything
        make_tables(connection, temporary=True)
    else:
        _make(connection, _temporary(_LACKING.get(about["format"], "")))


def _temporary(tables: str) -> str:
    return tables.replace("CREATE TABLE", "CREATE TEMP TABLE")


def _make(connection: sqlite3.Connection, tables: str) -> None:
    for table in tables.split(";"):
        connection.execute(table)


def read_runs(connection: sqlite3.Connection, about: About) -> list[Run]:
    """Return the runs that the ledger knows of."""
    if not about or is_old(about):
        return []
    rows: list[Any] = connection.execute("SELECT number, seconds, boot, began, beat FROM runs").fetchall()
    return [Run(number=a, seconds=b, boot=c, began=d, beat=e) for a, b, c, d, e in rows]


def convert(connection: sqlite3.Connection, about: About, secret: Secret) -> About:
    """Bring a ledger of an earlier format to this one. All its rows are known as before. Return what it says then."""
    if about["format"] == FORMAT:
        return about
    if is_old(about):
        _key(connection, secret)
    else:
        _make(connection, _LACKING[about["format"]])
    has_files = connection.execute("SELECT 1 FROM files LIMIT 1").fetchone() is not None
    return {**about, "format": FORMAT} | ({_WHOLE_ONLY: "1"} if has_files else {})


def _key(connection: sqlite3.Connection, secret: Secret) -> None:
    """Bring a ledger of the first format to this one, with keyed digests.

    A document that two rows had, which that format allowed, is neither's: both are unsettled. So it is with applicants.
    """
    connection.execute("PRAGMA secure_delete = ON")  # what is dropped below can be guessed
    connection.create_function("keyed", 2, lambda kind, value: None if value is None else secret.keyed(kind, value))
    for table in _OLD_TABLES:
        connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    connection.execute("DROP INDEX rows_of_applicants")
    _make(connection, TABLES.split(";", 1)[1])
    connection.execute(
        """
        INSERT INTO rows
        SELECT keyed('row', digest), CASE WHEN shared THEN 'sent' ELSE state END, applicant_id, sent,
               CASE WHEN shared THEN NULL ELSE document_id END, code, keyed('fingerprint', says), 0, 0
        FROM (SELECT *, document_id IS NOT NULL AND count(*) OVER (PARTITION BY document_id) > 1 AS shared
              FROM old_rows)
        """
    )
    connection.execute("INSERT INTO files SELECT keyed('file', digest), file_id FROM old_files")
    connection.execute(
        """
        INSERT INTO applicants
        SELECT keyed('applicant', digest), CASE WHEN shared THEN 'sent' ELSE state END,
               CASE WHEN shared THEN NULL ELSE applicant_id END, code, keyed('fingerprint', says), 0, 0
        FROM (SELECT *, applicant_id IS NOT NULL AND count(*) OVER (PARTITION BY applicant_id) > 1 AS shared
              FROM old_applicants)
        """
    )
    for table in _OLD_TABLES:
        connection.execute(f"DROP TABLE old_{table}")
    connection.execute("DELETE FROM about WHERE name = 'ended'")


def account_of(salt: str, api_key: str) -> str:
    """Return 8 bytes that tell keys apart, as text. The key cannot be had from them."""
    return hmac.digest(bytes.fromhex(salt), api_key.encode(), "sha256")[:8].hex()


def folder_of(folder: str, secret: Secret) -> str:
    """Return what stands for a folder, as text."""
    return secret.keyed("folder", hashlib.sha256(os.fsencode(folder)).digest()).hex()
