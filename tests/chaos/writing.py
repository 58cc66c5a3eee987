"""Which programs are written, and how one that failed is made smaller."""

import random
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from tests.chaos.names import NAME_FAULTS
from tests.chaos.program import OPERATIONS, BulkProgram, Program, Row, Step
from tests.oracle.doors import AFTER_TLS, BEFORE_TLS, OF_PROXY
from tests.oracle.faults import Fault
from tests.oracle.manglings import HARMFUL, HARMLESS
from tests.oracle.pages import PAGES

AnyProgram = Program | BulkProgram

_OWN_REFUSALS = ("429_own", "503_own")
_GATEWAYS = sorted(name for name in PAGES if not name.endswith(("_own", "_after")))
"""Those that ask for a second of patience would cost one."""
_SHORT = (0.0, 0.002, 0.02)
_LATE = (0.0, 0.0, 0.01, 0.06, 0.09)
"""Seconds; one stands for some 600 of the usual limits, so these are up to 54 s, with limits that are 30 s."""
_BEHIND = (0.005, 0.03, 0.06, 0.1)
_CANCEL = (None, None, None, None, 0.0, 0.001, 0.003, 0.01, 0.03)
_LIMIT = (None, None, None, None, None, 0.004, 0.015)
_LOST = ("reset", "close", "hang")
_UNREADABLE = ("", "", "", "cut", "cut_by_reset", "stalled", "corrupt", "drip", "chunked")
_EARLY = ("413_html", "403_firewall", "503_text")
_SIZES = (300, 300, 300, 300, 100_000, 100_000, 100_000, 6_000_000)
_WAYS = ("http", "http", "http", "http", "http", "https", "https", "proxy")
_MOST_ROUNDS = 300
"""Programs that are tried to find a smaller one."""


def program_of(seed: int, number: int) -> AnyProgram:
    """Return the program with this number."""
    chance = random.Random(f"{seed} {number}")
    kind = chance.choice(("async", "async", "async", "blocking", "blocking", "bulk"))
    if kind == "bulk":
        return _bulk(chance)
    return _calls(chance, kind)


def _calls(chance: random.Random, client: Any) -> Program:
    events = ("hold", "stop", "away", "rest", "fork") if client == "async" else ("stop", "away", "rest", "fork")
    groups = tuple(
        tuple(_step(chance, events) for _ in range(chance.randint(1, 4))) for _ in range(chance.randint(1, 3))
    )
    return Program(
        client=client,
        groups=groups,
        connections=chance.choice((8, 1, 2)),
        through_session=client == "async" and chance.random() < 1 / 3,
        **_faults(chance),
    )


def _bulk(chance: random.Random) -> BulkProgram:
    rows = tuple(
        Row(applicant=chance.choice((0, 1, 10, 11)), content=chance.randint(0, 3)) for _ in range(chance.randint(1, 6))
    )
    moments = [chance.choice((0.005, 0.03)) if chance.random() < 1 / 5 else None for _ in range(2)]
    return BulkProgram(rows=rows, cancel=chance.choice(_CANCEL), away=moments[0], stop=moments[1], **_faults(chance))


def _faults(chance: random.Random) -> dict[str, Any]:
    """Return the way to the server, and what goes wrong on it: one thing at least."""
    way = chance.choice(_WAYS)
    script = tuple(_fault(chance) for _ in range(chance.randint(0, 8)))
    if way == "http":
        has_one = any(fault != Fault() for fault in script)
        return {"script": script if has_one else (_real_fault(chance), *script)}
    inner = (*BEFORE_TLS, *AFTER_TLS, *AFTER_TLS)
    kinds = inner if way == "https" else (*inner, *OF_PROXY)
    doors = tuple(chance.choice(("", "", *kinds)) for _ in range(chance.randint(0, 4)))
    names = tuple(chance.choice(("", *NAME_FAULTS)) for _ in range(chance.randint(0, 2)))
    names = () if way == "proxy" else names
    script = script[:4]
    if not (any(doors) or any(names) or any(fault != Fault() for fault in script)):
        script = (_real_fault(chance), *script)
    return {"script": script, "way": way, "doors": doors, "names": names}


def _step(chance: random.Random, events: tuple[str, ...]) -> Step:
    kind = chance.random()
    if kind < 1 / 4:
        return Step(do=chance.choice(events))
    timed = {"cancel": chance.choice(_CANCEL), "limit": chance.choice(_LIMIT)}
    if kind < 1 / 2:
        return Step(
            do="files.create", source=chance.choice(("bytes", "path", "chunks")), size=chance.choice(_SIZES), **timed
        )
    return Step(do=chance.choice([one for one in OPERATIONS if one != "files.create"]), **timed)


_KINDS: tuple[Callable[[random.Random], Fault], ...] = (
    lambda chance: Fault(mangling=chance.choice(sorted(HARMLESS)), pause=chance.choice(_SHORT)),
    lambda chance: Fault(mangling=chance.choice(sorted(HARMFUL))),
    lambda chance: Fault(end=chance.choice(("close", "reset")), ends_after=chance.choice(_SHORT)),
    lambda chance: Fault(
        acts=chance.choice((0, 1)),
        late=chance.choice(_LATE),
        answer=chance.choice(_GATEWAYS),
        mangling=chance.choice(_UNREADABLE),
    ),
    lambda chance: Fault(acts=chance.choice((0, 1)), late=chance.choice(_LATE), answer=chance.choice(_LOST)),
    lambda chance: Fault(answer=chance.choice((*_GATEWAYS, *_LOST * 8)), behind=chance.choice(_BEHIND)),
    lambda chance: Fault(acts=0, answer=chance.choice(_OWN_REFUSALS)),
    lambda chance: Fault(acts=chance.choice((0, 1)), answer="500_own"),
    lambda chance: Fault(acts=0, broken=chance.choice(("head", "body"))),
    lambda chance: Fault(acts=0, answer=chance.choice(_EARLY), early=True),
)


def _fault(chance: random.Random) -> Fault:
    """Return what one request meets, which now and then is no fault."""
    return chance.choice((lambda _: Fault(), *_KINDS))(chance)


def _real_fault(chance: random.Random) -> Fault:
    return chance.choice(_KINDS)(chance)


def smallest(program: AnyProgram, fails: Callable[[AnyProgram], bool]) -> AnyProgram:
    """Return the smallest program that still fails, as far as it can be found by leaving things out."""
    left = _MOST_ROUNDS
    while left > 0:
        for smaller in _smaller(program):
            left -= 1
            if fails(smaller):
                program = smaller
                break
            if left <= 0:
                return program
        else:
            return program
    return program


def _smaller(program: AnyProgram) -> Iterator[AnyProgram]:
    """Give the programs that have a little less than ``program``, the smallest first."""
    for name in ("groups", "rows", "script", "doors", "names"):
        whole = getattr(program, name, ())
        least = 1 if name in ("groups", "rows") else 0
        if len(whole) > least:
            for at in range(len(whole)):
                yield replace(program, **{name: whole[:at] + whole[at + 1 :]})  # type: ignore[arg-type]
    if isinstance(program, Program):
        yield from _with_fewer_steps(program)
    yield from _plainer(program)
    for name in ("script", "rows"):
        whole = getattr(program, name, ())
        for at, one in enumerate(whole):
            for other in _plainer(one):
                yield replace(program, **{name: (*whole[:at], other, *whole[at + 1 :])})  # type: ignore[arg-type]


def _with_fewer_steps(program: Program) -> Iterator[Program]:
    for at, group in enumerate(program.groups):
        for step in range(len(group)):
            fewer = [group[:step] + group[step + 1 :]] if len(group) > 1 else []
            plainer = [(*group[:step], one, *group[step + 1 :]) for one in _plainer(group[step])]
            for other in (*fewer, *plainer):
                yield replace(program, groups=(*program.groups[:at], other, *program.groups[at + 1 :]))


def _plainer(one: Any) -> Iterator[Any]:
    """Give ``one`` with one thing less that is not as usual."""
    for field in fields(one):
        if field.name == "answer" and one.early:
            continue  # it needs one that does not wait for the body
        if field.name not in ("groups", "rows", "script", "client", "do") and getattr(one, field.name) != field.default:
            yield replace(one, **{field.name: field.default})
