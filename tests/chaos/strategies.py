"""Which programs are written."""

from hypothesis import strategies as st

from tests.chaos.program import OPERATIONS, BulkProgram, Program, Row, Step
from tests.oracle.faults import Fault
from tests.oracle.manglings import HARMFUL, HARMLESS
from tests.oracle.pages import PAGES

_OWN_REFUSALS = ("429_own", "503_own")
_GATEWAYS = sorted(name for name in PAGES if not name.endswith(("_own", "_after")))
"""Those that ask for a second of patience would cost one."""
_SHORT = st.sampled_from([0.0, 0.002, 0.02])
_LATE = st.sampled_from([0.0, 0.01, 0.09])
_ACTS = st.sampled_from([0, 1])
_CANCEL = st.one_of(st.none(), st.none(), st.sampled_from([0.0, 0.001, 0.003, 0.01, 0.03]))
_GATEWAY = st.sampled_from(_GATEWAYS)
_LOST = st.sampled_from(["reset", "close", "hang"])
_UNREADABLE = st.sampled_from(["", "", "", "cut", "cut_by_reset", "stalled", "corrupt", "drip", "chunked"])

FAULTS = st.one_of(
    st.just(Fault()),
    st.builds(Fault, mangling=st.sampled_from(sorted(HARMLESS)), pause=_SHORT),
    st.builds(Fault, mangling=st.sampled_from(sorted(HARMFUL))),
    st.builds(Fault, end=st.sampled_from(["close", "reset"]), ends_after=_SHORT),
    st.builds(Fault, acts=_ACTS, late=_LATE, answer=_GATEWAY, mangling=_UNREADABLE),
    st.builds(Fault, acts=_ACTS, late=_LATE, answer=_LOST),
    st.builds(Fault, answer=st.one_of(_GATEWAY, _LOST), behind=st.sampled_from([0.005, 0.03, 0.1])),
    st.builds(Fault, acts=st.just(0), answer=st.sampled_from(_OWN_REFUSALS)),
    st.builds(Fault, acts=_ACTS, answer=st.just("500_own")),
    st.builds(Fault, acts=st.just(0), broken=st.sampled_from(["head", "body"])),
    st.builds(
        Fault, acts=st.just(0), answer=st.sampled_from(["413_html", "403_firewall", "503_text"]), early=st.just(True)
    ),
)
SCRIPTS = st.lists(FAULTS, max_size=8).map(tuple)

_CALLS = st.builds(Step, do=st.sampled_from([one for one in OPERATIONS if one != "files.create"]), cancel=_CANCEL)
_FILES = st.builds(
    Step,
    do=st.just("files.create"),
    cancel=_CANCEL,
    source=st.sampled_from(["bytes", "path", "chunks"]),
    size=st.sampled_from([300, 300, 100_000, 100_000, 6_000_000]),
)


def _groups(events: list[str]) -> st.SearchStrategy:
    group = st.lists(
        st.one_of(_CALLS, _CALLS, _FILES, st.builds(Step, do=st.sampled_from(events))), min_size=1, max_size=4
    )
    return st.lists(group.map(tuple), min_size=1, max_size=3).map(tuple)


_CONNECTIONS = st.sampled_from([8, 1, 2])
ASYNC = st.builds(
    Program,
    client=st.just("async"),
    groups=_groups(["hold", "away", "rest"]),
    script=SCRIPTS,
    connections=_CONNECTIONS,
    through_session=st.sampled_from([False, False, True]),
)
BLOCKING = st.builds(
    Program,
    client=st.just("blocking"),
    groups=_groups(["fork", "away", "rest"]),
    script=SCRIPTS,
    connections=_CONNECTIONS,
)
BULK = st.builds(
    BulkProgram,
    rows=st.lists(
        st.builds(Row, applicant=st.sampled_from([0, 1, 10, 11]), content=st.integers(0, 3)), min_size=1, max_size=6
    ).map(tuple),
    script=SCRIPTS,
    cancel=_CANCEL,
)
PROGRAMS = st.one_of(ASYNC, ASYNC, ASYNC, BLOCKING, BLOCKING, BULK)
