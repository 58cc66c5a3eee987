"""A store of seen events in Redis. It needs the extra ``redis``."""

import asyncio
from typing import Any, Final

from kycaid_async.extras import missing

try:
    import redis
    import redis.asyncio
except ImportError as error:
    raise missing("redis", error) from error

from kycaid_async.callbacks.stores import WEEK
from kycaid_async.errors import ConfigurationError
from kycaid_async.options import SECONDS, TEXT, Kind
from kycaid_async.tracebacks import guarded

_CLIENT: Final = Kind(
    "a client of Redis, as redis.asyncio.Redis.from_url makes one",
    lambda value: not isinstance(value, type) and callable(getattr(value, "eval", None)),
)

# A key holds its holder, or nothing once it was handled. Each script is atomic, and Redis ends what is over.
_CLAIM: Final = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_ADD: Final = """
local holder = redis.call('GET', KEYS[1])
if holder == '' then return 0 end
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return 1
"""
_HAS: Final = "return redis.call('GET', KEYS[1]) == '' and 1 or 0"
_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1"


@guarded
class RedisSeenStore:
    """Keeps identities of events in Redis, for all processes that share it: a `SharedSeenStore`.

    ``client`` is a ``redis.asyncio.Redis`` (or cluster), or a ``redis.Redis`` where each request has an event loop of
    its own, as in Flask and Django's sync views. Keys begin with ``prefix``, and Redis forgets them after ``ttl``
    seconds. It never closes the client. Raises `ConfigurationError` for a time that is less than a millisecond.
    """

    def __init__(self, client: Any, ttl: float = WEEK, *, prefix: str = "kycaid:seen:") -> None:
        _CLIENT.check("client", client)
        TEXT.check("prefix", prefix)
        self._client, self._prefix = client, prefix
        SECONDS.check("ttl", ttl)
        self._ttl = _milliseconds(ttl)
        self._is_blocking = isinstance(client, redis.Redis | redis.RedisCluster)

    async def add(self, identity: str) -> bool:
        """Keep ``identity`` and return True when it was not kept before."""
        return await self._run(_ADD, identity, self._ttl)

    async def has(self, identity: str) -> bool:
        """Say whether ``identity`` is kept."""
        return await self._run(_HAS, identity)

    async def claim(self, identity: str, holder: str, lease: float) -> bool:
        """Let ``holder`` have ``identity`` for ``lease`` seconds, unless it is kept or another has it."""
        return await self._run(_CLAIM, identity, holder, _milliseconds(lease))

    async def release(self, identity: str, holder: str) -> None:
        """End the claim of ``holder``, when there is one."""
        await self._run(_RELEASE, identity, holder)

    async def _run(self, script: str, identity: str, *arguments: str | int) -> bool:
        call = (script, 1, self._prefix + identity, *arguments)
        if self._is_blocking:
            return bool(await asyncio.to_thread(self._client.eval, *call))
        return bool(await self._client.eval(*call))


def _milliseconds(seconds: float) -> int:
    if not seconds >= 0.001:  # noqa: PLR2004 - NaN is none either
        raise ConfigurationError("ttl and lease must be a millisecond or more")
    return round(seconds * 1000)
