"""The pace of an account in Redis, for all clients that share it. It needs the extra ``redis``.

One script takes reports, hands out permits by the clock of Redis, and says who leads: one client at a time, which
learns from what all reported and says what the pace is. When it is gone, another takes over within a second.
"""

import asyncio
import contextlib
import math
import secrets
from collections.abc import Sequence
from typing import Any, Final

import attrs

from kycaid_async.extras import missing

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
except ImportError as error:
    raise missing("redis", error) from error

from kycaid_async.errors import ConfigurationError
from kycaid_async.protocol.shared_pacing import AccountPacer, Pace, Refusal, Report
from kycaid_async.timing import Timing

_LEASE: Final = 600
"""Milliseconds after which another client leads, when the one that did is not heard of."""
_PRESENT: Final = 3
"""Seconds after a visit for which a client is counted; longer where there are so many that they visit seldom."""
_FORGOTTEN: Final = 60
"""Seconds after which a pace plays no part any more."""
_LEADS_EVERY: Final = 0.1
_VISITS_EVERY: Final = 0.2
_VISITS_OF_ALL: Final = 2000.0
"""Visits per second, of all clients that wait for nothing."""
_AHEAD: Final = 0.25
"""Seconds for which permits are handed out in advance: later ones go by what the pace is then."""
_AT_ONCE: Final = 0.1
"""Seconds that the permits of one visit are for, so that each client gets its turn."""
_LATE: Final = 0.02
_SHORTEST_RETRY: Final = 0.02
_CLOSING: Final = 1.0
"""Seconds."""

# Its clock may be set back: then what lies far ahead counts for nothing.
_VISIT: Final = """
local pace, clients, leader, counts, refusals = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local me, lease, wanted = ARGV[1], ARGV[2], tonumber(ARGV[3])
local forgotten = ARGV[5]
local ahead, at_once, late = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZADD', clients, now, me)
local present = math.max(tonumber(ARGV[4]), 2 * redis.call('ZCARD', clients) * tonumber(ARGV[11]))
redis.call('ZREMRANGEBYSCORE', clients, '-inf', now - present)
redis.call('ZREMRANGEBYSCORE', clients, now + present, '+inf')
redis.call('EXPIRE', clients, forgotten)
if ARGV[9] ~= '0' or ARGV[10] ~= '0' then
  redis.call('HINCRBY', counts, 'started', ARGV[9])
  redis.call('HINCRBY', counts, 'taken', ARGV[10])
  redis.call('EXPIRE', counts, forgotten)
end
for n = 12, #ARGV do redis.call('RPUSH', refusals, ARGV[n]) end
if #ARGV > 11 then redis.call('EXPIRE', refusals, forgotten) end
local holder = redis.call('GET', leader) or me
local reports = {}
if holder == me then
  redis.call('SET', leader, me, 'PX', lease)
  local told = redis.call('HMGET', counts, 'started', 'taken')
  reports = {told[1] or '0', told[2] or '0', unpack(redis.call('LRANGE', refusals, 0, 999))}
  redis.call('DEL', counts, refusals)
end
local told = redis.call('HMGET', pace, 'rate', 'gate', 'width', 'backoff', 'next')
local rate, gate = tonumber(told[1] or 'inf'), tonumber(told[2] or 0)
local first, permits = 0, 0
if rate < math.huge and wanted > 0 then
  local after = tonumber(told[5] or 0)
  if after > math.max(now, gate) + 2 + 2 / rate then after = now end
  first = math.max(after, now - late, gate)
  if first <= now + ahead then
    permits = math.min(wanted, math.max(1, math.floor(rate * at_once)))
    redis.call('HSET', pace, 'next', string.format('%.6f', first + permits / rate))
  end
  first = first - now
end
return {told[1] or '', string.format('%.6f', gate - now), told[3] or '1', told[4] or '1',
  redis.call('ZCARD', clients), string.format('%.6f', first), permits, reports}
"""
_PUBLISH: Final = """
local time = redis.call('TIME')
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'rate', ARGV[2], 'gate', string.format('%.6f', time[1] + time[2] / 1000000 + ARGV[3]),
  'width', ARGV[4], 'backoff', ARGV[5])
redis.call('EXPIRE', KEYS[1], ARGV[6])
return 1
"""


class RedisPaceStore:
    """Shares the pace of an account in Redis."""

    def __init__(
        self,
        url: str,
        account: str,
        maximum: int,
        *,
        all_together: int | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._redis = _client(url)
        self._visit, self._publish = self._redis.register_script(_VISIT), self._redis.register_script(_PUBLISH)
        begin = f"kycaid:pace:{{{account}}}"
        self._keys = [begin, *(f"{begin}:{name}" for name in ("clients", "leader", "counts", "refusals"))]
        self._me = secrets.token_hex(8)
        self._maximum = maximum
        self._timing = timing or Timing()
        self._leading: AccountPacer | None = None
        self._rate = math.inf
        self.all_together = all_together

    async def visit(self, report: Report, wanted: int) -> Pace:
        """Leave what this client did, and return what it may do, with up to so many permits."""
        args: list[Any] = [self._me, _LEASE, wanted, _PRESENT, _FORGOTTEN, _AHEAD, _AT_ONCE, _LATE]
        args += [report.started, report.taken, 1 / _VISITS_OF_ALL, *map(_written, report.refusals)]
        answer = await self._visit(keys=self._keys, args=args)
        rate, gate, width, backoff, clients, first, permits, reports = answer
        published = float(rate) if rate else None
        if reports:
            pace = await self._lead(published, _read(reports))
        else:
            self._leading = None
            pace = Pace(rate=self._rate if published is None else published, gate=max(0.0, float(gate)))
            pace = attrs.evolve(pace, width=float(width), backoff=float(backoff))
        self._rate = pace.rate
        if published is None or pace.rate == math.inf:
            return attrs.evolve(pace, clients=clients, again=self._again(clients))
        first = float(first)
        retry = max(_SHORTEST_RETRY, first - _AHEAD) + self._timing.chance() * min(1.0, clients / pace.rate)
        return attrs.evolve(
            pace,
            clients=clients,
            permits=tuple(first + place / published for place in range(permits)),
            retry=retry if wanted and not permits else None,
            again=self._again(clients),
        )

    def _again(self, clients: int) -> float:
        return _LEADS_EVERY if self._leading is not None else max(_VISITS_EVERY, clients / _VISITS_OF_ALL)

    async def _lead(self, published: float | None, report: Report) -> Pace:
        """Learn from what all did, and say what the pace is."""
        now = self._timing.clock()
        if self._leading is None:
            rate = self._rate if published is None else published
            self._leading = AccountPacer(self._maximum, rate=rate, now=now)
        self._leading.note(now, report)
        pace = self._leading.pace(now)
        told = (pace.rate, pace.gate, pace.width, pace.backoff)
        await self._publish(keys=[self._keys[0], self._keys[2]], args=[self._me, *map(str, told), _FORGOTTEN])
        return pace

    async def aclose(self) -> None:
        """Close the connections. One over TLS to a Redis that is stopped would wait for its farewell for long."""
        with contextlib.suppress(RedisError, OSError):
            async with asyncio.timeout(_CLOSING):
                await self._redis.aclose()


def _client(url: str) -> Any:
    # Before its version 6, redis did not ask whether a certificate is that of the host.
    options = url.partition("?")[2]
    says_it = "ssl_check_hostname=" in options or "ssl_cert_reqs=none" in options
    checks = {"ssl_check_hostname": True} if url.startswith("rediss:") and not says_it else {}
    try:
        return Redis.from_url(url, retry=Retry(NoBackoff(), 0), decode_responses=True, **checks)
    except ValueError:
        text = "pace, KYCAID_PACE_URL: expected the URL of a Redis, as redis://host:6379/0, with options that it knows"
    raise ConfigurationError(text)  # not from within the handler: the error of redis holds the URL


def _written(refusal: Refusal) -> str:
    return f"{refusal.after:.3f} {refusal.asked:d} {refusal.too_many:d}"


def _read(reports: Sequence[str]) -> Report:
    started, taken, *refusals = reports
    fields = (refusal.split() for refusal in refusals)
    return Report(
        int(started),
        int(taken),
        [Refusal(float(after), asked == "1", too_many == "1") for after, asked, too_many in fields],
    )
