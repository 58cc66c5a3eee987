"""Clients that share the pace of an account, in simulated time: what Redis does for them is done here in Python."""

import math
import random

import attrs

from kycaid_async.protocol.shared_pacing import AccountPacer, Pace, Report, SharedPacer
from tests.protocol.limits import Client, Run, simulate

AHEAD, AT_ONCE, LATE = 0.25, 0.1, 0.02


@attrs.define
class Agreement:
    """Where clients agree: a leader learns each 0.1 seconds, permits are handed out in order."""

    clients: int
    divided: bool = False
    chance: random.Random = attrs.field(factory=lambda: random.Random(1))
    account: AccountPacer = attrs.field(factory=lambda: AccountPacer(64))
    pending: Report = attrs.field(factory=Report)
    learned_at: float = -1.0
    pace: Pace = attrs.field(factory=lambda: Pace(rate=math.inf))
    gate: float = -math.inf
    next: float = -math.inf

    def visit(self, now: float, report: Report, wanted: int) -> Pace:
        self.pending.started += report.started
        self.pending.taken += report.taken
        self.pending.refusals += report.refusals
        if now >= self.learned_at + 0.1:
            self.account.note(now, self.pending)
            self.pending, self.learned_at = Report(), now
            self.pace = self.account.pace(now)
            self.gate = now + self.pace.gate
        told = attrs.evolve(self.pace, gate=max(0.0, self.gate - now), clients=self.clients)
        if self.divided or told.rate == math.inf:
            return told
        first, permits = max(self.next, now - LATE, self.gate), 0
        if wanted and first <= now + AHEAD:
            permits = min(wanted, max(1, int(told.rate * AT_ONCE)))
            self.next = first + permits / told.rate
        retry = max(0.02, first - now - AHEAD) + self.chance.random() * min(1.0, self.clients / told.rate)
        return attrs.evolve(
            told,
            permits=tuple(first - now + place / told.rate for place in range(permits)),
            retry=retry if wanted and not permits else None,
        )


@attrs.define
class Member(Client):
    """A client that shares its pace. Each visit takes a millisecond, which is not simulated."""

    agreement: Agreement = attrs.field(kw_only=True)
    looks_at: float = 0.0
    pacer: SharedPacer = attrs.field(factory=lambda: SharedPacer(64))

    def opens(self, now: float) -> float:
        if self.active >= self.pacer.window or not (self.repeats or (self.idle and self.left > 0)):
            return math.inf
        if now >= self.ready and (self.pacer.has_to_ask(now) or now >= self.looks_at):
            self.look(now)
        return super().opens(now)

    def look(self, now: float) -> None:
        waiting = len(self.repeats) + (self.idle if self.left > 0 else 0)
        wanted = max(1, min(waiting, 64 - self.active)) if self.pacer.has_to_ask(now) else 0
        self.pacer.heard(now, self.agreement.visit(now, self.pacer.report(), wanted))
        self.looks_at = now + 0.2


def together(
    takes,
    *,
    members: int,
    workers: int,
    latency: float,
    until: float,
    seed: int,
    divided: bool = False,
    last_at: float = 0.0,
) -> list[Run]:
    """Let clients that share a pace send as much as they may; the last of them comes at ``last_at``."""
    chance = random.Random(seed)
    agreement = Agreement(members, divided=divided, chance=chance)
    starts = [0.0] * (members - 1) + [last_at]
    clients = [Member(workers, math.inf, starts_at=at, agreement=agreement) for at in starts]
    return simulate(takes, clients=clients, latency=latency, chance=chance, until=until)
