"""A store of seen events in the database of a Django project. It needs the extra ``django``."""

import time
from collections.abc import Callable
from typing import Any, Final

from kycaid_async.extras import missing

try:
    from asgiref.sync import sync_to_async
    from django.apps import apps
    from django.db import IntegrityError, router, transaction
    from django.db.models import Q
except ImportError as error:
    raise missing("django", error) from error

from kycaid_async.callbacks.stores import WEEK
from kycaid_async.options import FUNCTION, SECONDS_OR_ENDLESS, TEXT

_PURGE_SECONDS: Final = 3600.0
"""How often each process deletes what is over."""


class DjangoSeenStore:
    """Keeps identities of events in a table of the project, for all processes that share it: a `SharedSeenStore`.

    Put ``"kycaid_async.web.django"`` into ``INSTALLED_APPS`` and run ``manage.py migrate``. ``using`` is the alias of a
    database; by default the project's routers choose. Each identity is kept for ``ttl`` seconds, and deleted within an
    hour after that. ``clock`` returns the time in seconds since 1970.

    It works on the connection of the request, as views do. With ``ATOMIC_REQUESTS`` the mark of an event is therefore
    committed together with what the handler wrote, or neither is. A synchronous handler keeps the connection to itself:
    its claim is not renewed while it runs, so give `Deduplicator` a ``lease`` that is longer than its work. Raises
    `ConfigurationError` for a time that is not positive.
    """

    def __init__(self, ttl: float = WEEK, *, using: str | None = None, clock: Callable[[], float] = time.time) -> None:
        SECONDS_OR_ENDLESS.check("ttl", ttl)
        TEXT.or_none("the default").check("using", using)
        FUNCTION.check("clock", clock)
        self._ttl, self._using, self._clock = ttl, using, clock
        self._next_purge = 0.0

    async def purge(self) -> int:
        """Delete what is over, and return how many rows that were. `add` does it once an hour."""
        return await sync_to_async(self._purge)(self._clock())

    async def add(self, identity: str) -> bool:
        """Keep ``identity`` and return True when it was not kept before."""
        return await sync_to_async(self._add)(identity, self._clock())

    async def has(self, identity: str) -> bool:
        """Say whether ``identity`` is kept."""
        return await sync_to_async(self._has)(identity, self._clock())

    async def claim(self, identity: str, holder: str, lease: float) -> bool:
        """Let ``holder`` have ``identity`` for ``lease`` seconds, unless it is kept or another has it."""
        now = self._clock()
        mine_or_over: Any = Q(holder=holder) | Q(until__lte=now)
        return await sync_to_async(self._take)(identity, holder, now + lease, mine_or_over)

    async def release(self, identity: str, holder: str) -> None:
        """End the claim of ``holder``, when there is one."""
        await sync_to_async(self._release)(identity, holder)

    def _add(self, identity: str, now: float) -> bool:
        not_kept: Any = Q(holder__isnull=False) | Q(until__lte=now)
        # Twice: another may have claimed it between the look and the insertion.
        is_new = any(self._take(identity, None, now + self._ttl, not_kept) for _ in range(2))
        if now >= self._next_purge:
            self._next_purge = now + _PURGE_SECONDS
            self._purge(now)
        return is_new

    def _has(self, identity: str, now: float) -> bool:
        return bool(self._rows().filter(identity=identity, holder__isnull=True, until__gt=now).exists())

    def _release(self, identity: str, holder: str) -> None:
        self._rows().filter(identity=identity, holder=holder).delete()

    def _purge(self, now: float) -> int:
        return int(self._rows().filter(until__lte=now).delete()[0])

    def _take(self, identity: str, holder: str | None, until: float, may_change: Q) -> bool:
        """Change the row where that is allowed, or insert it where there is none. Return whether either was done."""
        rows = self._rows()
        if rows.filter(identity=identity).exists():
            return bool(rows.filter(may_change, identity=identity).update(holder=holder, until=until))
        try:
            atomic: Any = transaction.atomic(rows.db)
            with atomic:  # where the request has a transaction, it goes on after a refusal
                rows.create(identity=identity, holder=holder, until=until)
        except IntegrityError:  # another one inserted it at the same moment
            return False
        return True

    def _rows(self) -> Any:
        model = apps.get_model("kycaid", "SeenCallback")
        return model._default_manager.using(self._using or router.db_for_write(model))  # noqa: SLF001 - Django's name
