"""Carries out a program with the blocking client: in threads, with Ctrl-C, and with forks."""

import asyncio
import contextlib
import functools
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kycaid_async.sync.loop_thread import loop_thread
from tests.chaos.calls import READ, Outcome, call, make_blocking, prepare
from tests.chaos.forking import NO_END, fork
from tests.chaos.leaks import Leaks, LoopLeaks
from tests.chaos.oracle import ChaosOracle
from tests.chaos.program import Program, Step
from tests.chaos.verdict import PATIENCE, Played, last_names, met_the_end_of_a_connection

_AWAY = 0.01
_REST = 0.002


def warm_up(oracle: ChaosOracle) -> None:
    """Start the thread with the loop, which stays as long as the process."""
    with make_blocking(oracle) as client:
        client.applicants.get(oracle.people[0])


def play(program: Program, oracle: ChaosOracle, folder: Path) -> Played:
    """Carry out ``program``."""
    played = Played()
    with Leaks(played.leaks):
        loop_leaks = LoopLeaks(_loop())
        client = make_blocking(oracle, program.way, program.connections)
        for group in program.named():
            _play_group(client, oracle, group, folder, played)
        oracle.behave()
        patient = client.with_options(timeout=PATIENCE)
        for name in last_names(program):
            outcome = played.outcomes[name] = Outcome()
            _one(patient, oracle, name, Step(do="applicants.create"), folder, outcome)
            if not met_the_end_of_a_connection(outcome):
                break
        client.close()
        played.leaks += loop_leaks.left()
    return played


def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop of all blocking clients of this process."""
    assert loop_thread._running is not None
    return loop_thread._running.loop


def _play_group(client: Any, oracle: ChaosOracle, group: list[tuple[str, Step]], folder: Path, played: Played) -> None:
    threads = []
    for name, step in group:
        outcome = played.outcomes[name] = Outcome()
        match step.do:
            case "rest":
                time.sleep(_REST)
            case "away":
                oracle.be_away(_AWAY)
            case "stop":
                oracle.stop_this_process(READ * 1.5)
            case "fork":
                made = functools.partial(_one, client, oracle, name, Step(do="applicants.create"), folder)
                fork(made, outcome)
            case _ if step.cancel is not None:
                _interrupted(client, oracle, name, step, folder, outcome)
            case _:
                arguments = (client, oracle, name, step, folder, outcome)
                threads.append(threading.Thread(target=_one, args=arguments, daemon=True))
                threads[-1].start()
    for thread in threads:
        thread.join(NO_END)


def _one(client: Any, oracle: ChaosOracle, name: str, step: Step, folder: Path, outcome: Outcome) -> None:
    """Make one call, and note what came of it."""
    try:
        outcome.returned = call(client, oracle, name, step, folder)
    except Exception as error:
        outcome.error = error
    outcome.end()


def _interrupted(client: Any, oracle: ChaosOracle, name: str, step: Step, folder: Path, outcome: Outcome) -> None:
    """Make one call in the main thread, and press Ctrl-C meanwhile."""
    prepare(name, step, folder)
    try:
        with _ctrl_c(step.cancel or 0.0001):
            _one(client, oracle, name, step, folder, outcome)
    except KeyboardInterrupt as error:
        outcome.error, outcome.cancelled = error, True
        outcome.end()


@contextlib.contextmanager
def _ctrl_c(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
