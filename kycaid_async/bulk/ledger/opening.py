"""Opening of the ledger of an upload: a file, or a database by its URL."""

import os
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from kycaid_async.bulk.ledger.file import Path
from kycaid_async.bulk.ledger.interface import UploadLedger
from kycaid_async.bulk.ledger.ledger import Ledger
from kycaid_async.bulk.ledger.schema import LedgerOwner
from kycaid_async.errors import ConfigurationError

SHORTEST_LEASE: Final = 2.0


def is_shared(ledger: Path | None) -> bool:
    """Say whether a ledger is the URL of a database, and no path."""
    return isinstance(ledger, str) and "://" in ledger


def ledger_name(ledger: Path) -> str:
    """Return a ledger as errors name it: of a URL no user, no password and no options."""
    if not is_shared(ledger):
        return os.fspath(ledger)
    scheme, _, rest = os.fspath(ledger).partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def shown_ledger(ledger: Path | None) -> str:
    """Return a ledger as its plan shows it."""
    return repr(ledger_name(ledger) if is_shared(ledger) and ledger is not None else ledger)


def has_password(url: str) -> bool:
    """Say whether a URL has a password in it."""
    parts = urlsplit(url)
    return parts.password is not None or "password" in parts.query


def ledger_url_of(text: str | None = None) -> str | None:
    """Return the URL of a shared ledger: ``text``, or the environment's ``KYCAID_LEDGER_URL``."""
    return text or os.environ.get("KYCAID_LEDGER_URL") or None


async def open_ledger(
    ledger: Path | None,
    owner: LedgerOwner,
    *,
    clock: Callable[[], float],
    lease: float | None = None,
    read_only: bool = False,
) -> UploadLedger:
    """Open or make a ledger. ``clock`` gives seconds that only go forward; ``lease`` is for one in a database.

    Raises `LedgerError`, and `ModuleNotFoundError` when the extra ``cluster`` is missing for a URL.
    """
    if is_shared(ledger):
        from kycaid_async.bulk.ledger.shared.shared_ledger import SharedLedger

        return await SharedLedger.open(str(ledger), owner, read_only=read_only, lease=lease)
    return await Ledger.open(
        ledger,
        server=owner.server,
        api_key=owner.api_key,
        same_account=owner.same_account,
        folder=owner.folder,
        secret_from=owner.secret_from,
        secret_key=owner.secret_key,
        read_only=read_only,
        clock=clock,
    )


async def ledger_exists(ledger: Path) -> bool:
    """Say whether there is such a ledger. Raises `LedgerError` when its database cannot be reached."""
    if not is_shared(ledger):
        return os.path.exists(ledger)  # noqa: ASYNC240 - one look
    from kycaid_async.bulk.ledger.shared.shared_ledger import SharedLedger

    return await SharedLedger.exists(str(ledger))


def check_lease(lease: float | None, ledger: Path | None) -> None:
    """Raise `ConfigurationError` for a lease that makes no sense."""
    if lease is not None and not is_shared(ledger):
        raise ConfigurationError("bulk: ledger_lease is for a ledger in a database, that many processes share")
    if lease is not None and lease < SHORTEST_LEASE:
        raise ConfigurationError(f"bulk: ledger_lease must be {SHORTEST_LEASE:g} seconds or more")
