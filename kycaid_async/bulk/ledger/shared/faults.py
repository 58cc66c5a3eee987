"""Faults of a database: which of them pass."""

from kycaid_async.extras import missing

try:
    from sqlalchemy.exc import DBAPIError
except ImportError as error:
    raise missing("cluster", error) from error


def code_of(error: BaseException) -> str:
    """Return the code that PostgreSQL gives a fault; empty without one."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def is_away(error: BaseException) -> bool:
    """Say whether it is the way to the database that failed, or the database that is being started or shut down."""
    if isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    code = code_of(error)
    kind = type(getattr(error, "orig", None)).__name__
    return code[:2] in ("08", "57", "53", "25") or (not code and kind in ("OperationalError", "InterfaceError"))
