"""Signals that tell a program to stop, in programs of their own."""

import signal
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are none of its own there")


def ran(code, *, before=None):
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, preexec_fn=before, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


STOPPED = """
    import os, signal, anyio
    from kycaid_async.signals import end_with, exit_at_once, run_async, stop_signals

    exit_at_once()

    async def work():
        with stop_signals() as told:
            os.kill(os.getpid(), signal.{0})
            with anyio.move_on_after(0 if {1} else 30):
                print("told of", signal.Signals(await told()).name)
        os.kill(os.getpid(), signal.{0})

    if {1}:
        os.kill(os.getpid(), signal.{0})
    run_async(work)
    end_with(3)
    if {1}:
        os.kill(os.getpid(), signal.{0})
    print("to its end")
"""


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGTERM"])
def test_a_signal_that_was_to_be_ignored_when_the_program_began_is_ignored_to_its_end(name):
    """That is how nohup lets a program go on when its terminal is closed, and a shell those in its background."""
    number = getattr(signal, name)
    done = ran(STOPPED.format(name, True), before=lambda: signal.signal(number, signal.SIG_IGN))
    assert done == (0, "to its end\n", "")


def test_any_other_signal_is_told():
    assert ran(STOPPED.format("SIGHUP", False))[1].startswith("told of SIGHUP\n")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("change", range(1, 7))
def test_a_signal_between_two_changes_of_handlers_leaves_none_of_them_changed_and_the_loop_closed(change, name):
    code = f"""
        import asyncio, os, signal
        from kycaid_async import signals

        signals.exit_at_once()
        signals.end_like_ctrl_c()
        before = [signal.getsignal(number) for number in signals._numbers()]
        set_handler, changes, loops = signal.signal, [], []

        async def work():
            loops.append(asyncio.get_running_loop())
            signal.signal = interrupted

        def interrupted(number, handler):
            found = set_handler(number, handler)
            changes.append(number)
            if len(changes) == {change}:
                os.kill(os.getpid(), signal.{name})
                for _ in range(100):
                    pass  # here Python looks for signals
            return found

        try:
            signals.run_async(work)
        except KeyboardInterrupt:
            print("interrupted")
        print(before == [signal.getsignal(number) for number in signals._numbers()], loops[0].is_closed())
    """
    assert ran(code) == (0, "interrupted\nTrue True\n", "")


def test_a_closed_loop_is_free_at_once():
    code = """
        import asyncio, gc, weakref
        from kycaid_async.signals import run_async

        gc.disable()
        loops = []

        async def work():
            loops.append(weakref.ref(asyncio.get_running_loop()))

        run_async(work)
        print(loops[0]())
    """
    assert ran(code) == (0, "None\n", "")


def test_little_is_imported_before_a_program_can_say_that_it_was_interrupted():
    code = """
        import sys
        before = set(sys.modules)
        import kycaid_async.cli
        print(*sorted({"typing", "re", "importlib", "inspect", "anyio"} & (set(sys.modules) - before)))
    """
    command = [sys.executable, "-I", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
