"""Errors of a ledger that cannot be used: what happened, and the way out that loses nothing."""

from typing import Final

from kycaid_async.errors import LedgerError

WAY_OUT: Final = (
    "Do not delete it, and do not take another ledger for these rows: they would be sent again. "
    "`kycaid ledger show` says what is in it, and `kycaid ledger repair` makes it fit to go on from."
)


def not_a_file(name: str) -> LedgerError:
    """Return the error for a part of a ledger that is a folder, a pipe, a device or a link."""
    return LedgerError(f"{name}: is no regular file, and so no part of a ledger")


def in_use(name: str) -> LedgerError:
    """Return the error for a ledger that another run has open."""
    return LedgerError(
        f"{name}: is in use by another run. Wait for its end. Do not use another ledger for these rows: they would be "
        "sent again."
    )


def without_newest_part(name: str) -> LedgerError:
    """Return the error for a ledger whose last run was cut off, and whose -wal file is gone or empty."""
    return LedgerError(
        f"{name}: its newest part, the file {name}-wal, is missing. The last run was cut off, and what it did stands "
        f"there. Bring that file back if there is one. {WAY_OUT}"
    )


def without_main_part(name: str) -> LedgerError:
    """Return the error for a -wal file beside which there is no ledger, or an empty one."""
    return LedgerError(
        f"{name}: its main part is missing or empty, and its newest part, {name}-wal, lies there. Bring the main part "
        f"back. {WAY_OUT}"
    )


def with_another_part(name: str) -> LedgerError:
    """Return the error for a ledger beside whose file lies a -wal that is not its own, or not of the same moment."""
    return LedgerError(
        f"{name}: the file {name}-wal beside it belongs to another ledger, or to another state of this one. Bring "
        f"back the two as they were together. {WAY_OUT}"
    )


def damaged(name: str) -> LedgerError:
    """Return the error for a ledger of which a part cannot be read."""
    return LedgerError(f"{name}: is damaged. Bring it back from a copy if there is one, with its -wal. {WAY_OUT}")


def without_secret(name: str) -> LedgerError:
    """Return the error for a ledger whose secret is not beside it."""
    return LedgerError(
        f"{name}: its secret, the file {name}.key, is missing, or is that of another ledger. Without it no row can be "
        f"recognised. Bring that file back; it moves with its ledger. {WAY_OUT}"
    )


def with_another_secret(name: str, *, is_there: bool) -> LedgerError:
    """Return the error of a repair for which the secret is missing, or that of another ledger is there."""
    what = (
        f"the file {name}.key beside it is the secret of another ledger, so"
        if is_there
        else f"its secret, the file {name}.key, is missing or cannot be read, and"
    )
    return LedgerError(
        f"{name}: {what} its rows cannot be recognised. Bring its own back. If it is gone for good, repair with "
        "--new-secret: all rows then count as perhaps sent"
    )


def without_word_of_its_key(name: str) -> LedgerError:
    """Return the error of a repair of a ledger that cannot say any more how the API key gives its secret."""
    return LedgerError(
        f"{name}: what it said of the API key that gives its secret cannot be read, so its rows cannot be recognised. "
        "Repair it with --new-secret: all rows then count as perhaps sent"
    )


def not_a_ledger(name: str) -> LedgerError:
    """Return the error for a file that never was a ledger, as far as can be seen."""
    return LedgerError(f"{name}: is not a ledger")


def of_another_program(name: str) -> LedgerError:
    """Return the error for a database that is no ledger."""
    return LedgerError(f"{name}: is no ledger of a known version, but a database of something else")


def of_another_version(name: str) -> LedgerError:
    """Return the error for a ledger that a newer version of this package made."""
    return LedgerError(f"{name}: is a ledger of another version of this package")


def of_another_folder(name: str) -> LedgerError:
    """Return the error for a ledger that stands elsewhere than the rows, and was begun for those of another folder."""
    return LedgerError(
        f"{name}: stands elsewhere than the manifest, and was not begun for the manifest's folder. In another "
        "folder the same paths are other files, which would count as sent. Use the ledger that was begun with it."
    )


GIVE_THAT_KEY: Final = (
    "Give that key in the environment variable KYCAID_LEDGER_KEY, or as ledger_secret_key=…, beside the one that "
    "requests go with; it need not be valid any more. If nobody has it, `kycaid ledger repair --new-secret` lets all "
    "rows count as perhaps sent."
)


def of_another_key(name: str, *, gives_secret: bool) -> LedgerError:
    """Return the error for a ledger that was used with another key, which perhaps gives its secret."""
    also = f" Its rows are recognised with the key that it was made with. {GIVE_THAT_KEY}" if gives_secret else ""
    return LedgerError(
        f"{name}: is the ledger of uploads with another API key, and a key sees one account only. If this key is "
        "a new one of the same account, say so: same_account=True, or --same-account. Each other account needs a "
        f"ledger of its own.{also}"
    )


def without_its_key(name: str) -> LedgerError:
    """Return the error for a ledger whose secret comes from another API key than is given."""
    return LedgerError(
        f"{name}: its rows are recognised with the API key that it was made with, and that is not here. With another "
        f"one they would be sent again. {GIVE_THAT_KEY}"
    )


def with_other_secret(name: str, *, gives_secret: bool) -> LedgerError:
    """Return the error for a ledger that was made with another ``ledger_secret`` than is asked for."""
    made = "the API key" if gives_secret else f"the file {name}.key"
    return LedgerError(
        f"{name}: was made with a secret from {made}, and cannot be given another: its rows would be sent again. Leave "
        "out ledger_secret, or --ledger-secret: a ledger knows where its secret is from."
    )


def too_short_a_key(name: str, shortest: int) -> LedgerError:
    """Return the error for an API key that must not give the secret of a ledger."""
    return LedgerError(
        f"{name}: is not made with a secret from an API key of fewer than {shortest} characters, which could be found "
        "by trying. Leave out ledger_secret, or --ledger-secret: the secret is a file then."
    )


def given_twice(name: str, kind: str) -> LedgerError:
    """Return the error of a server that gives the id of one document or applicant to two rows."""
    return LedgerError(
        f"{name}: for a new {kind} the server gave the id of one that another row has. The row is uncertain: see "
        f"whether its {kind} exists. All other rows are on record; nothing more is sent."
    )


def ledger_error(name: str, error: BaseException) -> LedgerError:
    """Return what to tell the user of a fault of SQLite or of the disk."""
    if isinstance(error, LedgerError):
        return error
    if isinstance(error, OSError):
        return LedgerError(f"{name}: cannot be used as a ledger: {error.strerror or type(error).__name__}. {_PLACE}")
    reason = getattr(error, "sqlite_errorname", type(error).__name__)
    if reason.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return in_use(name)
    if reason.startswith("SQLITE_CORRUPT"):
        return damaged(name)
    return LedgerError(f"{name}: {next(text for start, text in _FAULTS if reason.startswith(start))} ({reason})")


_PLACE: Final = "It needs a folder that exists and can be written; in the command line, --ledger names one elsewhere."
_FAULTS: Final = (
    ("SQLITE_NOTADB", "is not a ledger"),
    (
        ("SQLITE_FULL", "SQLITE_IOERR"),
        "the disk is full or cannot be written. What was done is recorded; make room, and run it again",
    ),
    (("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"), f"cannot be opened for writing. {_PLACE}"),
    ("", "cannot be used as a ledger"),
)
