"""The ways in which a run comes to an end before its time. Each starts a run, and says what it said."""

import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs

from tests.bulk.crash.runs import Run, Runs, Said

STEPS_OF_OPENING = 45
STEPS_OF_A_LOOK = 26
"""Until one is refused whose newest part is missing."""
STEPS_OF_CLOSING = 16


@attrs.define
class Ending:
    """Ends runs. ``usual`` is how long one takes that is left alone."""

    runs: Runs
    chance: random.Random
    hooks: Callable[[random.Random], dict[str, Any]] = lambda _: {}
    usual: float = 1.0

    async def moment(self, run: Run) -> bool:
        """Wait until some moment of the run; say whether it has ended before.

        What an earlier run left open is looked for during the first ``settle`` seconds: some come before, some after.
        """
        first = self.runs.settle if self.chance.random() < 0.5 else 0.0
        return await run.wait(self.chance.random() * (self.usual + first) * 1.1)

    async def start(self, **more: Any) -> Run:
        return await self.runs.start(**self.hooks(self.chance) | more)

    async def with_signals(self, *numbers: int) -> Said:
        run = await self.start()
        for number in numbers:
            await self.moment(run)
            run.send(number)
        return await run.said()


End = Callable[[Ending], Awaitable[Said]]


async def kill(ending: Ending) -> Said:
    return await ending.with_signals(signal.SIGKILL)


async def term(ending: Ending) -> Said:
    return await ending.with_signals(signal.SIGTERM)


async def interrupt(ending: Ending) -> Said:
    return await ending.with_signals(signal.SIGINT)


async def interrupt_twice(ending: Ending) -> Said:
    """Ctrl-C and soon again: at once, or while the first one's work is being finished."""
    run = await ending.start()
    await ending.moment(run)
    run.send(signal.SIGINT)
    await run.wait(ending.chance.random() ** 3 * 0.3)
    run.send(signal.SIGINT)
    return await run.said()


async def stop_and_go_on(ending: Ending) -> Said:
    """Stop the process for longer than its limits, and let it go on."""
    run = await ending.start()
    await ending.moment(run)
    run.send(signal.SIGSTOP)
    await run.wait(ending.runs.read * 1.3)
    run.send(signal.SIGCONT)
    return await run.said()


async def kill_at_a_step(ending: Ending, *, most: int = STEPS_OF_OPENING) -> Said:
    """Kill it while the ledger opens."""
    step = {"at": ending.chance.randrange(1, most), "signals": [(signal.SIGKILL, 0)]}
    return await (await ending.start(step=step)).said()


async def kill_at_the_end(ending: Ending) -> Said:
    """Kill it while the ledger closes, or is brought up to date."""
    step = {"at": ending.chance.randrange(1, STEPS_OF_CLOSING), "signals": [(signal.SIGKILL, 0)], "closing": True}
    return await (await ending.start(step=step)).said()


async def interrupt_at_the_end(ending: Ending) -> Said:
    """Ctrl-C twice while the ledger closes."""
    signals = [(signal.SIGINT, 0), (signal.SIGINT, ending.chance.random() * 0.02)]
    step = {"at": ending.chance.randrange(1, STEPS_OF_CLOSING), "signals": signals, "closing": True}
    return await (await ending.start(step=step)).said()


async def tell_while_it_checks(ending: Ending) -> Said:
    """Tell it to end as soon as the check has its ledger."""
    number = ending.chance.choice([signal.SIGINT, signal.SIGTERM])
    signals = [(number, ending.chance.random() * 0.03), (number, 0.03 + ending.chance.random() * 0.02)]
    step = {"at": ending.chance.randrange(1, STEPS_OF_OPENING), "signals": signals[: ending.chance.randrange(1, 3)]}
    return await (await ending.start(step=step)).said()


async def tell_while_it_starts(ending: Ending) -> Said:
    """Tell it to end while Python has not even imported it."""
    run = await ending.runs.start_anew()
    await run.wait(ending.chance.random() * 1.5)
    run.send(ending.chance.choice([signal.SIGINT, signal.SIGTERM]))
    return await run.said()


async def lose_the_newest_part(ending: Ending) -> Said:
    """Kill it, take its -wal file away, perhaps kill the next run as it opens, see what one does; bring it back."""
    return await _without_newest_part(ending, _put_back)


async def repair_without_the_newest_part(ending: Ending) -> Said:
    """As before, but the file is gone for good: what then can be done is `kycaid ledger repair`."""
    ledger = ending.runs.ledger
    return await _without_newest_part(ending, lambda *_: ending.runs.command("ledger", "repair", str(ledger)))


async def _put_back(away: Path, newest: Path) -> None:
    away.replace(newest)


async def _kill_at_work(ending: Ending) -> Said:
    """Kill it soon after it has made the first documents."""
    run = await ending.start()
    while not run.has_created and not await run.wait(0.01):
        pass
    await run.wait(ending.chance.random() * 0.3)
    run.send(signal.SIGKILL)
    return await run.said()


async def _without_newest_part(ending: Ending, mend: Callable[[Path, Path], Awaitable[None]]) -> Said:
    said = await _kill_at_work(ending)
    ledger = ending.runs.ledger
    newest, away = ledger.with_name(f"{ledger.name}-wal"), ledger.with_name("away")
    if said.code != -signal.SIGKILL or not newest.exists():
        return said
    newest.rename(away)
    if ending.chance.random() < 0.7:
        await kill_at_a_step(ending, most=STEPS_OF_A_LOOK)
    after = await (await ending.start()).said()
    if after.refused_ledger:
        await mend(away, newest)
    return attrs.evolve(after, code=said.code)


async def two_at_once(ending: Ending) -> Said:
    """Start two runs with one ledger, and kill one or both."""
    first, second = await ending.start(), await ending.start()
    for run in ending.chance.sample([first, second], ending.chance.randrange(1, 3)):
        await ending.moment(run)
        run.send(signal.SIGKILL)
    await second.said()
    return await first.said()


async def fill_the_disk(ending: Ending) -> Said:
    """Let no file get larger than a little more than the ledger is."""
    ledger = ending.runs.ledger
    size = ledger.stat().st_size if ledger.exists() else 0
    return await (await ending.start(largest_file=size + ending.chance.randrange(200_000))).said()
