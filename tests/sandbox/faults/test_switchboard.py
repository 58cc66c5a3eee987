"""Which faults are on, which of them a request meets, and how they are declared."""

import pytest

from kycaid_async import ConfigurationError
from kycaid_async.sandbox import Fault, FaultKind, Faults, Sandbox

CREATE, GET = "documents.create", "documents.get"


def met(faults, operation, times):
    return [bool(faults.draw(operation)) for _ in range(times)]


@pytest.fixture
def half():
    return Fault("500", probability=0.5)


def test_the_same_seed_gives_the_same_run(half):
    runs = []
    for seed in (7, 7, 8):
        faults = Faults(seed)
        faults.add(half)
        runs.append(met(faults, GET, 60))
    assert runs[0] == runs[1] != runs[2]
    assert 15 < sum(runs[0]) < 45


def test_what_one_operation_meets_does_not_depend_on_others(half):
    alone, among_others = Faults(1), Faults(1)
    alone.add(half)
    among_others.add(half)
    expected = met(alone, GET, 30)
    found = []
    for _ in range(30):
        among_others.draw(CREATE)
        found.append(bool(among_others.draw(GET)))
    assert found == expected


def test_what_one_fault_draws_does_not_depend_on_the_others():
    rare = Fault("500", probability=0.2)
    pair, alone = Faults(1), Faults(1)
    alone.add(Fault("latency", seconds=1, probability=0.5))
    first = alone.add(rare)
    pair.add(Fault("503", probability=0.5))
    pair.add(rare)
    expected = [any(f.kind == "500" for f in alone.draw(GET)) for _ in range(100)]
    # Where the first one happens the second one does not, but its series goes on.
    found = [[f.kind for f in pair.draw(GET)] for _ in range(100)]
    assert all(("500" in kinds) == wanted for kinds, wanted in zip(found, expected, strict=True) if "503" not in kinds)
    assert first == "2"


def test_a_probability_of_one_always_and_of_zero_never():
    faults = Faults()
    faults.add(Fault("500", operations=CREATE))
    faults.add(Fault("500", operations=GET, probability=0))
    assert met(faults, CREATE, 50) == [True] * 50
    assert met(faults, GET, 50) == [False] * 50


def test_it_meets_the_named_operations_only():
    faults = Faults()
    faults.add(Fault("500", operations=[CREATE]))
    assert (met(faults, CREATE, 1), met(faults, GET, 1)) == ([True], [False])


def test_it_is_over_after_its_count():
    faults = Faults()
    faults.add(Fault("500", count=2))
    assert [met(faults, GET, 1)[0], met(faults, CREATE, 1)[0], *met(faults, GET, 3)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    (active,) = faults.list()
    assert active.is_over


def test_one_is_removed_by_its_id():
    faults = Faults()
    first, second = faults.add(Fault("500")), faults.add(Fault("503"))
    faults.remove(first)
    assert [active.id for active in faults.list()] == [second]
    with pytest.raises(KeyError):
        faults.remove(first)


def test_a_cleared_switchboard_is_as_a_new_one(half):
    faults = Faults(3)
    faults.add(half)
    first = met(faults, GET, 40)
    faults.clear()
    assert not faults
    assert met(faults, GET, 1) == [False]
    faults.add(half)
    assert met(faults, GET, 40) == first


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("502", Fault("502")),
        ("latency=0.5", Fault("latency", seconds=0.5)),
        ("429:documents.create:0.1", Fault("429", operations=[CREATE], probability=0.1)),
        ("429=30:all:1:2", Fault("429", seconds=30, count=2)),
        ("lost:documents.create,documents.get::3", Fault("lost", operations=[CREATE, GET], count=3)),
        ("slow=1000::0.5", Fault("slow", bytes_per_second=1000, probability=0.5)),
    ],
)
def test_it_reads_what_the_command_line_takes(text, fault):
    assert Fault.parse(text) == fault == Fault.parse(str(fault))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("teapot", "one of latency, 429"),
        ("429:documents.destroy", "no operation documents.destroy"),
        ("latency", "latency needs seconds"),
        ("slow", "slow needs bytes_per_second"),
        ("slow=0", "1 or more"),
        ("latency=-1", "0 or more"),
        ("latency=nan", "a number"),
        ("reset=3", "takes no seconds"),
        ("500:all:2", "from 0 to 1"),
        ("500:all:1:0", "1 or more"),
        ("500:all:often", r"KIND\[=NUMBER\]"),
        ("500:all:1:1:1", r"KIND\[=NUMBER\]"),
    ],
)
def test_what_cannot_be_is_refused_in_words(text, said):
    with pytest.raises(ConfigurationError, match=said):
        Fault.parse(text)


@pytest.mark.parametrize("kind", FaultKind)
async def test_every_kind_can_be_switched_on_over_http(sandbox, call, kind):
    needed = {"latency": {"seconds": 1}, "slow": {"bytes_per_second": 10}}.get(kind, {})
    assert (await call("POST", "/_sandbox/faults", json={"kind": kind, **needed}))[0] == 200
    assert [active.fault.kind for active in sandbox.faults.list()] == [kind]


async def test_they_are_switched_over_http(sandbox, call):
    status, added = await call(
        "POST", "/_sandbox/faults", json={"kind": "429", "operations": [CREATE], "probability": 0.25, "seconds": 2}
    )
    assert (status, added) == (200, {"id": "1"})
    status, shown = await call("GET", "/_sandbox/faults")
    assert (status, shown) == (
        200,
        [
            {
                "id": "1",
                "kind": "429",
                "operations": [CREATE],
                "probability": 0.25,
                "count": None,
                "seconds": 2,
                "bytes_per_second": None,
                "met": 0,
            }
        ],
    )
    assert sandbox.faults.list()[0].fault == Fault("429", operations=[CREATE], probability=0.25, seconds=2)
    assert (await call("DELETE", "/_sandbox/faults/1"))[0] == 200
    assert (await call("DELETE", "/_sandbox/faults/1"))[0] == 404
    await call("POST", "/_sandbox/faults", json={"kind": "500"})
    assert (await call("DELETE", "/_sandbox/faults"))[0] == 200
    assert not sandbox.faults


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "teapot"},
        {"kind": ["500"]},
        {"kind": "500", "colour": "red"},
        {"kind": "500", "operations": 5},
        {"kind": "500", "operations": [["documents.get"]]},
        {"kind": "500", "probability": "0.5"},
        {"kind": "500", "probability": True},
        {"kind": "500", "count": 1.5},
        {"kind": "latency", "seconds": "1"},
    ],
)
async def test_a_fault_that_cannot_be_is_refused_over_http(sandbox, call, body):
    status, answer = await call("POST", "/_sandbox/faults", json=body)
    assert (status, answer["type"]) == (422, "validation")
    assert not sandbox.faults


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_they_need_the_key(call, method):
    assert (await call(method, "/_sandbox/faults", key=None, json={}))[0] == 401


async def test_they_can_be_set_before_the_start_and_are_over_at_the_stop():
    sandbox = Sandbox(seed=5)
    sandbox.faults.add(Fault("500"))
    async with sandbox:
        assert len(sandbox.faults.list()) == 1
    async with sandbox:
        assert sandbox.faults.seed == 5
        assert sandbox.faults.list() == []


async def test_its_health_needs_no_key_and_says_nothing_of_the_data(call, applicant):
    await applicant()
    status, answer = await call("GET", "/_sandbox/health", key=None)
    assert (status, sorted(answer), answer["status"]) == (200, ["status", "version"], "ok")


async def test_faults_do_not_reach_the_switchboard_or_health(sandbox, call):
    sandbox.faults.add(Fault("500"))
    assert (await call("GET", "/_sandbox/health"))[0] == 200
    assert (await call("DELETE", "/_sandbox/faults"))[0] == 200


HUGE = 10**400


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "latency", "seconds": HUGE},
        {"kind": "latency", "seconds": 1e10},
        {"kind": "slow", "bytes_per_second": HUGE},
        {"kind": "500", "probability": HUGE},
        {"kind": "500", "probability": -HUGE},
    ],
    ids=lambda given: given["kind"],
)
async def test_a_number_that_no_float_can_hold_is_refused_like_any_other(call, sandbox, given):
    with pytest.raises(ConfigurationError):
        Fault(**given)
    status, _ = await call("POST", "/_sandbox/faults", json=given)
    assert (status, sandbox.faults.list()) == (422, [])
