"""Carries out a program with the blocking client: in threads, with Ctrl-C, and with forks."""

import contextlib
import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.chaos.calls import Outcome, call, make_blocking, prepare
from tests.chaos.leaks import Leaks
from tests.chaos.oracle import ChaosOracle
from tests.chaos.program import Program, Step
from tests.chaos.verdict import LAST, Played

_AWAY = 0.01
_REST = 0.002
_PATIENCE = 5.0
_NO_END = 20.0
"""Seconds after which a call has none."""


def warm_up(oracle: ChaosOracle) -> None:
    """Start the thread with the loop, which stays as long as the process."""
    with make_blocking(oracle) as client:
        client.applicants.get(oracle.people[0])


def play(program: Program, oracle: ChaosOracle, folder: Path) -> Played:
    """Carry out ``program``."""
    played = Played()
    with Leaks(played.leaks):
        client = make_blocking(oracle, program.connections)
        for group in program.named():
            _play_group(client, oracle, group, folder, played)
        oracle.behave()
        patient = client.with_options(timeout=_PATIENCE)
        _one(patient, oracle, LAST, Step(do="applicants.create"), folder, played.outcomes.setdefault(LAST, Outcome()))
        client.close()
    return played


def _play_group(client: Any, oracle: ChaosOracle, group: list[tuple[str, Step]], folder: Path, played: Played) -> None:
    threads = []
    for name, step in group:
        outcome = played.outcomes[name] = Outcome()
        match step.do:
            case "rest":
                time.sleep(_REST)
            case "away":
                oracle.be_away(_AWAY)
            case "fork":
                _fork(client, oracle, name, folder, outcome)
            case _ if step.cancel is not None:
                _interrupted(client, oracle, name, step, folder, outcome)
            case _:
                arguments = (client, oracle, name, step, folder, outcome)
                threads.append(threading.Thread(target=_one, args=arguments, daemon=True))
                threads[-1].start()
    for thread in threads:
        thread.join(_NO_END)


def _one(client: Any, oracle: ChaosOracle, name: str, step: Step, folder: Path, outcome: Outcome) -> None:
    """Make one call, and note what came of it."""
    try:
        outcome.returned = call(client, oracle, name, step, folder)
    except Exception as error:
        outcome.error = error
    outcome.is_over = True


def _interrupted(client: Any, oracle: ChaosOracle, name: str, step: Step, folder: Path, outcome: Outcome) -> None:
    """Make one call in the main thread, and press Ctrl-C meanwhile."""
    prepare(name, step, folder)
    try:
        with _ctrl_c(step.cancel or 0.0001):
            _one(client, oracle, name, step, folder, outcome)
    except KeyboardInterrupt as error:
        outcome.error, outcome.cancelled, outcome.is_over = error, True, True


@contextlib.contextmanager
def _ctrl_c(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fork(client: Any, oracle: ChaosOracle, name: str, folder: Path, outcome: Outcome) -> None:
    """Let a child make a call with this very client, whatever this process is at."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            _one(client, oracle, name, Step(do="applicants.create"), folder, outcome)
            os.write(writing, pickle.dumps((outcome.returned, outcome.error)))
        finally:
            os._exit(0)
    os.close(writing)
    _take(reading, child, outcome)


def _take(reading: int, child: int, outcome: Outcome) -> None:
    killer = threading.Timer(_NO_END, os.kill, (child, signal.SIGKILL))
    killer.start()
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    killer.cancel()
    killer.join()
    if said:
        outcome.returned, outcome.error = pickle.loads(said)  # noqa: S301 - of our own child
        outcome.is_over = True
