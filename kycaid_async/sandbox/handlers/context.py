"""What a handler is given, and what handlers share."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from kycaid_async.sandbox.events.effects import Callback, Effects
from kycaid_async.sandbox.http.refusals import not_found
from kycaid_async.sandbox.http.signed_urls import Links
from kycaid_async.sandbox.http.uploads import Received
from kycaid_async.sandbox.rules.outcome import Outcome
from kycaid_async.sandbox.rules.script import Kind
from kycaid_async.sandbox.settings import Settings
from kycaid_async.sandbox.state import State
from kycaid_async.sandbox.storage import callbacks as outbox
from kycaid_async.sandbox.storage.database import Row, Transaction
from kycaid_async.values.times import write_time


@attrs.frozen(kw_only=True)
class Call:
    """One request that is authorised and well-formed, inside a transaction."""

    rows: Transaction
    ids: Mapping[str, str]
    """The ids in the path."""
    body: Mapping[str, Any]
    """The known fields of the JSON body; all of them where the operation takes any."""
    query: Mapping[str, str] = attrs.field(factory=dict)
    """The parameters after the question mark."""
    upload: Received | None
    """The file, for operations that take one."""
    state: State
    moment: datetime
    links: Links
    outcome: Outcome | None = None
    """What the request itself says about the outcome of what it creates."""
    effects: Effects = attrs.field(factory=Effects)
    """What is to happen once the transaction is committed."""

    @property
    def settings(self) -> Settings:
        """The options of the sandbox."""
        return self.state.settings

    @property
    def folder(self) -> Path:
        """Where files are kept."""
        return self.state.folder

    @property
    def now(self) -> str:
        """The time of the call as the API writes it."""
        return write_time(self.moment)

    def decided(self, kind: Kind) -> str | None:
        """Return what decides about what is created now, as text of an `Outcome`; None when the rules do."""
        outcome = self.outcome or self.state.script.take(kind, self.rows)
        return self.settings.undecided if outcome is None else str(outcome)

    def tell(self, callback: Callback) -> None:
        """Send a callback once the transaction is committed."""
        self.effects.callbacks.extend(outbox.put(self.rows, callback, self.settings.callback_url))

    def row(self, table: str, name: str) -> Row:
        """Return the row that the id ``name`` in the path stands for. Refuses with 404."""
        row = self.rows.find(table, self.ids[name])
        if row is None:
            raise not_found()
        return row

    def owner(self) -> tuple[str, str]:
        """Return key and id of the owner that the body names. Refuses an unknown one with 404."""
        if "applicant_id" not in self.body:
            person: str = self.body["affiliated_person_id"]
            if self.rows.find("affiliated_persons", person) is None:
                raise not_found(("affiliated_person_id", "Affiliated person was not found"))
            return "affiliated_person_id", person
        return "applicant_id", self.applicant()["id"]

    def applicant(self) -> Row:
        """Return the applicant that the body names. Refuses an unknown one with 404."""
        row = self.rows.find("applicants", self.body["applicant_id"])
        if row is None:
            raise not_found(("applicant_id", "Applicant was not found"))
        return row


Answer = dict[str, Any] | list[dict[str, Any]]
Handler = Callable[[Call], Answer]
"""Does one operation and returns the answer, or raises `Refused`. It runs in a worker thread."""
