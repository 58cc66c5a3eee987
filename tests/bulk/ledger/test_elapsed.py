"""How long ago a row was sent: counted without the time of day, across runs that are killed."""

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger.entries import NO_BOOT_TIME, BootTime, Run, RunClock, boot_time
from tests.bulk.ledger.test_ledger import SENT, opened


class Clock:
    """One of a process, and one of the machine, which go on together but where a test says otherwise."""

    def __init__(self):
        self.now = 1000.0
        self.boot = NO_BOOT_TIME

    def __call__(self):
        return self.now

    def goes_on(self, seconds, *, asleep=0.0):
        self.now += seconds
        if self.boot.boot:
            self.boot = BootTime(self.boot.boot, self.boot.seconds + seconds + asleep)

    async def run(self, path):
        return await opened(path, clock=self, boot=lambda: self.boot)


@pytest.fixture
def clock():
    return Clock()


async def test_a_row_of_this_run_has_waited_since_its_intent(tmp_path, clock):
    ledger = await clock.run(tmp_path / "l")
    clock.goes_on(10)
    await ledger.intend_row(b"1", SENT)
    clock.goes_on(7)
    assert ledger.waited(await ledger.row(b"1")) == 7
    await ledger.close()


async def test_time_between_two_runs_proves_nothing_without_a_clock_of_the_machine(tmp_path, clock):
    ledger = await clock.run(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    clock.goes_on(3)
    await ledger.close()
    clock.now += 3600  # or the clock of another process, or of another machine
    again = await clock.run(tmp_path / "l")
    assert again.waited(await again.row(b"1")) == 3
    clock.goes_on(2)
    assert again.waited(await again.row(b"1")) == 5
    await again.close()


async def test_a_run_that_is_killed_every_twenty_seconds_makes_progress(tmp_path, clock):
    ledger = await clock.run(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.intend_applicant(b"p", b"data")
    for _ in range(3):
        for _ in range(20):
            clock.goes_on(1)
            ledger.beat()
        await committed(ledger)
        ledger = await killed_and_opened(tmp_path, ledger, clock)
    assert ledger.waited(await ledger.row(b"1")) == 60
    assert ledger.waited(await ledger.applicant(b"p")) == 60
    await ledger.close()


async def committed(ledger):
    await ledger.intend_row(b"another", SENT)


async def killed_and_opened(folder, ledger, clock):
    parts = {part: (folder / f"l{part}").read_bytes() for part in ("", "-wal", ".key")}
    await ledger.close()
    for part, content in parts.items():
        (folder / f"l{part}").write_bytes(content)
    clock.now += 1e6
    return await clock.run(folder / "l")


async def test_a_row_that_was_sent_after_the_last_beat_of_a_killed_run_waits_from_the_next_run(tmp_path, clock):
    ledger = await clock.run(tmp_path / "l")
    clock.goes_on(1)
    ledger.beat()
    clock.goes_on(5)
    await ledger.intend_row(b"1", SENT)
    again = await killed_and_opened(tmp_path, ledger, clock)
    assert again.waited(await again.row(b"1")) == 0
    clock.goes_on(4)
    assert again.waited(await again.row(b"1")) == 4
    await again.close()


async def test_the_clock_of_the_machine_proves_what_passed_between_runs_also_asleep(tmp_path, clock):
    clock.boot = BootTime("this start", 50.0)
    ledger = await clock.run(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.close()
    clock.goes_on(30, asleep=300)
    again = await clock.run(tmp_path / "l")
    assert again.waited(await again.row(b"1")) == 330
    await again.close()


async def test_sleep_before_a_row_was_sent_is_no_time_that_it_waited(tmp_path, clock):
    clock.boot = BootTime("this start", 50.0)
    ledger = await clock.run(tmp_path / "l")
    clock.goes_on(5, asleep=10_000)
    await ledger.intend_row(b"1", SENT)
    clock.goes_on(5)
    await ledger.close()
    again = await clock.run(tmp_path / "l")
    assert again.waited(await again.row(b"1")) == 5
    await again.close()


async def test_the_clock_of_another_start_or_another_machine_proves_nothing(tmp_path, clock):
    clock.boot = BootTime("one start", 50.0)
    ledger = await clock.run(tmp_path / "l")
    await ledger.intend_row(b"1", SENT)
    await ledger.close()
    clock.boot = BootTime("another start", 5000.0)
    again = await clock.run(tmp_path / "l")
    assert again.waited(await again.row(b"1")) == 0
    await again.close()


async def test_a_run_records_its_time_by_itself(tmp_path, monkeypatch):
    from kycaid_async.bulk.ledger import ledger as module

    monkeypatch.setattr(module, "_SECONDS_BETWEEN_BEATS", 0.0)
    ledger = await opened(tmp_path / "l")
    async for _ in ticks(50):
        pass
    [(seconds,)] = await ledger._database.read("SELECT seconds FROM runs")
    assert seconds > 0
    await ledger.close()


async def ticks(number):
    import asyncio

    for _ in range(number):
        await asyncio.sleep(0)
        yield


def test_the_clock_of_the_machine_goes_forward_or_is_none():
    first, second = boot_time(), boot_time()
    assert first == second == NO_BOOT_TIME or (first.boot == second.boot and second.seconds >= first.seconds)


@pytest.mark.parametrize("run", [1, 2, 9])
def test_a_time_that_is_no_number_is_told_as_damage(run):
    """``python -m tests.fuzz --seed 20``: a text where a time stands was a `TypeError`."""
    clock = RunClock([Run(number=1, seconds=5.0, boot="b", began=0.0, beat=5.0)], lambda: 0.0, boot_time)
    with pytest.raises(LedgerError, match="damaged"):
        clock.waited(run, "5")
