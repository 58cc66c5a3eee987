"""The money of the account, and the uses of services that were paid with it."""

from typing import Final

import attrs

from kycaid_async.sandbox.data.account import FormSwitches
from kycaid_async.sandbox.storage.database import Repository, Row

_ID: Final = "balance"


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
