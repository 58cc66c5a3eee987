"""The outbox: callbacks are kept with what they tell of, so that none is lost when the sandbox is killed."""

from kycaid_async.sandbox.effects import Callback, Kept
from kycaid_async.sandbox.store import Row, Transaction


def put(rows: Transaction, callback: Callback, default_url: str | None) -> list[Kept]:
    """Keep a callback until it is delivered, and return it; nothing when it has no receiver."""
    url = callback.url or default_url
    if url is None:
        return []
    kept = Kept(body=callback.body, url=url)
    rows.insert("callbacks", id=kept.id, url=url, message=callback.body)
    return [kept]


def find(rows: Transaction, request_id: str) -> Kept | None:
    """Return the callback with this id."""
    row = rows.find("callbacks", request_id)
    return None if row is None else _kept(row)


def latest(rows: Transaction, count: int) -> list[Kept]:
    """Return the last callbacks, oldest first."""
    return [_kept(row) for row in reversed(rows.rows("SELECT * FROM callbacks ORDER BY seq DESC LIMIT ?", count))]


def due(rows: Transaction) -> list[Kept]:
    """Return the callbacks whose delivery was not finished."""
    return [_kept(row) for row in rows.rows("SELECT * FROM callbacks WHERE due ORDER BY seq")]


def note(rows: Transaction, kept: Kept, *, due: bool, remembered: int) -> None:
    """Note how far the delivery of a callback is. Of those that are finished the last ``remembered`` are kept."""
    rows.change("callbacks", kept.id, status=kept.status, attempts=kept.attempts, due=int(due))
    if not due:
        rows.rows(
            "DELETE FROM callbacks WHERE NOT due AND seq <= (SELECT max(seq) FROM callbacks) - ?",
            remembered,
        )


def _kept(row: Row) -> Kept:
    return Kept(body=row["message"], url=row["url"], status=row["status"], attempts=row["attempts"])
