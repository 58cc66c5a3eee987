"""The outbox: callbacks are stored in the transaction that causes them, so that none is lost in a kill."""

import attrs

from kycaid_async.sandbox.events.delivery import ATTEMPTS, Callback, QueuedCallback
from kycaid_async.sandbox.storage.database import Repository, Row


class CallbackRepository(Repository):
    """Callbacks, delivered and not."""

    table = "callbacks"

    def put(self, callback: Callback, default_url: str | None) -> list[QueuedCallback]:
        """Keep a callback until it is delivered, and return it; nothing when it has no receiver."""
        url = callback.url or default_url
        if url is None:
            return []
        queued = QueuedCallback(body=callback.body, url=url)
        self.insert(id=queued.id, url=url, message=callback.body, due=queued.left)
        return [queued]

    def latest(self, count: int) -> list[QueuedCallback]:
        """Return the last callbacks, oldest first."""
        return [_queued(row) for row in reversed(self._page(0, count))]

    def due(self) -> list[QueuedCallback]:
        """Return the callbacks whose delivery was not finished."""
        return [_queued(row) for row in self._db.rows("SELECT * FROM callbacks WHERE due > 0 ORDER BY seq")]

    def renew(self, request_id: str) -> QueuedCallback | None:
        """Let a callback be tried as often as at first, and return it; None when it is not known."""
        self.change(request_id, due=ATTEMPTS)
        row = self.find(request_id)
        return None if row is None else _queued(row)

    def note_attempt(self, request_id: str, status: int | None, *, arrived: bool, remembered: int) -> QueuedCallback:
        """Note an attempt, and return what it led to. Of those that are over the last ``remembered`` are kept."""
        (row,) = self._db.rows("SELECT * FROM callbacks WHERE id = ?", request_id)
        left = 0 if arrived else row["due"] - 1
        queued = attrs.evolve(_queued(row), status=status, attempts=row["attempts"] + 1, left=left)
        self.change(request_id, status=status, attempts=queued.attempts, due=left)
        if not left:
            sql = "DELETE FROM callbacks WHERE due = 0 AND seq <= (SELECT max(seq) FROM callbacks) - ?"
            self._db.execute(sql, remembered)
        return queued


def _queued(row: Row) -> QueuedCallback:
    return QueuedCallback(
        body=row["message"], url=row["url"], status=row["status"], attempts=row["attempts"], left=row["due"]
    )
