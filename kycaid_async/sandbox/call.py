"""What a handler is given, and what handlers share."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from kycaid_async.sandbox.links import Links
from kycaid_async.sandbox.refusals import not_found
from kycaid_async.sandbox.store import Row, Transaction
from kycaid_async.sandbox.uploads import Received
from kycaid_async.values.constraints import ID_LENGTH
from kycaid_async.values.times import write_time


@attrs.frozen(kw_only=True)
class Call:
    """One request that is authorised and well-formed, inside a transaction."""

    rows: Transaction
    ids: Mapping[str, str]
    """The ids in the path."""
    body: Mapping[str, Any]
    """The known fields of the JSON body."""
    upload: Received | None
    """The file, for operations that take one."""
    folder: Path
    """Where files are kept."""
    moment: datetime
    links: Links

    @property
    def now(self) -> str:
        """The time of the call as the API writes it."""
        return write_time(self.moment)

    def row(self, table: str, name: str) -> Row:
        """Return the row that the id ``name`` in the path stands for. Refuses with 404."""
        row = self.rows.find(table, self.ids[name])
        if row is None:
            raise not_found()
        return row

    def owner(self) -> tuple[str, str]:
        """Return key and id of the owner that the body names. Refuses an unknown applicant with 404."""
        if "applicant_id" not in self.body:
            # Affiliated persons are no operation of the sandbox yet, so any id may be one.
            return "affiliated_person_id", self.body["affiliated_person_id"]
        owner: str = self.body["applicant_id"]
        if self.rows.find("applicants", owner) is None:
            raise not_found(("applicant_id", "Applicant was not found"))
        return "applicant_id", owner


Handler = Callable[[Call], dict[str, Any]]
"""Does one operation and returns the answer, or raises `Refused`. It runs in a worker thread."""


def new_id() -> str:
    """Return an id in the service's form: 36 hexadecimal characters."""
    return secrets.token_hex(ID_LENGTH // 2)
