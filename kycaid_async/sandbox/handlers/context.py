"""The request context: what a handler gets, and what handlers share."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.data.account import cents_for
from kycaid_async.sandbox.events.feed import Callback, Effects
from kycaid_async.sandbox.http.access import SignedUrls
from kycaid_async.sandbox.http.refusals import insufficient_funds, not_found
from kycaid_async.sandbox.http.uploads import ReceivedFile
from kycaid_async.sandbox.rules.verdict import Kind, ReviewOutcome
from kycaid_async.sandbox.state import SandboxSettings, SandboxState
from kycaid_async.sandbox.storage.database import Repository, Row
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork
from kycaid_async.values.scalars import write_time


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)  # made for each request: faster without slots
class RequestContext(ValueObject):
    """One request that is authorised and well-formed, inside a transaction."""

    unit: UnitOfWork
    ids: Mapping[str, str]
    """The ids in the path."""
    body: Mapping[str, Any]
    """The known fields of the JSON body; all of them where the operation takes any."""
    query: Mapping[str, str] = attrs.field(factory=dict)
    """The parameters after the question mark."""
    upload: ReceivedFile | None
    """The file, for operations that take one."""
    state: SandboxState
    moment: datetime
    urls: SignedUrls
    outcome: ReviewOutcome | None = None
    """What the request itself says about the outcome of what it creates."""
    effects: Effects = attrs.field(factory=Effects)
    """What is to happen once the transaction is committed."""

    @property
    def settings(self) -> SandboxSettings:
        """The options of the sandbox."""
        return self.state.settings

    @property
    def now(self) -> str:
        """The time of the request as the API writes it."""
        return write_time(self.moment)

    def decided(self, kind: Kind) -> str | None:
        """Return the outcome set for an object that is created now, as text; None when the rules decide."""
        outcome = self.outcome or self.state.script.take(kind, self.unit.on_rollback)
        return self.settings.undecided if outcome is None else str(outcome)

    def send(self, callback: Callback) -> None:
        """Send a callback once the transaction is committed."""
        self.effects.callbacks.extend(self.unit.callbacks.put(callback, self.state.callback_url))

    def book(self, service: str) -> int:
        """Take the fee for a service and return it in cents. Refuses with 402 when the balance is too low."""
        cents = cents_for(service)
        if not self.unit.account.take(cents):
            raise insufficient_funds()
        return cents

    def charge(self, service: str) -> None:
        """Take the fee for a use of a service, which the report lists. Refuses with 402 when the balance is too low."""
        self.unit.services.insert(method=service, cents=self.book(service), created_at=self.now)

    def row(self, repository: Repository, name: str) -> Row:
        """Return the row that the id ``name`` in the path stands for. Refuses with 404."""
        row = repository.find(self.ids[name])
        if row is None:
            raise not_found()
        return row

    def owner(self) -> tuple[str, str]:
        """Return key and id of the owner that the body names. Refuses an unknown one with 404."""
        if "applicant_id" not in self.body:
            person: str = self.body["affiliated_person_id"]
            if self.unit.affiliated_persons.find(person) is None:
                raise not_found(("affiliated_person_id", "Affiliated person was not found"))
            return "affiliated_person_id", person
        return "applicant_id", self.applicant()["id"]

    def applicant(self) -> Row:
        """Return the applicant that the body names. Refuses an unknown one with 404."""
        row = self.unit.applicants.find(self.body["applicant_id"])
        if row is None:
            raise not_found(("applicant_id", "Applicant was not found"))
        return row


Answer = dict[str, Any] | list[dict[str, Any]]
Handler = Callable[[RequestContext], Answer]
"""Does one operation and returns the answer, or raises `Refused`. It runs in a worker thread, or between
two things of the event loop where that takes no time."""
NewContext = Callable[..., RequestContext]
"""Makes a request context inside a transaction: ``new_context(body=…, ids=…, upload=…)``."""
