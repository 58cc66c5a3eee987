"""The unit of work: one transaction with a repository for each kind of object."""

from collections.abc import Callable
from functools import cached_property

from kycaid_async.sandbox.storage.account import AccountRepository, FormRepository, ServiceRepository
from kycaid_async.sandbox.storage.applicants import AddressRepository, AffiliatedPersonRepository, ApplicantRepository
from kycaid_async.sandbox.storage.callbacks import CallbackRepository
from kycaid_async.sandbox.storage.database import Row, Statements
from kycaid_async.sandbox.storage.documents import DocumentRepository, FileRepository
from kycaid_async.sandbox.storage.schema import KINDS
from kycaid_async.sandbox.storage.verifications import VerificationRepository


class UnitOfWork:
    """The repositories of one transaction, and its callbacks."""

    def __init__(self, statements: Statements) -> None:
        self._db = statements

    @cached_property
    def account(self) -> AccountRepository:
        """The money of the account."""
        return AccountRepository(self._db)

    @cached_property
    def addresses(self) -> AddressRepository:
        """Addresses."""
        return AddressRepository(self._db)

    @cached_property
    def affiliated_persons(self) -> AffiliatedPersonRepository:
        """Persons tied to a company."""
        return AffiliatedPersonRepository(self._db)

    @cached_property
    def applicants(self) -> ApplicantRepository:
        """Persons and companies."""
        return ApplicantRepository(self._db)

    @cached_property
    def callbacks(self) -> CallbackRepository:
        """The outbox."""
        return CallbackRepository(self._db)

    @cached_property
    def documents(self) -> DocumentRepository:
        """Documents."""
        return DocumentRepository(self._db)

    @cached_property
    def files(self) -> FileRepository:
        """Uploaded files."""
        return FileRepository(self._db)

    @cached_property
    def forms(self) -> FormRepository:
        """The switches of forms."""
        return FormRepository(self._db)

    @cached_property
    def services(self) -> ServiceRepository:
        """Uses of paid services."""
        return ServiceRepository(self._db)

    @cached_property
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

    def on_commit(self, action: Callable[[], object]) -> None:
        """Do this once the commit has succeeded."""
        self._db.on_commit.append(action)

    def on_rollback(self, action: Callable[[], object]) -> None:
        """Do this when everything is rolled back, the last first."""
        self._db.on_rollback.append(action)
