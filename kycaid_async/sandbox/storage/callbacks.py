"""The outbox: callbacks are kept with what they tell of, so that none is lost when the sandbox is killed."""

import attrs

from kycaid_async.sandbox.events.delivery import ATTEMPTS
from kycaid_async.sandbox.events.effects import Callback, Kept
from kycaid_async.sandbox.storage.database import Row, Transaction


def put(rows: Transaction, callback: Callback, default_url: str | None) -> list[Kept]:
    """Keep a callback until it is delivered, and return it; nothing when it has no receiver."""
    url = callback.url or default_url
    if url is None:
        return []
    kept = Kept(body=callback.body, url=url)
    rows.insert("callbacks", id=kept.id, url=url, message=callback.body, due=kept.left)
    return [kept]


def latest(rows: Transaction, count: int) -> list[Kept]:
    """Return the last callbacks, oldest first."""
    return [_kept(row) for row in reversed(rows.rows("SELECT * FROM callbacks ORDER BY seq DESC LIMIT ?", count))]


def due(rows: Transaction) -> list[Kept]:
    """Return the callbacks whose delivery was not finished."""
    return [_kept(row) for row in rows.rows("SELECT * FROM callbacks WHERE due ORDER BY seq")]


def renew(rows: Transaction, request_id: str) -> Kept | None:
    """Let a callback be tried as often as at first, and return it; None when it is not known."""
    rows.change("callbacks", request_id, due=ATTEMPTS)
    row = rows.find("callbacks", request_id)
    return None if row is None else _kept(row)


def tried(rows: Transaction, request_id: str, status: int | None, *, arrived: bool, remembered: int) -> Kept:
    """Note an attempt, and return what it led to. Of those that are over the last ``remembered`` are kept."""
    (row,) = rows.rows("SELECT * FROM callbacks WHERE id = ?", request_id)
    left = 0 if arrived else row["due"] - 1
    kept = attrs.evolve(_kept(row), status=status, attempts=row["attempts"] + 1, left=left)
    rows.change("callbacks", request_id, status=status, attempts=kept.attempts, due=left)
    if not left:
        rows.rows("DELETE FROM callbacks WHERE NOT due AND seq <= (SELECT max(seq) FROM callbacks) - ?", remembered)
    return kept


def _kept(row: Row) -> Kept:
    return Kept(body=row["message"], url=row["url"], status=row["status"], attempts=row["attempts"], left=row["due"])
