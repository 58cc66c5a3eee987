"""What each mode does to client and server. Chances and times are for one request; times are real seconds."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tests.bulk.crash import ends
from tests.bulk.crash.ends import End
from tests.oracle.faults import CREATIONS
from tests.oracle.pages import pages

READ = 1.5
"""How long a client waits for an answer."""
SETTLE = 1.5
"""How long it then looks for what it sent. A server that acts late needs more."""
_MARGIN = 5.0
"""By how much longer, where a machine has other work, too."""

Hooks = Callable[[random.Random], dict[str, Any]]


def _none(_: random.Random) -> dict[str, Any]:
    return {}


def _wrong_clock(chance: random.Random) -> dict[str, Any]:
    return {"clock": chance.choice([0, 60, 3600, -3600, 86400])}


@attrs.frozen(kw_only=True)
class Mode:
    """One way in which things go wrong."""

    faults: Sequence[dict[str, Any]] = ()
    view: dict[str, Any] = attrs.field(factory=dict)
    one_per_type: bool = False
    twins: int = 7
    warm: bool = False
    """Whether each applicant has documents that the ledger knows before anything goes wrong. Where a server hides
    documents, that is how one can notice."""
    ends: Sequence[End] = (ends.kill,)
    hooks: Hooks = _none
    settle: float = SETTLE
    kills_server: bool = False
    verifies: bool = False
    """Whether the applicants of delivered rows are verified too."""
    calls: bool = False
    """Whether it makes plain calls, without bulk."""
    loses_ledger: bool = False
    """Whether the ledger loses its newest part."""
    preventable: bool = True
    """False where no client can keep a document from being made twice."""

    @property
    def settles(self) -> bool:
        """Whether a last run among no faults can tell of each row whether it was made, where it may be told at all."""
        return self.preventable and not (self.view or self.loses_ledger)

    def acting_late(self, seconds: float) -> "Mode":
        """Return it with a server that, where it acts late, does so by just so many seconds, and clients to match."""
        faults = [fault | {"late": seconds, "exact": True} if "late" in fault else fault for fault in self.faults]
        is_late = self.preventable and any("late" in fault for fault in self.faults)
        return attrs.evolve(self, faults=faults, settle=seconds + _MARGIN) if is_late else self


def _after(*answers: str, chance: float = 0.15, on: Sequence[str] = CREATIONS, **more: Any) -> dict[str, Any]:
    """Act, and let something else answer."""
    return {"on": list(on), "chance": chance, "answers": list(answers), **more}


def _before(*answers: str, chance: float = 0.15, **more: Any) -> dict[str, Any]:
    return _after(*answers, chance=chance, on=["*"], acts=0, **more)


_LOST = _after("reset", "close", chance=0.2)


def _late(chance: float) -> dict[str, Any]:
    """Let the server act when the client has given up, and settle late enough for that."""
    return {"settle": 4.0, "faults": [{"on": list(CREATIONS), "chance": chance, "late": 2 * READ}]}


_ANY = (*pages("2", "3", "4", "5"), "500_own", "reset", "close", "cut")

MODES: dict[str, Mode] = {
    # The server or what stands before it.
    "answers": Mode(faults=[_after("reset", "close", on=["*"])]),
    "429": Mode(faults=[_after(*pages("429"))]),
    "500": Mode(faults=[_after(*pages("500"), "500_own")]),
    "502": Mode(faults=[_after(*pages("502"))]),
    "503": Mode(faults=[_after(*pages("503"))]),
    "504": Mode(faults=[_after(*pages("504"))]),
    "4xx": Mode(faults=[_after(*pages("40", "413", "418", "422"))]),
    "pages": Mode(faults=[_after(*pages("4", "5"), on=["applicants.get", "documents.get", "files.create"]), _LOST]),
    "before": Mode(faults=[_before(*pages("429", "5"))]),
    "refused": Mode(
        faults=[
            _before(*pages("40", "418", "422"), chance=0.03),
            _after("413_html", chance=0.05, on=["files.create"], early=True, acts=0),
        ]
    ),
    "busy": Mode(faults=[_before("429_own", "503_own", chance=0.25)]),
    "portal": Mode(faults=[_after(*pages("20"), chance=0.05), _before(*pages("20"), chance=0.05)]),
    "redirect": Mode(faults=[_after(*pages("30"), chance=0.03), _before(*pages("30"), chance=0.01)]),
    "lookalike": Mode(faults=[_after("403_error", "403_problem", "429_error", "429_errors", "503_error")]),
    "cut": Mode(faults=[_after("cut", on=["*"])]),
    "slow": Mode(faults=[_after("own", on=["*"], pause=2 * READ)]),
    "late": Mode(**_late(0.15)),
    "stale": Mode(faults=[_LOST], view={"stale": 1.0}),
    "half": Mode(faults=[_LOST], view={"half": True}, warm=True),
    "page": Mode(faults=[_LOST], view={"page": 2}, warm=True),
    "nulls": Mode(faults=[_LOST], view={"nulls": True}, warm=True),
    "no_ids": Mode(faults=[_LOST], view={"no_ids": True}, warm=True),
    "no_files": Mode(faults=[_LOST], view={"no_files": True}, warm=True),
    "no_types": Mode(faults=[_LOST], view={"no_types": True}, warm=True),
    "no_list": Mode(faults=[_LOST], view={"list": None}, warm=True),
    "empty": Mode(faults=[_LOST], view={"list": []}, warm=True),
    "twins": Mode(
        twins=2,
        faults=[
            _after("reset", acts=0, pause=2 * READ, chance=0.3, on=["documents.create"]),
            _after("reset", on=["documents.create"]),
            _after("own", late=0.6, chance=0.7, on=["applicants.get"]),
        ],
    ),
    "one_per_type": Mode(faults=[_LOST], one_per_type=True, twins=0),
    "server": Mode(ends=(), kills_server=True),
    "calls": Mode(calls=True, faults=[_after(*_ANY, chance=0.4), _before(*_ANY, chance=0.3)]),
    "verify": Mode(
        verifies=True,
        settle=4.0,
        faults=[
            _after("reset", "close", chance=0.05),
            _after(*pages("503"), chance=0.05),
            {"on": list(CREATIONS), "chance": 0.05, "late": 2 * READ},
        ],
    ),
    # The end of the client.
    "client": Mode(),
    "opening": Mode(ends=(ends.kill, ends.kill_at_a_step)),
    "closing": Mode(ends=(ends.kill_at_the_end, ends.kill)),
    "term": Mode(ends=(ends.term,), faults=[_after("own", on=["*"], pause=0.2)]),
    "interrupt": Mode(ends=(ends.interrupt,), faults=[_after("own", on=["*"], pause=0.2)]),
    "twice": Mode(
        ends=(ends.interrupt_twice, ends.interrupt_at_the_end), faults=[_after("own", on=["*"], pause=0.2, chance=0.5)]
    ),
    "checking": Mode(ends=(ends.kill, ends.tell_while_it_checks, ends.tell_while_it_checks)),
    "starting": Mode(ends=(ends.tell_while_it_starts,)),
    "stopped": Mode(ends=(ends.stop_and_go_on,)),
    "clock": Mode(ends=(ends.kill, ends.interrupt_twice, ends.interrupt_twice), hooks=_wrong_clock, **_late(0.5)),
    "wal": Mode(ends=(ends.lose_the_newest_part,), loses_ledger=True),
    "repair": Mode(ends=(ends.repair_without_the_newest_part,), loses_ledger=True),
    "two_runs": Mode(ends=(ends.two_at_once,)),
    "disk": Mode(ends=(ends.fill_the_disk,)),
    # What no client can prevent.
    "repeated": Mode(faults=[_after("own", acts=2)], preventable=False),
    "swapped": Mode(faults=[_after("swapped", on=[*CREATIONS, "files.create"])], preventable=False),
    "too_late": Mode(faults=[_after("own", late=6 * SETTLE)], preventable=False),
}
