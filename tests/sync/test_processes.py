"""The blocking client where threads and processes are not what Python makes of them: gevent, uWSGI, forks in C."""

import asyncio
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import textwrap
from concurrent.futures import Future, wait
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Empty

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from kycaid_async.sync import threads
from tests.sync.scripts import Done

QUIET = ("-W", "ignore")
FINE = Done(0, "fine\n", "")

AT_ONCE = """
    import os, threading
    from kycaid_async import Kycaid, Person

    client = Kycaid(base_url=os.environ["MEETING"])
    done = []
    calls = [threading.Thread(target=lambda: done.append(client.applicants.get("a" * 36).type)) for _ in range(8)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert done == ["PERSON"] * 8, done
    client = Kycaid()
    picture = b"\\x89PNG\\r\\n\\x1a\\n" + bytes(300_000)
    client.files.create(lambda: iter([picture]), size=len(picture))
    print("fine")
"""


@pytest.fixture
async def meeting(monkeypatch):
    """The URL of a server that answers nobody before eight have asked."""
    barrier = asyncio.Barrier(8)

    async def answer(_):
        await barrier.wait()
        return web.json_response({"applicant_id": "a" * 36, "type": "PERSON"})

    application = web.Application()
    application.router.add_get("/applicants/{id}", answer)
    async with TestServer(application) as server:
        monkeypatch.setenv("MEETING", str(server.make_url("")).rstrip("/"))
        yield


async def test_threads_wait_beside_each_other(meeting, scripts):
    assert await scripts.run(AT_ONCE) == FINE


async def test_greenlets_wait_beside_each_other(meeting, scripts):
    done = await scripts.run("from gevent import monkey\nmonkey.patch_all()\n" + textwrap.dedent(AT_ONCE), *QUIET)
    assert done == FINE


async def test_eventlet_is_named_with_a_way_out(scripts):
    done = await scripts.run(
        """
        import eventlet
        eventlet.monkey_patch()
        from kycaid_async import ConfigurationError, Kycaid

        for _ in range(2):
            try:
                Kycaid().applicants.get("a" * 36)
            except ConfigurationError as error:
                assert "eventlet.monkey_patch(thread=False)" in str(error), error
        print("fine")
        """,
        *QUIET,
    )
    assert done == FINE


async def test_eventlet_that_leaves_threads_alone_is_no_hindrance(meeting, scripts):
    program = "import eventlet\neventlet.monkey_patch(thread=False, select=False, socket=False, time=False, os=False)\n"
    assert await scripts.run(program + textwrap.dedent(AT_ONCE), *QUIET) == FINE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
async def test_a_fork_in_c_runs_no_hooks_and_its_child_connects_anew(scripts, sandbox):
    done = await scripts.run(
        """
        import asyncio, ctypes, os
        from kycaid_async import AsyncKycaid, Kycaid, Person

        client, other = Kycaid(), AsyncKycaid()
        applicant = client.applicants.create(Person(first_name="Jane"))
        loop = asyncio.new_event_loop()
        loop.run_until_complete(other.applicants.get(applicant))
        child = ctypes.PyDLL(None).fork()
        for _ in range(3):
            assert client.applicants.get(applicant).applicant_id == applicant
        with asyncio.Runner() as runner:
            assert runner.run(other.applicants.get(applicant)).applicant_id == applicant
        if child:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            loop.run_until_complete(other.aclose())
            loop.close()
            client.close()
            print("fine")
        else:
            os._exit(0)
        """,
        *QUIET,
    )
    assert done == FINE


async def test_the_end_of_an_interpreter_needs_no_new_thread(scripts):
    # In Python 3.12.0 to 3.12.2 none can be started from the first hook on that runs at exit.
    done = await scripts.run("""
        import _thread, atexit
        from kycaid_async import Kycaid, Person

        applicant = Kycaid().applicants.create(Person(first_name="Jane"))

        def refuse(*_):
            raise RuntimeError("can't create new thread at interpreter shutdown")

        @atexit.register
        def none_from_here_on():
            _thread.start_new_thread = refuse

        print("fine")
    """)
    assert done == FINE


APPLICATION = """
from kycaid_async import Kycaid, Person

client = Kycaid()
applicant = client.applicants.create(Person(first_name="Jane"))  # before the fork


def application(environ, start_response):
    found = client.applicants.get(applicant)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(found.applicant_id == applicant).encode()]
"""


@asynccontextmanager
async def served(command, scripts, folder):
    """Run a server with the application; gives its URL once it answers."""
    (folder / "application.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [word.format(port=port, folder=folder) for word in command]
    log = (folder / "log").open("w+")
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, env=scripts.environment(), stdout=log, stderr=subprocess.STDOUT
    )
    try:
        while process.returncode is None:
            with_room = socket.socket()
            try:
                if with_room.connect_ex(("127.0.0.1", port)) == 0:
                    break
            finally:
                with_room.close()
            await asyncio.sleep(0.05)
        assert process.returncode is None, (folder / "log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        log.close()


async def answers(url, count):
    async with httpx.AsyncClient(timeout=60) as client:
        return [answer.text for answer in await asyncio.gather(*(client.get(url) for _ in range(count)))]


def uwsgi_command():
    """Return how uWSGI runs this Python, or the reason why it cannot."""
    program = shutil.which("uwsgi") or shutil.which("uwsgi-core")
    if program is None:
        return None, "uWSGI is not installed (apt-get install uwsgi-core uwsgi-plugin-python3)"
    listed = subprocess.run(
        [program, "--plugin", "python3", "--python-version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\d+\.\d+", listed.stdout)
    here = "{}.{}".format(*sys.version_info)
    if found is None or found[0] != here:
        return None, f"uWSGI has no plugin for Python {here}"
    paths = [str(Path(__file__).parents[2]), sysconfig.get_path("purelib"), "{folder}"]
    command = [program, "--plugin", "python3", "--http-socket", "127.0.0.1:{port}", "--master", "--processes", "2"]
    command += ["--need-app", "--die-on-term", *(word for path in paths for word in ("--pythonpath", path))]
    return [*command, "--module", "application"], ""


@pytest.mark.parametrize("options", [[], ["--enable-threads"], ["--lazy-apps"]], ids=["plain", "threads", "lazy"])
async def test_a_client_that_was_used_before_uwsgi_forked_works_in_its_workers(options, scripts, tmp_path):
    command, reason = uwsgi_command()
    if command is None:
        pytest.skip(reason)
    async with served([*command, *options], scripts, tmp_path) as url:
        assert await answers(url, 6) == ["True"] * 6


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows")
@pytest.mark.parametrize("worker", ["gevent", "gthread", "sync"])
async def test_a_client_that_was_used_before_gunicorn_forked_works_in_its_workers(worker, scripts, tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "gunicorn", "-k", worker, "--preload", "-w", "2"]
    async with served([*command, "-b", "127.0.0.1:{port}", "application"], scripts, tmp_path) as url:
        assert await answers(url, 6) == ["True"] * 6


def test_where_a_wait_cannot_be_interrupted_it_is_a_row_of_short_ones(monkeypatch):
    class Interrupted:
        def __init__(self):
            self.waits = []

        def put(self, item):
            raise AssertionError

        def get(self, *, timeout):
            self.waits.append(timeout)
            if len(self.waits) == 3:
                raise KeyboardInterrupt
            raise Empty

    monkeypatch.setattr(threads, "_UNINTERRUPTIBLE", True)
    monkeypatch.setattr(threads, "SimpleQueue", made := Interrupted)
    inbox = threads.inbox()
    with pytest.raises(KeyboardInterrupt):
        inbox.get()
    assert isinstance(inbox._items, made)
    assert inbox._items.waits == [0.1] * 3


def test_an_interrupted_wait_for_a_result_is_a_row_of_short_ones_and_cancels_it(monkeypatch):
    def interrupted(futures, timeout):
        timeouts.append(timeout)
        if len(timeouts) == 3:
            raise KeyboardInterrupt
        return wait(futures, 0)

    timeouts, future = [], Future()
    monkeypatch.setattr(threads, "_UNINTERRUPTIBLE", True)
    monkeypatch.setattr(threads, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        threads.result_of(future)
    assert timeouts == [0.1] * 3
    assert future.cancelled()


def test_a_row_of_short_waits_takes_as_long_as_one(monkeypatch):
    times = iter([0.0, 0.0, 0.0, 0.1, 0.1, 0.2, 0.2, 0.25])
    monkeypatch.setattr(threads, "_UNINTERRUPTIBLE", True)
    monkeypatch.setattr(threads.time, "monotonic", lambda: next(times))
    assert list(threads.waits(0.25)) == [0.1, 0.1, pytest.approx(0.05)]


@pytest.mark.parametrize("timeout", [None, 0.25])
def test_where_a_wait_can_be_interrupted_there_is_one(timeout, monkeypatch):
    monkeypatch.setattr(threads, "_UNINTERRUPTIBLE", False)
    assert list(threads.waits(timeout)) == [timeout]
