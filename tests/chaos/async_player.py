"""Carries out a program with the async client, in an event loop of its own."""

import asyncio
import functools
import time
from pathlib import Path
from typing import Any

from tests.chaos.calls import READ, Outcome, call, make_async
from tests.chaos.forking import fork
from tests.chaos.leaks import Leaks, left_in_loop
from tests.chaos.oracle import ChaosOracle
from tests.chaos.program import Program, Step
from tests.chaos.verdict import PATIENCE, Played, last_names, met_the_end_of_a_connection

_AWAY = 0.01
_BEFORE_HOLD = 0.002


def play(program: Program, oracle: ChaosOracle, folder: Path) -> Played:
    """Carry out ``program``."""
    played = Played()
    with Leaks(played.leaks), asyncio.Runner() as runner:
        runner.run(_play(program, oracle, folder, played))
    return played


async def _play(program: Program, oracle: ChaosOracle, folder: Path, played: Played) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: played.leaks.append(f"unhandled: {context}"))
    client = make_async(oracle, program.way, program.connections)
    resources = client._shared.resources.current()
    if program.through_session:
        resources.backend._fits = False
    for group in program.named():
        outcomes = {name: Outcome() for name, step in group}
        played.outcomes |= outcomes
        async with asyncio.TaskGroup() as tasks:
            for name, step in group:
                tasks.create_task(_step(client, oracle, name, step, folder, outcomes))
    if resources.limiter._active or resources.backend.own.session.connector._acquired:
        played.leaks.append("a slot or a connection is still taken")
    oracle.behave()
    patient = client.with_options(timeout=PATIENCE)
    for name in last_names(program):
        outcome = played.outcomes[name] = Outcome()
        await _one(patient, oracle, name, Step(do="applicants.create"), folder, outcome)
        if not met_the_end_of_a_connection(outcome):
            break
    await client.aclose()
    played.leaks += await left_in_loop(loop)


async def _step(
    client: Any, oracle: ChaosOracle, name: str, step: Step, folder: Path, outcomes: dict[str, Outcome]
) -> None:
    match step.do:
        case "rest":
            await asyncio.sleep(_BEFORE_HOLD)
        case "away":
            oracle.be_away(_AWAY)
        case "hold":
            await asyncio.sleep(_BEFORE_HOLD)
            time.sleep(READ * 1.5)  # noqa: ASYNC251 - that is the point
            _hold_until(oracle.wait_until_idle(), outcomes)
        case "stop":
            await asyncio.sleep(_BEFORE_HOLD)
            _hold_until(oracle.stop_this_process(READ * 1.5), outcomes)
        case "fork":
            await asyncio.sleep(_BEFORE_HOLD)
            fork(functools.partial(_in_child, client, oracle, name, folder), outcomes[name])
        case _:
            await _one(client, oracle, name, step, folder, outcomes[name])


def _hold_until(moment: float, outcomes: dict[str, Outcome]) -> None:
    for outcome in outcomes.values():
        outcome.held_until = moment if not outcome.is_over else 0.0


def _in_child(client: Any, oracle: ChaosOracle, name: str, folder: Path, outcome: Outcome) -> None:
    """Make a call with this very client, in a loop of the child's own."""

    async def make_and_leave() -> None:
        await _one(client, oracle, name, Step(do="applicants.create"), folder, outcome)
        await client.aclose()

    asyncio.run(make_and_leave())


async def _one(client: Any, oracle: ChaosOracle, name: str, step: Step, folder: Path, outcome: Outcome) -> None:
    """Make one call, and note what came of it."""
    task = asyncio.ensure_future(call(client, oracle, name, step, folder))
    canceller = None
    if step.cancel is not None:
        canceller = asyncio.get_running_loop().call_later(step.cancel, task.cancel)
    try:
        outcome.returned = await task
    except asyncio.CancelledError as error:
        outcome.error, outcome.cancelled = error, step.cancel is not None
    except Exception as error:
        outcome.error = error
    finally:
        outcome.end()
        if canceller is not None:
            canceller.cancel()
