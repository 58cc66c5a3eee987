"""The options of every run."""

import os
from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict, get_args

import attrs

from kycaid_async.bulk.ledger import Path, SecretFrom, secret_key_of
from kycaid_async.bulk.ledger.opening import check_lease, shown_ledger
from kycaid_async.errors import ConfigurationError
from kycaid_async.options import FLAG, PATH, SECONDS, TEXT, Kind, is_number, whole
from kycaid_async.values.secret import ApiKey

PATIENCE = Kind("a number of seconds, 0 or more", lambda value: is_number(value) and value >= 0, is_number=True)


class RunOptions(TypedDict, total=False):
    """The options of every run."""

    concurrency: int | None
    give_up_after: float
    settle_after: float | None
    same_account: bool
    ledger_secret: SecretFrom | None
    ledger_secret_key: str | None
    ledger_lease: float | None


def _secret_key(text: "str | None") -> ApiKey | None:
    TEXT.or_none("KYCAID_LEDGER_KEY").check("bulk: ledger_secret_key", text)
    return secret_key_of(text)


def hide_ledger(_cls: type, fields: "list[attrs.Attribute[Any]]") -> "list[attrs.Attribute[Any]]":
    """Show no password in a ledger's URL. Done here, because editors show what a class says of its fields."""
    return [field.evolve(repr=shown_ledger) if field.name == "ledger" else field for field in fields]


@attrs.frozen(kw_only=True, field_transformer=hide_ledger)
class RunPlan:
    """The options of a run, with their defaults. Raises `ConfigurationError` for values that make no sense."""

    ledger: Path | None
    concurrency: int | None = None
    give_up_after: float = 300.0
    settle_after: float | None = None
    same_account: bool = False
    ledger_secret: SecretFrom | None = None
    ledger_secret_key: ApiKey | None = attrs.field(default=None, converter=_secret_key)
    ledger_lease: float | None = None

    kinds: ClassVar[Mapping[str, Kind]] = {
        "concurrency": whole(1).or_none("as many as the client has connections"),
        "give_up_after": PATIENCE,
        "settle_after": PATIENCE.or_none("the default"),
        "same_account": FLAG,
        "ledger": PATH.or_none("no ledger"),
        "ledger_lease": SECONDS.or_none("the default"),
    }
    """What options take; a class below adds its own."""

    def check_kinds(self) -> None:
        """Raise `ConfigurationError` for an option of a wrong type."""
        for cls in type(self).__mro__:
            for name, kind in vars(cls).get("kinds", {}).items():
                kind.check(f"bulk: {name}", getattr(self, name))

    def __attrs_post_init__(self) -> None:
        self.check_kinds()
        if self.ledger is not None and not os.fspath(self.ledger):
            raise ConfigurationError("bulk: ledger must be the path of a file; None is for no ledger")
        if self.ledger is None and self.ledger_secret is not None:
            raise ConfigurationError("bulk: ledger_secret is for a ledger; give ledger too")
        if self.ledger_secret not in (None, *get_args(SecretFrom)):
            raise ConfigurationError("bulk: ledger_secret is file or api-key")
        check_lease(self.ledger_lease, self.ledger)


def engine_kind(method: str) -> Kind:
    """Return the kind of engines that can do this."""
    fits = Kind("an engine, such as DaskEngine", lambda engine: callable(getattr(engine, method, None)))
    return fits.or_none("this process")
