"""Programs of calls and faults: what callers are told is so, nothing is done twice, and nothing is left.

`python -m tests.chaos` tries many more.
"""

import sys

import pytest

from kycaid_async import ConnectionLostError, RequestTimeoutError
from tests.chaos.calls import Outcome
from tests.chaos.program import Program, Step
from tests.chaos.run import STARVED, WITH_FAULTS, Chaos, chaos
from tests.chaos.verdict import Played, Verdict, judge
from tests.chaos.writing import program_of, smallest
from tests.oracle.faults import Fault

PROGRAMS = 100

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is left open is looked up in /proc")


@pytest.fixture(scope="module")
def one_chaos():
    with chaos() as found:
        yield found


@pytest.mark.parametrize(
    "program",
    [
        Program(client="blocking", groups=((Step(do="applicants.create", cancel=0.0),),)),
        Program(
            client="async",
            groups=((Step(do="files.create", cancel=0.001, source="chunks"),),),
            script=(Fault(acts=0, answer="413_html", early=True),),
            connections=1,
        ),
        Program(client="async", groups=((Step(do="files.create"),),), script=(Fault(mangling="shorter"),), way="https"),
    ],
    ids=repr,
)
def test_programs_that_once_failed_hold(one_chaos, program):
    assert one_chaos.run(program).lines == []


def test_random_programs_hold(one_chaos):
    for number in range(PROGRAMS):
        one_chaos.check(20, number)
    assert one_chaos.found == []
    figures = one_chaos.figures
    assert min(figures["async"], figures["blocking"], figures["bulk"]) > PROGRAMS / 10
    assert figures["faults"] > PROGRAMS
    assert figures[WITH_FAULTS] > PROGRAMS / 2


def test_a_program_that_fails_for_want_of_a_cpu_is_tried_again_and_one_that_fails_with_one_is_told(
    one_chaos, monkeypatch
):
    verdicts, waits = [Verdict(), Verdict(), Verdict()], iter(range(100))
    verdicts[0].note("broken", "slow")
    monkeypatch.setattr(Chaos, "run", lambda *_: verdicts[0] if len(verdicts) == 1 else verdicts.pop(0))
    monkeypatch.setattr(Chaos, "_waited", lambda _: float(next(waits)))
    one_chaos.check(20, 0)
    assert (one_chaos.found, one_chaos.figures[STARVED]) == ([], 1)
    verdicts[:] = [Verdict()]
    verdicts[0].note("broken", "slow")
    monkeypatch.setattr(Chaos, "_waited", lambda _: 0.0)
    one_chaos.check(20, 0)
    assert len(one_chaos.found) == 1
    one_chaos.found.clear()


REQUEST = {"number": 1, "fault": "none", "answered": 1.0, "method": "POST", "path": "/applicants", "status": 200}
REQUEST |= {"endpoint": "applicants.create", "name": "s0"}


def report_of(**tables):
    empty = {table: [] for table in ("updates", "applicants", "documents", "verifications", "files")}
    return empty | {"connections": 0, "requests": [REQUEST]} | tables


def test_what_a_caller_is_not_told_is_found():
    """The check itself: an object nobody was told about, and one that is said to be there and is not."""
    program = Program(client="async", groups=((Step(do="applicants.create"), Step(do="documents.create")),))
    made = {"id": "a", "request": 1, "body": '{"external_applicant_id": "s0"}'}
    report = report_of(applicants=[made, made | {"id": "b"}], connections=1)
    played = Played({"s0": Outcome(error=ValueError(), is_over=True), "s1": Outcome(returned="c", is_over=True)})
    played.outcomes["last0"] = Outcome(error=OSError(), is_over=True)
    assert judge(program, played, report).kinds == {"doubles", "losses", "foreign", "leaks", "broken"}


def lost(**options):
    return Outcome(error=ConnectionLostError("gone", **options), is_over=True)


def test_a_client_whose_kept_connections_ended_is_not_broken_when_a_new_one_works():
    program = Program(client="async", groups=((),), connections=1, script=(Fault(end="close"),))
    requests = [REQUEST | {"fault": "end close"}, REQUEST | {"number": 2, "name": "last1"}]
    made = {"id": "a", "request": 2, "body": '{"external_applicant_id": "last1"}'}
    works = Outcome(returned="a", is_over=True)
    played = Played({"last0": lost(maybe_processed=True), "last1": works})
    assert judge(program, played, report_of(applicants=[made], requests=requests)).lines == []


def test_a_client_whose_every_connection_is_lost_is_broken():
    program = Program(client="async", groups=((),), connections=1, script=(Fault(end="close"),))
    played = Played({"last0": lost(maybe_processed=True), "last1": lost(maybe_processed=True)})
    report = report_of(requests=[REQUEST | {"fault": "end close"}] * 2)
    assert judge(program, played, report).kinds == {"broken"}
    assert judge(program, played, report_of(requests=report["requests"][:1])).kinds == {"broken", "unsure"}


def test_an_answer_that_lay_there_and_was_not_taken_is_found():
    made = {"id": "a", "request": 1, "body": '{"external_applicant_id": "s0"}'}
    error = RequestTimeoutError("no data", phase="read", maybe_processed=True)
    for limit, kinds in ((None, {"left lying"}), (0.004, set())):
        program = Program(client="async", groups=((Step(do="applicants.create", limit=limit),),))
        played = Played({"s0": Outcome(error=error, held_until=2.0, is_over=True)})
        played.outcomes["last0"] = Outcome(returned="b", is_over=True)
        last = {"id": "b", "request": 1, "body": '{"external_applicant_id": "last0"}'}
        assert judge(program, played, report_of(applicants=[made, last])).kinds == kinds


def test_each_program_has_a_fault():
    for number in range(500):
        program = program_of(1, number)
        told = [*getattr(program, "doors", ()), *getattr(program, "names", ())]
        assert any(told) or any(fault != Fault() for fault in program.script), number


def test_only_faults_that_were_met_are_counted(one_chaos):
    program = Program(
        client="async",
        groups=((Step(do="applicants.create"),),),
        script=(Fault(mangling="gzip"), Fault(), *[Fault(answer="hang")] * 3),
        way="https",
        doors=("", "stall", "stall"),
        names=("dead_first", "unknown"),
    )
    before = one_chaos.figures["faults"]
    assert one_chaos.run(program).lines == []
    assert one_chaos.figures["faults"] - before == len(["gzip", "dead_first"])


def test_the_same_number_is_the_same_program_and_another_one_another():
    assert [program_of(1, number) for number in range(50)] == [program_of(1, number) for number in range(50)]
    assert len({program_of(1, number) for number in range(50)}) == 50


def test_a_program_that_fails_is_made_as_small_as_it_can_be():
    def fails(program):
        return any(fault.answer == "hang" for fault in program.script)

    large = next(filter(fails, (program_of(3, number) for number in range(1000))))
    small = smallest(large, fails)
    assert small.script == (Fault(answer="hang"),)
    assert repr(small).count("Step(") + repr(small).count("Row(") == 1
