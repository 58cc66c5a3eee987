"""Starting, stopping, and what is left in between."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile

import anyio
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from kycaid_async import AsyncKycaid, ConfigurationError, KycaidError
from kycaid_async.sandbox import SANDBOX_KEY, Sandbox
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sandbox.events.feed import PAUSES

KEY = "k" * 36
COUNTS = {"applicants": 1, "documents": 1, "files": 1, "addresses": 1, "affiliated_persons": 0, "verifications": 0}


def client(sandbox: Sandbox) -> AsyncKycaid:
    return AsyncKycaid(sandbox.api_key, base_url=sandbox.url)


def test_the_default_key_is_as_long_as_a_real_one():
    assert len(SANDBOX_KEY) == 36
    assert Sandbox().api_key == SANDBOX_KEY


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
def test_a_host_that_others_can_reach_needs_a_key_of_its_own(host):
    with pytest.raises(ConfigurationError, match="api_key"):
        Sandbox(host=host)
    with pytest.raises(ConfigurationError, match="16 characters"):
        Sandbox(host=host, api_key="k" * 15)
    Sandbox(host=host, api_key="k" * 16)
    Sandbox(host="127.0.0.1", api_key="k")


async def test_all_interfaces_can_be_served_with_a_key():
    async with Sandbox(host="0.0.0.0", api_key=KEY) as sandbox, client(sandbox) as kycaid:  # noqa: S104
        assert sandbox.url.startswith("http://127.0.0.1:")
        await kycaid.applicants.create(type="PERSON")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_loopback_is_served_with_the_default_key(host):
    async with Sandbox(host=host) as sandbox, client(sandbox) as kycaid:
        await kycaid.applicants.create(type="PERSON")


async def test_an_empty_key_is_refused():
    with pytest.raises(ConfigurationError, match="api_key"):
        Sandbox(api_key="")


async def test_before_the_start_and_after_the_stop_there_is_nothing_to_ask():
    sandbox = Sandbox()
    with pytest.raises(ConfigurationError, match=r"start\(\)"):
        _ = sandbox.url
    async with sandbox:
        with pytest.raises(ConfigurationError, match="already"):
            await sandbox.start()
    with pytest.raises(ConfigurationError, match="not running"):
        sandbox.counts()
    await sandbox.stop()


async def test_a_taken_port_is_named(tmp_path):
    async with Sandbox() as first:
        port = int(first.url.rpartition(":")[2])
        second = Sandbox(port=port, data=tmp_path)
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
            await second.start()
    async with Sandbox(port=port, data=tmp_path) as third:
        assert third.url.endswith(f":{port}")


@pytest.mark.parametrize("port", [-1, 70_000])
def test_an_impossible_port_is_named(port):
    with pytest.raises(ConfigurationError, match=f"port: expected .*, got {port}"):
        Sandbox(port=port)


async def test_an_unknown_host_is_named():
    with pytest.raises(ConfigurationError, match="cannot listen on no-such-host"):
        await Sandbox(host="no-such-host.invalid", api_key=KEY).start()


async def test_without_pillow_it_does_not_start(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match="pip install"):
        await Sandbox().start()


async def test_nothing_is_left_of_a_sandbox_without_data(monkeypatch, tmp_path, make_picture):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with Sandbox() as sandbox, client(sandbox) as kycaid:
        await kycaid.files.create(make_picture())
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
    async with sandbox:
        assert set(sandbox.counts().values()) == {0}


async def test_nothing_is_left_when_a_timeout_ends_it(monkeypatch, tmp_path, make_picture):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with anyio.CancelScope() as scope:
        async with Sandbox() as sandbox, client(sandbox) as kycaid:
            await kycaid.files.create(make_picture())
            url = sandbox.url
            scope.cancel()
            await anyio.sleep_forever()
    assert not list(tmp_path.iterdir())
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


async def test_data_can_be_opened_again_after_a_neighbour_failed(tmp_path):
    started = asyncio.Event()

    async def serve():
        async with Sandbox(data=tmp_path):
            started.set()
            await anyio.sleep_forever()

    async def fail():
        await started.wait()
        raise ValueError

    with contextlib.suppress(ExceptionGroup):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve)
            tasks.start_soon(fail)
    async with Sandbox(data=tmp_path) as again:
        assert again.counts()["files"] == 0


@pytest.mark.parametrize("steps", range(1, 13))
async def test_a_start_that_is_given_up_leaves_nothing(monkeypatch, tmp_path, steps):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sandbox = Sandbox()
    start = asyncio.create_task(sandbox.start())
    for _ in range(steps):
        await asyncio.sleep(0)
    start.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await start
    await sandbox.stop()
    assert not list(tmp_path.iterdir())


async def test_a_second_start_continues_where_the_first_stopped(tmp_path, make_picture, clock):
    data = tmp_path / "new" / "folder"
    async with Sandbox(data=data, clock=clock) as first, client(first) as kycaid:
        owner = await kycaid.applicants.create(type="PERSON", first_name="Jane")
        await kycaid.addresses.create(applicant_id=owner, type="REGISTERED", city="London")
        file_id = await kycaid.files.create(make_picture())
        document = await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=file_id)
        digest, counts = first.file_digest(file_id), first.counts()
        before = (await kycaid.applicants.get(owner)).raw
    assert counts == COUNTS
    assert {path.name for path in data.iterdir()} == {"sandbox.sqlite3", "files"}
    async with Sandbox(data=str(data), clock=clock) as second, client(second) as kycaid:
        assert (second.counts(), second.file_digest(file_id)) == (counts, digest)
        after = (await kycaid.applicants.get(owner)).raw
        assert after["documents"][0].pop("front_side").startswith(second.url)
        before["documents"][0].pop("front_side")
        assert after == before
        assert (await kycaid.documents.get(document)).status == "valid"


async def test_what_was_answered_survives_a_kill(tmp_path, make_picture):
    code = (
        "import asyncio, sys\nfrom kycaid_async.sandbox import Sandbox\n"
        "async def main():\n"
        " async with Sandbox(data=sys.argv[1]) as s:\n  print(s.url, flush=True)\n  await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path), stdout=subprocess.PIPE)
    url = (await process.stdout.readline()).decode().strip()
    async with AsyncKycaid(SANDBOX_KEY, base_url=url) as kycaid:
        owner = await kycaid.applicants.create(type="PERSON")
        file_id = await kycaid.files.create(make_picture())
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    (tmp_path / "files" / "kycaid-upload-unfinished").write_bytes(b"the rest of an upload")
    (tmp_path / "files" / "thesis.txt").write_bytes(b"somebody else's")
    (tmp_path / "files" / "folder").mkdir()
    async with Sandbox(data=tmp_path) as sandbox, client(sandbox) as kycaid:
        assert (await kycaid.applicants.get(owner)).applicant_id == owner
        assert sandbox.file_digest(file_id)
    left = sorted(path.name for path in (tmp_path / "files").iterdir())
    assert left[0] == "folder"
    assert left[1].startswith("kycaid-upload-")
    assert left[2:] == ["thesis.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is swept there")
async def test_what_a_killed_sandbox_left_is_removed_by_the_next_one(monkeypatch, tmp_path, make_picture):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN_WITHOUT_DATA), stdout=subprocess.PIPE, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    url = (await killed.stdout.readline()).decode().strip()
    async with AsyncKycaid(SANDBOX_KEY, base_url=url) as kycaid:
        await kycaid.files.create(make_picture())
    (left,) = tmp_path.iterdir()
    (tmp_path / "kycaid-sandbox-thesis").mkdir()
    async with Sandbox():
        assert left.is_dir()
    killed.send_signal(signal.SIGKILL)
    await killed.communicate()
    assert list((left / "files").iterdir())
    async with Sandbox() as first, client(first) as kycaid:
        assert not left.exists()
        file_id = await kycaid.files.create(make_picture())
        async with Sandbox():
            assert first.file_digest(file_id)
    assert [path.name for path in tmp_path.iterdir()] == ["kycaid-sandbox-thesis"]


RUN_WITHOUT_DATA = """
import asyncio
from kycaid_async.sandbox import Sandbox
async def main():
    async with Sandbox() as sandbox:
        print(sandbox.url, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""

RUN_UNTIL_KILLED = """
import asyncio, sys
from kycaid_async.sandbox import Sandbox
async def main():
    async with Sandbox(data=sys.argv[1], callback_url=sys.argv[2], balance=50) as sandbox:
        print(sandbox.url, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_a_kill_in_the_middle_of_work_loses_nothing_that_was_answered(tmp_path, server):
    """Ten clients create applicants and verifications as fast as they can; nobody takes their callbacks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN_UNTIL_KILLED, str(tmp_path), server.url, stdout=subprocess.PIPE
    )
    url = (await process.stdout.readline()).decode().strip()
    answered, enough = [], asyncio.Event()

    async def work(kycaid):
        with contextlib.suppress(KycaidError):
            while True:
                owner = await kycaid.applicants.create(type="PERSON")
                answered.append((owner, await kycaid.verifications.create(applicant_id=owner)))
                if len(answered) >= 20:
                    enough.set()

    async with AsyncKycaid(SANDBOX_KEY, base_url=url, max_retries=0) as kycaid, asyncio.TaskGroup() as tasks:
        for _ in range(10):
            tasks.create_task(work(kycaid))
        await enough.wait()
        process.send_signal(signal.SIGKILL)
    await process.communicate()
    told = len(server.requests)
    for _ in range(10 * len(answered)):
        server.answer()
    async with Sandbox(data=tmp_path, callback_url=server.url) as again, client(again) as kycaid:
        counts = again.counts()
        assert await again.balance() == 50 - counts["verifications"]
        assert len(answered) <= counts["verifications"] <= counts["applicants"] <= len(answered) + 10
        await again.settle()
        for owner, made in answered:
            got = await kycaid.verifications.get(made)
            assert (got.applicant_id, got.passed) == (owner, True)
        await again.settle()
        deliveries = again.deliveries()
    assert all(delivery.arrived for delivery in deliveries)
    # Each of them once at its start and once at its end.
    assert len(deliveries) == 2 * counts["verifications"]
    assert len(server.requests) > told


async def test_what_it_keeps_can_be_read_by_its_user_only(tmp_path, make_picture):
    (tmp_path / "files").mkdir(mode=0o755)
    async with Sandbox(data=tmp_path) as sandbox, client(sandbox) as kycaid:
        await kycaid.files.create(make_picture())
    assert stat.S_IMODE((tmp_path / "sandbox.sqlite3").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": "two words"},
        {"review_after": -1},
        {"review_after": float("inf")},
        {"review_after": float("nan")},
        {"callback_url": "http://"},
        {"callback_url": "https://exa mple"},
    ],
    ids=repr,
)
def test_what_cannot_work_is_refused_when_it_is_made(options):
    with pytest.raises(ConfigurationError):
        Sandbox(**options)


async def test_a_database_that_cannot_be_opened_is_an_error_of_ours(tmp_path):
    (tmp_path / "sandbox.sqlite3").mkdir()
    with pytest.raises(ConfigurationError, match="cannot use"):
        await Sandbox(data=tmp_path).start()


async def test_two_sandboxes_do_not_share_one_folder(tmp_path):
    async with Sandbox(data=tmp_path):
        with pytest.raises(ConfigurationError, match="Is another sandbox running"):
            await Sandbox(data=tmp_path).start()


async def test_data_of_something_else_are_refused(tmp_path):
    (tmp_path / "sandbox.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(ConfigurationError, match="cannot use"):
        await Sandbox(data=tmp_path).start()


async def test_data_of_another_version_are_refused(tmp_path):
    db = sqlite3.connect(tmp_path / "sandbox.sqlite3")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ConfigurationError, match=r"version 99; this package reads \d+\. Take another folder"):
        await Sandbox(data=tmp_path).start()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot keep its data"):
        await Sandbox(data=tmp_path / "file").start()


async def test_the_folder_is_for_its_owner_only(tmp_path):
    data = tmp_path / "data"
    async with Sandbox(data=data):
        assert os.stat(data).st_mode & 0o077 == 0


async def test_an_unknown_file_has_no_digest(sandbox):
    with pytest.raises(KeyError):
        sandbox.file_digest("f" * 36)


async def test_the_event_loop_is_never_blocked(sandbox, kycaid, applicant, make_picture, nothing_blocks):
    owner, content = await applicant(), make_picture()
    with nothing_blocks():
        file_id = await kycaid.files.create(content)
        made = await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=file_id)
        got = await kycaid.documents.get(made)
        await kycaid.files.replace(file_id, content)
    assert got.status == "valid"
    assert sandbox.counts()["files"] == 1


async def test_a_commit_to_a_folder_never_blocks_the_event_loop(tmp_path, nothing_blocks):
    async with Sandbox(data=tmp_path) as sandbox, client(sandbox) as kycaid:
        with nothing_blocks(in_memory=False):
            owner = await kycaid.applicants.create(type="PERSON", first_name="John", last_name="Snow")
            await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
        assert sandbox.counts()["documents"] == 1


async def test_what_takes_too_long_for_the_event_loop_is_done_once_all_the_same(
    monkeypatch, sandbox, kycaid, applicant
):
    monkeypatch.setattr("kycaid_async.sandbox.state._MOMENT", -1)  # each read is late
    owner = await applicant()
    sandbox.next_outcome("decline", of="document")
    sandbox.next_outcome("approve", of="document")
    with sandbox.watch() as watch:
        first = await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
        changed = await anext(watch)
        assert (changed.kind, changed.id) == ("documents", first)
    second = await kycaid.documents.create(applicant_id=owner, type="DRIVERS_LICENSE")
    assert [(await kycaid.documents.get(id_)).status for id_ in (first, second)] == ["invalid", "valid"]
    assert sandbox.counts()["documents"] == 2


async def test_a_settlement_that_takes_too_long_says_what_the_receiver_answered():
    async def refuse(_request):
        return web.Response(status=503)

    async def never_again(_seconds):
        await asyncio.Event().wait()

    app = web.Application()
    app.router.add_post("/", refuse)
    async with TestServer(app) as receiver, Sandbox(sleep=never_again) as sandbox, client(sandbox) as kycaid:
        url = str(receiver.make_url("/"))
        applicant = await kycaid.applicants.create(type="PERSON", first_name="John", last_name="Snow")
        await kycaid.verifications.create(applicant_id=applicant, form_id=FORMS[0].id, callback_url=url)
        while not all(delivery.status for delivery in sandbox.deliveries()) or not sandbox.deliveries():
            await asyncio.sleep(0.01)
        with pytest.raises(
            TimeoutError, match=r"did not arrive within 0.2 s\..* to http://127.0.0.1:\d+/: answered 503, 1 attempt"
        ):
            await sandbox.settle(timeout=0.2)


async def test_settling_says_in_seconds_where_nobody_takes_callbacks(clock, monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.review.background._PATIENCE", 0.02)
    slept = []

    async def pause(seconds):
        slept.append(seconds)
        if seconds != PAUSES[0]:
            await asyncio.Event().wait()

    url = "http://me:secret@127.0.0.1:1/hook?token=secret"
    async with Sandbox(clock=clock, sleep=pause) as sandbox, client(sandbox) as kycaid:
        applicant = await kycaid.applicants.create(type="PERSON", first_name="John", last_name="Snow")
        await kycaid.verifications.create(applicant_id=applicant, callback_url=url)
        with pytest.raises(TimeoutError) as caught:
            await sandbox.settle()
        assert "VERIFICATION_COMPLETED to http://127.0.0.1:1/hook: connection refused, 2 attempts" in str(caught.value)
        assert str(caught.value).startswith("2 callbacks did not arrive. ")
        assert "secret" not in str(caught.value)
        assert applicant not in str(caught.value)
        first = sandbox.deliveries()[0]
        assert (first.applicant_id, first.url, first.error) == (
            applicant,
            "http://127.0.0.1:1/hook",
            "connection refused",
        )
        assert (first.status, first.left, first.tried_at) == (None, 3, clock())
        assert applicant not in repr(first)
    assert slept.count(PAUSES[0]) == 2


async def test_settling_without_a_limit_waits_for_an_answer_that_comes_late(monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.review.background._PATIENCE", 0.01)
    may_answer = asyncio.Event()

    async def answer(_request):
        await may_answer.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestServer(app) as receiver, Sandbox() as sandbox, client(sandbox) as kycaid:
        await kycaid.crypto.check_address("0xb", asset="ETH", callback_url=str(receiver.make_url("/")))
        asyncio.get_running_loop().call_later(0.1, may_answer.set)
        await sandbox.settle()
        assert [delivery.outcome for delivery in sandbox.deliveries()] == ["arrived"]
