"""Nothing cuts the closing of a ledger short: whatever is cancelled, the next run can open it."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from kycaid_async import LedgerError
from kycaid_async.bulk.ledger import EntryState
from tests.bulk.ledger.test_ledger import SENT, opened


def closed_in_order(path):
    return path.exists() and not path.with_name(f"{path.name}-wal").exists()


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_closing_that_is_cancelled_again_and_again_comes_to_its_end(tmp_path, times):
    path = tmp_path / "l"
    for step in range(12):
        ledger = await opened(path)
        await ledger.intend_row(b"%d" % step, SENT)
        ledger.created_row(b"%d" % step, f"{step:036}")
        closing = asyncio.create_task(ledger.close())
        for _ in range(step + 1):
            await asyncio.sleep(0)
        for _ in range(times):
            closing.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(closing, return_exceptions=True)
        assert closed_in_order(path)
    again = await opened(path)
    assert [(await again.row(b"%d" % step)).state for step in range(12)] == [EntryState.CREATED] * 12
    await again.close()


async def test_closing_twice_at_once_waits_for_the_same_end(tmp_path):
    ledger = await opened(tmp_path / "l")
    await asyncio.gather(*(ledger.close() for _ in range(3)))
    assert closed_in_order(tmp_path / "l")
    with pytest.raises(LedgerError, match="is closed"):
        await ledger.intend_row(b"1", SENT)
    with pytest.raises(LedgerError, match="is closed"):
        ledger.created_row(b"1", "d" * 36)


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
@pytest.mark.parametrize("times", [1, 3])
async def test_opening_that_is_cancelled_leaves_a_ledger_that_is_closed(tmp_path, steps, times):
    opening = asyncio.create_task(opened(tmp_path / "l"))
    for _ in range(steps + 1):
        await asyncio.sleep(0)
    for _ in range(times):
        opening.cancel()
        await asyncio.sleep(0)
    try:
        await (await opening).close()  # it was open before it could be cancelled
    except asyncio.CancelledError:
        assert opening.cancelled()
    assert not (tmp_path / "l-wal").exists()
    await (await opened(tmp_path / "l")).close()


async def test_a_change_that_comes_while_a_commit_is_under_way_is_written_by_closing(tmp_path):
    ledger = await opened(tmp_path / "l")
    intent = asyncio.create_task(ledger.intend_row(b"1", SENT))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ledger.failed_row(b"2", "validation")
    ledger.uploaded(b"3", "f" * 36)
    late = asyncio.create_task(ledger.intend_row(b"4", SENT))
    await asyncio.sleep(0)
    await ledger.close()
    outcomes = await asyncio.gather(intent, late, return_exceptions=True)
    again = await opened(tmp_path / "l")
    assert (await again.row(b"1")).state is EntryState.SENT
    assert (await again.row(b"2")).state is EntryState.FAILED
    assert await again.file(b"3") == "f" * 36
    assert (await again.row(b"4") is not None) or isinstance(outcomes[1], LedgerError)
    await again.close()


def test_a_coroutine_that_is_thrown_away_with_its_loop_closes_its_ledger(tmp_path):
    async def use(path, opened_it):
        ledger = await opened(path)
        try:
            await ledger.intend_row(b"1", SENT)
            opened_it.set()
            await asyncio.Event().wait()
        finally:
            await ledger.close()

    loop = asyncio.new_event_loop()
    opened_it = asyncio.Event()
    coroutine = use(tmp_path / "l", opened_it)
    task = loop.create_task(coroutine)
    loop.run_until_complete(opened_it.wait())
    loop.close()
    with pytest.raises(RuntimeError):  # it wants to wait for the end, in a loop that is gone
        coroutine.close()
    task._log_destroy_pending = False
    del task, coroutine
    gc.collect()
    assert asyncio.run(row_of(tmp_path / "l")) is EntryState.SENT


async def row_of(path):
    for attempt in range(1000):
        try:
            ledger = await opened(path)
        except LedgerError as error:
            if "in use" not in str(error) or attempt == 999:
                raise
            await asyncio.sleep(0.01)
            continue
        try:
            return (await ledger.row(b"1")).state
        finally:
            await ledger.close()
    raise AssertionError


def test_a_ledger_that_is_never_closed_can_be_opened_again_after_its_process(tmp_path):
    run_in_a_process(
        """
        async def main():
            ledger = await opened(path)
            await ledger.intend_row(b"1", SENT)
        asyncio.run(main())
        """,
        tmp_path,
    )
    assert asyncio.run(row_of(tmp_path / "l")) is EntryState.SENT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_that_ends_takes_nothing_from_the_ledger_of_its_parent(tmp_path):
    run_in_a_process(
        """
        import os
        from kycaid_async.bulk.ledger.database import commit
        from kycaid_async.bulk.ledger.file import LedgerFile
        from kycaid_async.bulk.ledger.schema import LedgerOwner
        file = LedgerFile.open(path, LedgerOwner(server="https://api.kycaid.com"))
        insert = "INSERT INTO rows VALUES (?, 'sent', '', '', NULL, NULL, NULL, 1, 0)"
        file.connection.execute("BEGIN")
        file.connection.execute(insert, (file.secret.keyed("row", b"1"),))
        commit(file)
        if not os.fork():
            file.close([], [])  # as what unwinds there may do
            sys.exit()
        os.wait()
        assert os.path.getsize(path + "-wal")
        file.connection.execute("BEGIN")
        file.connection.execute(insert, (file.secret.keyed("row", b"2"),))
        commit(file)
        os._exit(0)
        """,
        tmp_path,
    )
    assert asyncio.run(row_of(tmp_path / "l")) is EntryState.SENT


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to one process there")
@pytest.mark.parametrize("numbers", [[signal.SIGINT], [signal.SIGINT] * 2, [signal.SIGINT] * 4, [signal.SIGTERM]])
def test_signals_at_any_moment_leave_a_ledger_that_can_be_opened(tmp_path, numbers):
    for delay in (0, 10, 30):
        folder = tmp_path / str(delay)
        folder.mkdir()
        run_in_a_process(
            f"""
            import os, signal, threading, time
            def shoot():
                time.sleep({delay} / 1000)
                for number in {[int(number) for number in numbers]}:
                    os.kill(os.getpid(), number)
                    time.sleep(0.002)
            async def main():
                shooting = threading.Thread(target=shoot)
                shooting.start()
                ledger = await opened(path)
                try:
                    for n in range(100000):
                        await ledger.intend_row(b"%d" % n, SENT)
                finally:
                    await ledger.close()
            asyncio.run(main())
            """,
            folder,
            expected=None,
        )
        if (folder / "l").exists():
            asyncio.run(opened_and_closed(folder / "l"))


async def opened_and_closed(path):
    await (await opened(path)).close()


def run_in_a_process(code, folder, expected=0):
    program = f"import asyncio, sys\npath = {str(folder / 'l')!r}\n{_HELPERS}\n{textwrap.dedent(code)}"
    command = [sys.executable, "-X", "dev", "-W", "ignore", "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert expected is None or done.returncode == expected, done.stderr
    assert "Fatal Python error" not in done.stderr
    assert done.returncode not in (-signal.SIGSEGV, -signal.SIGABRT)


_HELPERS = """
from kycaid_async.bulk.ledger import Intent, Ledger
SENT = Intent(applicant_id="a" * 36, type="PASSPORT", file_ids={"front_side": "f" * 36})
async def opened(path):
    return await Ledger.open(path, server="https://api.kycaid.com")
"""
