"""What to tell the user of a ledger that cannot be used: what happened, and the way out that loses nothing."""

from typing import Final

from kycaid_async.errors import LedgerError

WAY_OUT: Final = (
    "Do not delete it, and do not take another ledger for these rows: they would be sent again. "
    "`kycaid ledger show` says what is in it, and `kycaid ledger repair` makes it fit to go on from."
)


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
