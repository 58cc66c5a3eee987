"""The sign-up of `kycaid_async/examples/signup`: two workers that are killed, and one verification.

``python -m tests.examples.test_signup`` kills them before and after each request that makes something; with ``by-hand``
it is the application of ``before/``.
"""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import attrs
import pytest
import yaml
from aiohttp import web

from kycaid_async import AsyncKycaid
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS
from tests.examples.places import EXAMPLES
from tests.pictures import picture

SIGNUP = EXAMPLES / "signup"
BY_HAND = Path(__file__).parent / "before"
KEY = "key-of-a-test"
PATIENCE = aiohttp.ClientTimeout(60)
"""A worker that never came up leaves its socket, which takes requests and answers none."""
pytest.importorskip("python_multipart", reason="FastAPI reads forms with it")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed on by their number")

STEPS = ("/applicants", "/files", "/documents", "/verifications")


@attrs.define
class Worker:
    """A process that serves the application on a socket of the test's, and dies where it is told to."""

    folder: Path
    sandbox_url: str
    plan: list
    """The deaths of workers that are still to be died, and those that were."""
    deaths: list
    listening: socket.socket = attrs.field(factory=lambda: socket.create_server(("127.0.0.1", 0)))
    process: subprocess.Popen | None = None
    relay_url: str = ""
    place: Path = SIGNUP
    """Where the application is."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    @property
    def environment(self):
        return os.environ | {
            "SIGNUP_SWEEP": "0.1",
            "KYCAID_API_KEY": KEY,
            "KYCAID_BASE_URL": self.relay_url,
            "KYCAID_FORM_ID": FORMS[0].id,
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/signups.db",
            "PYTHONPATH": os.pathsep.join([str(self.place), str(SIGNUP), *sys.path]),
        }

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--fd", str(self.listening.fileno()), "--log-level=warning"],
            cwd=self.place,
            pass_fds=[self.listening.fileno()],
            env=self.environment,
        )

    def revive(self):
        """Start it again if it died, as a supervisor does."""
        if self.process.poll() is not None:
            self.start()

    def die(self):
        self.process.kill()
        self.process.wait()
        self.deaths.append(self.plan.pop())
        # The time passes after which its claims are over, and after which KYCAID shows what it made.
        with closing(sqlite3.connect(self.folder / "signups.db", timeout=30)) as database, database:
            database.execute("UPDATE signups SET lease_until = 0, verifying_since = verifying_since - 3600")

    async def relay(self, request):
        """Hand a request on to the sandbox; kill the worker before or after the sandbox acted, when it is time."""
        before, after = ([(request.path, moment)] for moment in ("before", "after"))
        if request.method == "POST" and self.plan[-1:] == before:
            self.die()
            raise web.HTTPBadGateway
        async with aiohttp.ClientSession() as session:
            known = ("Authorization", "Content-Type")
            headers = {name: request.headers[name] for name in known if name in request.headers}
            url, body = f"{self.sandbox_url}{request.path_qs}", await request.read()
            async with session.request(request.method, url, data=body, headers=headers) as answer:
                content = await answer.read()
        if request.method == "POST" and self.plan[-1:] == after:
            self.die()
        return web.Response(status=answer.status, body=content, content_type=answer.content_type)


@asynccontextmanager
async def running(worker):
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{rest:.*}", worker.relay)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    worker.relay_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    worker.start()
    try:
        yield worker
    finally:
        worker.revive()  # the other one may bring the verdict before anybody saw that this one died
        worker.process.send_signal(signal.SIGTERM)
        ended = await asyncio.to_thread(worker.process.wait, 30)
        await runner.cleanup()
        worker.listening.close()
    assert ended in (0, -signal.SIGTERM)


async def sign_up(session, worker, *, dob="1990-01-01", scan=None):
    form = aiohttp.FormData({"first_name": "John", "last_name": "Snow", "dob": dob})
    form.add_field("passport", scan or picture(20_000), filename="passport.png")
    async with session.post(f"{worker.url}/signups", data=form) as answer:
        assert answer.status == 202
        return (await answer.json())["id"]


async def answer_of(session, worker, signup):
    patience = aiohttp.ClientTimeout(5)  # a process that died does not take it from the socket
    async with session.get(f"{worker.url}/signups/{signup}", timeout=patience) as answer:
        return await answer.json()


async def state_of(session, worker, signup):
    return (await answer_of(session, worker, signup))["state"]


async def verdict_of(session, workers, signup):
    """Wait for the verdict, whichever worker finds it."""
    async with asyncio.timeout(300):
        while True:
            for worker in workers:
                worker.revive()
                with suppress(aiohttp.ClientError, TimeoutError):  # it died in between
                    state = await state_of(session, worker, signup)
                    if state not in ("open", "waiting"):
                        return state
            await asyncio.sleep(0.02)


async def verifications_of(sandbox):
    """Count the verifications of each sign-up that the report shows."""
    today = datetime.now(UTC).date()
    async with AsyncKycaid(KEY, base_url=sandbox.url) as client:
        rows = [row async for row in client.verifications.report(today - timedelta(days=1), today)]
    return Counter(row.external_applicant_id for row in rows)


async def sign_up_through(deaths, folder, *, times=2, place=SIGNUP):
    """Sign somebody up for each of ``deaths``, which workers die so many ``times``; return what became of it all."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox(api_key=KEY))
        plan, died = [], []
        workers = [
            await stack.enter_async_context(running(Worker(folder, sandbox.url, plan, died, place=place)))
            for _ in range(2)
        ]
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=PATIENCE))
        states = {}
        for death in deaths:
            plan[:] = [death] * times
            for worker in workers:
                worker.revive()
            signup = await sign_up(session, workers[0])
            states[signup] = await verdict_of(session, workers, signup)
        return states, died, await verifications_of(sandbox)


async def test_a_signup_whose_workers_are_killed_is_verified_once(tmp_path):
    deaths = [("/verifications", "before"), ("/verifications", "after")]
    states, died, verifications = await sign_up_through(deaths, tmp_path, times=1)
    assert set(states.values()) <= {"passed", "declined"}
    assert set(died) == set(deaths)
    assert verifications == dict.fromkeys(states, 1)


async def attend(worker, *words):
    program = await asyncio.create_subprocess_exec(
        sys.executable, "attend.py", *words, cwd=SIGNUP, env=worker.environment, stdout=subprocess.PIPE
    )
    printed, _ = await program.communicate()
    assert program.returncode == 0
    return printed.decode()


async def started_by_nobody(client, signup):
    """Start a verification as a worker does that dies before it can note its id."""
    applicant_id = await client.applicants.create(
        type="PERSON", first_name="John", last_name="Snow", dob="1990-01-01", external_applicant_id=signup
    )
    return applicant_id, await client.verifications.create(applicant_id=applicant_id, form_id=FORMS[0].id)


def note(worker, signup, applicant_id):
    """Note a sign-up as one of which nobody knows whether it was started."""
    with closing(sqlite3.connect(worker.folder / "signups.db", timeout=30)) as database, database:
        database.execute(
            "INSERT INTO signups (id, state, first_name, last_name, dob, applicant_id, verifying_since, reasons,"
            " problem, lease_until) VALUES (?, 'unclear', 'John', 'Snow', '1990-01-01', ?, 0, '[]', '', 0)",
            (signup, applicant_id),
        )


async def test_a_signup_that_comes_to_no_verdict_ends_and_its_operator_can_take_it_up(tmp_path):
    async with AsyncExitStack() as stack:
        worker = Worker(tmp_path, "", [], [])
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=PATIENCE))
        sandbox = await stack.enter_async_context(Sandbox(api_key=KEY, callback_url=f"{worker.url}/kycaid"))
        worker.sandbox_url = sandbox.url
        await stack.enter_async_context(running(worker))
        client = await stack.enter_async_context(AsyncKycaid(KEY, base_url=sandbox.url))

        refused = await sign_up(session, worker, dob="soon")
        assert await verdict_of(session, [worker], refused) == "refused"
        assert (await answer_of(session, worker, refused))["reasons"] == ["dob"]
        no_scan = await sign_up(session, worker, scan=b"not an image")
        assert await verdict_of(session, [worker], no_scan) == "refused"
        assert (await answer_of(session, worker, no_scan))["reasons"] == ["passport"]
        listed = await attend(worker)
        assert f"{refused} refused - applicants.create: " in listed
        assert f"{no_scan} refused " in listed
        assert "soon" not in listed
        assert await attend(worker, "again", refused, no_scan, "x" * 36) == "2 of 3 are taken up again\n"
        for signup in (refused, no_scan):
            assert await verdict_of(session, [worker], signup) == "refused"

        told, found = "a" * 36, "b" * 36
        applicant_id, verification_id = await started_by_nobody(client, found)
        await sandbox.settle()
        note(worker, found, applicant_id)
        assert await state_of(session, worker, found) == "unclear"
        assert await attend(worker, "found", found, verification_id) == "1 of 1 are taken up again\n"
        assert await verdict_of(session, [worker], found) == "passed"

        note(worker, told, "0" * 36)
        applicant_id, _ = await started_by_nobody(client, told)
        await sandbox.settle()
        assert await state_of(session, worker, told) == "unclear", "it is the verification of another applicant"
        with closing(sqlite3.connect(tmp_path / "signups.db", timeout=30)) as database, database:
            database.execute("UPDATE signups SET applicant_id = ? WHERE id = ?", (applicant_id, told))
        await client.verifications.create(applicant_id=applicant_id, form_id=FORMS[0].id)
        await sandbox.settle()
        assert await state_of(session, worker, told) == "passed"
        assert {one.status for one in sandbox.deliveries()} == {200}


def test_the_files_for_containers_are_whole():
    compose = yaml.safe_load((SIGNUP / "compose.yaml").read_text("utf-8"))
    for service in compose["services"].values():
        build = service.get("build")
        name = build["dockerfile"] if isinstance(build, dict) else "Dockerfile"
        assert build is None or (SIGNUP / name).is_file()
        assert set(service.get("depends_on", ())) <= set(compose["services"])
    assert compose["services"]["signup"]["environment"]["KYCAID_FORM_ID"] == FORMS[0].id
    words = {"FROM", "RUN", "USER", "WORKDIR", "COPY", "EXPOSE", "CMD"}
    for path in SIGNUP.glob("*Dockerfile"):
        lines = path.read_text("utf-8").splitlines()
        assert {line.split()[0] for line in lines} <= words
        assert lines[0].startswith("FROM ")
        copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
        assert all((SIGNUP / name).is_file() for name in copied)


if __name__ == "__main__":
    every = [(step, moment) for step in STEPS for moment in ("before", "after")]
    with tempfile.TemporaryDirectory() as place:
        application = BY_HAND if "by-hand" in sys.argv else SIGNUP
        found = asyncio.run(sign_up_through(every, Path(place), place=application))
    states, died, verifications = found
    sys.stdout.write(
        f"{len(states)} sign-ups, {len(died)} deaths of workers at {len(set(died))} of {len(every)} places; "
        f"states: {dict(Counter(states.values()))}; verifications of each: {dict(Counter(verifications.values()))}\n"
    )
    sys.exit(verifications != dict.fromkeys(states, 1) or set(died) != set(every))
