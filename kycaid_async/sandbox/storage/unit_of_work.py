"""The unit of work: one transaction with a repository for each kind of object. The small ones stand here, too."""

from collections.abc import Callable
from typing import Final

import attrs

from kycaid_async.sandbox.data.account import FormSwitches
from kycaid_async.sandbox.events.feed import ATTEMPTS, Callback, QueuedCallback
from kycaid_async.sandbox.storage.applicants import AddressRepository, AffiliatedPersonRepository, ApplicantRepository
from kycaid_async.sandbox.storage.database import KINDS, Repository, Row, Statements
from kycaid_async.sandbox.storage.documents import DocumentRepository, FileRepository
from kycaid_async.sandbox.storage.verifications import VerificationRepository

_ID: Final = "balance"


_CALLBACKS = "SELECT callbacks.*, error, tried_at FROM callbacks LEFT JOIN attempts USING (id)"


class CallbackRepository(Repository):
    """The outbox: callbacks are stored in the transaction that causes them, so that none is lost in a kill."""

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
        rows = self._db.rows(f"{_CALLBACKS} ORDER BY seq DESC LIMIT ?", count)
        return [_queued(row) for row in reversed(rows)]

    def due(self) -> list[QueuedCallback]:
        """Return the callbacks whose delivery was not finished."""
        return [_queued(row) for row in self._db.rows(f"{_CALLBACKS} WHERE due > 0 ORDER BY seq")]

    def renew(self, request_id: str) -> QueuedCallback | None:
        """Let a callback be tried as often as at first, and return it; None when it is not known."""
        self.change(request_id, due=ATTEMPTS)
        row = self._db.first(f"{_CALLBACKS} WHERE callbacks.id = ?", request_id)
        return None if row is None else _queued(row)

    def note_attempt(
        self, request_id: str, status: int | None, error: str | None, tried_at: str, *, arrived: bool, remembered: int
    ) -> QueuedCallback | None:
        """Note an attempt, and return what it led to; None when the callback is gone.

        Of those that are over the last ``remembered`` are kept.
        """
        row = self.find(request_id)
        if row is None:
            return None
        left = 0 if arrived else row["due"] - 1
        attempt = {"error": error, "tried_at": tried_at}
        queued = attrs.evolve(_queued(row | attempt), status=status, attempts=row["attempts"] + 1, left=left)
        self.change(request_id, status=status, attempts=queued.attempts, due=left)
        self._db.execute("DELETE FROM attempts WHERE id = ?", request_id)
        self._db.insert("attempts", id=request_id, **attempt)
        if not left:
            sql = "DELETE FROM callbacks WHERE due = 0 AND seq <= (SELECT max(seq) FROM callbacks) - ?"
            self._db.execute(sql, remembered)
        return queued


def _queued(row: Row) -> QueuedCallback:
    return QueuedCallback(
        body=row["message"],
        url=row["url"],
        status=row["status"],
        error=row["error"],
        tried_at=row["tried_at"],
        attempts=row["attempts"],
        left=row["due"],
    )


class AccountRepository(Repository):
    """The balance, in cents; null for an account that never runs out."""

    table = "account"

    def open(self, euros: float | None) -> None:
        """Give the account its first balance, unless it has had one."""
        if self.find(_ID) is None:
            self.insert(id=_ID, cents=_cents(euros))

    def balance(self) -> float | None:
        """Return the euros that are left; None for an account that never runs out."""
        cents = self._left()
        return None if cents is None else cents / 100

    def set_balance(self, euros: float | None) -> None:
        """Set the euros that are left."""
        self.change(_ID, cents=_cents(euros))

    def take(self, cents: int) -> bool:
        """Take a fee. Returns False, and takes nothing, when the balance is too low."""
        left = self._left()
        if left is not None and left < cents:
            return False
        if left is not None:
            self.change(_ID, cents=left - cents)
        return True

    def _left(self) -> int | None:
        (row,) = self._db.rows("SELECT cents FROM account")
        cents: int | None = row["cents"]
        return cents


class ServiceRepository(Repository):
    """Uses of paid services: each is a row of the report."""

    table = "services"

    def of_day(self, day: str) -> list[Row]:
        """Return the uses of a day, oldest first."""
        sql = "SELECT * FROM services WHERE created_at BETWEEN ? AND ? ORDER BY seq"
        return self._db.rows(sql, f"{day} 00:00:00", f"{day} 23:59:59")


class FormRepository(Repository):
    """The switches of forms that were changed."""

    table = "forms"

    def switches(self, form_id: str | None) -> FormSwitches:
        """Return the switches of a form, or those that hold where there is none."""
        row = self.find(form_id) if form_id is not None else None
        if row is None:
            return FormSwitches()
        return FormSwitches(**{name: bool(value) for name, value in row.items() if name != "id"})

    def switch(self, form_id: str, switches: FormSwitches) -> None:
        """Set the switches of a form."""
        self.remove(form_id)
        self.insert(id=form_id, **{name: int(value) for name, value in attrs.asdict(switches).items()})


def _cents(euros: float | None) -> int | None:
    return None if euros is None else round(100 * euros)


_TABLES: Final = (
    *("attachments", "portraits", "documents", "files", "addresses", "affiliated_persons", "parts", "verifications"),
    *("services", "account", "forms", "attempts", "callbacks", "words", "applicants"),
)
"""All tables, those that refer to others first."""


class UnitOfWork:
    """The repositories of one transaction, and its callbacks."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    @property
    def account(self) -> AccountRepository:
        """The money of the account."""
        return AccountRepository(self._db)

    @property
    def addresses(self) -> AddressRepository:
        """Addresses."""
        return AddressRepository(self._db)

    @property
    def affiliated_persons(self) -> AffiliatedPersonRepository:
        """Persons tied to a company."""
        return AffiliatedPersonRepository(self._db)

    @property
    def applicants(self) -> ApplicantRepository:
        """Persons and companies."""
        return ApplicantRepository(self._db)

    @property
    def callbacks(self) -> CallbackRepository:
        """The outbox."""
        return CallbackRepository(self._db)

    @property
    def documents(self) -> DocumentRepository:
        """Documents."""
        return DocumentRepository(self._db)

    @property
    def files(self) -> FileRepository:
        """Uploaded files."""
        return FileRepository(self._db)

    @property
    def forms(self) -> FormRepository:
        """The switches of forms."""
        return FormRepository(self._db)

    @property
    def services(self) -> ServiceRepository:
        """Uses of paid services."""
        return ServiceRepository(self._db)

    @property
    def verifications(self) -> VerificationRepository:
        """Verifications."""
        return VerificationRepository(self._db)

    @property
    def changes(self) -> dict[tuple[str, str], str | None]:
        """The objects that were made, changed or removed, by kind and id, with the status that was set."""
        return self._db.changes

    def owner(self, id_: str) -> Row | None:
        """Return the applicant or the affiliated person with this id."""
        return self.applicants.find(id_) or self.affiliated_persons.find(id_)

    def counts(self) -> dict[str, int]:
        """Return how many objects of each kind there are."""
        return {kind: self._db.rows(f"SELECT count(*) AS n FROM {kind}")[0]["n"] for kind in KINDS}  # noqa: S608 - of ours

    def clear(self) -> list[str]:
        """Remove everything, and return under what names the contents of files lie in the folder."""
        stored = self.files.stored_names()
        for table in _TABLES:
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
        return sorted(stored)

    def on_commit(self, action: Callable[[], object]) -> None:
        """Do this once the commit has succeeded."""
        self._db.on_commit.append(action)

    def on_rollback(self, action: Callable[[], object]) -> None:
        """Do this when everything is rolled back, the last first."""
        self._db.on_rollback.append(action)
