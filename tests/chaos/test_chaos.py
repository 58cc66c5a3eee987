"""Programs of calls and faults: what callers are told is so, nothing is done twice, and nothing is left.

Random ones are tried by `python -m tests.chaos`. They are not a part of the suite: they depend on the moments at which
connections end, and a keep-alive connection that ends as the last call begins is still judged as a broken client.
"""

import pytest

from tests.chaos.program import Program, Step
from tests.chaos.run import chaos
from tests.oracle.faults import Fault


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
    ],
    ids=repr,
)
def test_programs_that_once_failed_hold(one_chaos, program):
    assert one_chaos.run(program).lines == []


def test_what_a_caller_is_not_told_is_found(one_chaos):
    """The check itself: an object nobody was told about, and one that is said to be there and is not."""
    from tests.chaos.calls import Outcome
    from tests.chaos.verdict import LAST, Played, judge

    program = Program(client="async", groups=((Step(do="applicants.create"), Step(do="documents.create")),))
    made = {"id": "a", "request": 1, "body": '{"external_applicant_id": "s0"}'}
    log = {"number": 1, "fault": "none", "answered": 1.0, "method": "POST"}
    report = {"connections": 1, "requests": [log], "applicants": [made, made | {"id": "b"}]}
    report |= {table: [] for table in ("updates", "documents", "verifications", "files")}
    played = Played({"s0": Outcome(error=ValueError(), is_over=True), "s1": Outcome(returned="c", is_over=True)})
    played.outcomes[LAST] = Outcome(error=OSError(), is_over=True)
    found = judge(program, played, report).problems
    assert {kind for kind, texts in found.items() if texts} == {"doubles", "losses", "foreign", "leaks", "broken"}
