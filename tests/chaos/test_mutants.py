"""Clients that are wrong on purpose: the judge of the programs finds each."""

import asyncio
import sys
import threading
from types import SimpleNamespace

import attrs
import pytest

from kycaid_async import BulkStatus, ConnectionFailedError, ConnectionLostError, KycaidError
from kycaid_async.sync.loop_thread import loop_thread
from tests.chaos import async_player, blocking_player, bulk_player
from tests.chaos.bulk_verdict import PlayedBulk, judge
from tests.chaos.program import BulkProgram, Program, Row, Step
from tests.chaos.run import chaos
from tests.oracle.faults import Fault
from tests.oracle.manglings import HARMLESS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is left open is looked up in /proc")


@pytest.fixture(scope="module")
def one_chaos():
    with chaos() as found:
        yield found


def is_of_program(name):
    return name.startswith("s")  # and not one of those that show that the client works still


@pytest.fixture
def losing(monkeypatch):
    """Let every call of a program throw its answer away, and say that it was perhaps processed."""
    real = async_player.call

    async def lose(*arguments):
        await real(*arguments)
        raise ConnectionLostError("gone", maybe_processed=True)

    def lose_blocking(*arguments):
        real(*arguments)
        raise ConnectionLostError("gone", maybe_processed=True)

    for player, mutant in ((async_player, lose), (blocking_player, lose_blocking)):
        choose = lambda client, oracle, name, *more, mutant=mutant: (  # noqa: E731
            (mutant if is_of_program(name) else real)(client, oracle, name, *more)
        )
        monkeypatch.setattr(player, "call", choose)


@pytest.mark.usefixtures("losing")
@pytest.mark.parametrize("client", ["async", "blocking"])
@pytest.mark.parametrize("do", ["applicants.create", "applicants.get", "applicants.update", "files.create"])
def test_an_answer_that_is_thrown_away_is_found(one_chaos, client, do):
    program = Program(client=client, groups=((Step(do=do),),))
    assert one_chaos.run(program).kinds == {"thrown away"}


@pytest.mark.usefixtures("losing")
@pytest.mark.parametrize("mangling", HARMLESS)
def test_an_answer_that_came_in_another_form_and_is_thrown_away_is_found(one_chaos, mangling):
    script = (Fault(mangling=mangling),)
    program = Program(client="async", groups=((Step(do="verifications.create"),),), script=script)
    assert one_chaos.run(program).kinds == {"thrown away"}


@pytest.mark.usefixtures("losing")
@pytest.mark.parametrize("event", ["hold", "stop"])
def test_an_answer_that_lay_in_the_socket_and_is_thrown_away_is_found(one_chaos, event):
    program = Program(client="async", groups=((Step(do="verifications.create"), Step(do=event)),))
    assert one_chaos.run(program).kinds == {"thrown away"}


@pytest.mark.usefixtures("losing")
def test_one_connection_that_is_cut_excuses_one_call_and_no_more(one_chaos):
    steps = tuple((Step(do="applicants.create"),) for _ in range(3))
    program = Program(client="async", groups=steps, way="https", doors=("cut_4000",))
    assert one_chaos.run(program).kinds == {"thrown away"}


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (ConnectionFailedError("refused", maybe_processed=True, attempts=1), {"unsure"}),
        (ConnectionFailedError("refused", attempts=1), set()),
        (ConnectionLostError("reset", maybe_processed=True, attempts=1), {"unsure"}),
    ],
    ids=repr,
)
def test_a_call_of_which_nothing_was_sent_and_that_was_perhaps_processed_is_found(one_chaos, monkeypatch, error, kinds):
    real = async_player.call

    async def refuse():
        raise error

    def call(client, oracle, name, *more):
        return refuse() if name == "s0" else real(client, oracle, name, *more)

    monkeypatch.setattr(async_player, "call", call)
    steps = (Step(do="documents.create"), Step(do="applicants.create"))
    # Something was wrong, with another call: without that, there is no reason for any error.
    program = Program(client="async", groups=(steps,), script=(Fault(acts=0, answer="429_own"),))
    assert one_chaos.run(program).kinds == kinds


def test_an_error_where_nothing_was_wrong_is_found(one_chaos, monkeypatch):
    real = async_player.call

    async def refuse():
        raise ConnectionFailedError("refused", attempts=1)

    monkeypatch.setattr(async_player, "call", lambda *a: refuse() if a[2] == "s0" else real(*a))
    assert one_chaos.run(Program(client="async", groups=((Step(do="documents.create"),),))).kinds == {"thrown away"}


ROWS = (Row(), Row(applicant=1), Row(applicant=10, content=1), Row(applicant=10, content=2))


def uncertain(result):
    return attrs.evolve(result, status=BulkStatus.UNCERTAIN, document_id=None, error=KycaidError("?"))


@pytest.mark.parametrize("rows", [ROWS[:1], ROWS[2:], ROWS])
def test_rows_that_stay_uncertain_for_no_reason_are_found(one_chaos, monkeypatch, rows):
    real = bulk_player._run

    async def run(program, oracle, source, ledger, played, *, disturbed):
        await real(program, oracle, source, ledger, played, disturbed=disturbed)
        last = played.runs[-1]
        last.update({number: uncertain(result) for number, result in last.items() if not disturbed})

    monkeypatch.setattr(bulk_player, "_run", run)
    program = BulkProgram(rows=rows, script=(Fault(mangling="chunked"), Fault(answer="close")))
    found = one_chaos.run(program)
    assert (found.kinds, len(found.lines)) == ({"unsure"}, len(rows))


@pytest.mark.parametrize(
    ("rows", "fault", "kinds"),
    [
        (ROWS[:1], "answer close", {"unsure"}),  # it could have been created
        (ROWS[:1] * 2, "answer close", set()),  # the document of the other may be taken for that of this one
        (ROWS[2:3], "answer close", set()),  # nobody can look up its applicant
        (ROWS[2:3], "mangling chunked", {"unsure"}),  # whose answer could be read
    ],
)
def test_a_row_without_a_document_stays_uncertain_only_where_the_rules_say_so(rows, fault, kinds):
    request = {"number": 1, "endpoint": "applicants.create", "name": "p10", "method": "POST", "path": "/applicants"}
    request |= {"fault": fault, "status": 200, "answered": 1.0}
    report = {"requests": [request], "documents": [], "applicants": [], "connections": 0}
    result = SimpleNamespace(status=BulkStatus.UNCERTAIN, error=KycaidError("?"))
    played = PlayedBulk(runs=[{}, dict.fromkeys(range(len(rows)), result)])
    played.ended, played.reports = [None, None], [report, report]
    program = BulkProgram(rows=rows, script=(Fault(answer="close"), Fault(mangling="chunked")))
    assert judge(program, played, report).kinds == kinds


@pytest.mark.parametrize("what", ["task", "timer", "threads"])
def test_what_a_blocking_client_leaves_in_its_thread_is_found(one_chaos, monkeypatch, what):
    real, ended, left = blocking_player.call, threading.Event(), []

    async def leave():
        loop = asyncio.get_running_loop()
        left.append(loop.create_task(asyncio.sleep(9999)) if what == "task" else loop.call_later(9999, print))

    def call(*arguments):
        if what == "threads":
            for _ in range(9):
                threading.Thread(target=ended.wait, name="kycaid-worker", daemon=True).start()
        else:
            asyncio.run_coroutine_threadsafe(leave(), loop_thread._running.loop).result()
        return real(*arguments)

    monkeypatch.setattr(blocking_player, "call", call)
    found = one_chaos.run(Program(client="blocking", groups=((Step(do="applicants.create"),),)))
    ended.set()
    for one in left:
        loop_thread._running.loop.call_soon_threadsafe(one.cancel)
    assert found.kinds == {"leaks"}
