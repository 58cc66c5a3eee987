"""Nobody holds the sandbox up, fills its memory or leads it elsewhere: over a real socket, with a pulse beside it."""

import asyncio
import io
import json
import os
import sqlite3
import zlib
from contextlib import suppress

import aiohttp
import pytest
from PIL import Image

from kycaid_async import AsyncKycaid, ConfigurationError
from kycaid_async.sandbox import Fault, Sandbox
from kycaid_async.sandbox.faults.fault import MOST
from kycaid_async.sandbox.review.content import look_at
from tests.bulk.ledger.formats import hot_journal
from tests.effort import effort, longest_hold

LONGEST = 25
"""Pieces of work for which the loop may be held up here, where the test itself runs in it too.

One to three are usual; without the limits of uploads it was 240 to 655."""
BOUNDARY = b"x0x0x0"
END = b"\r\n--" + BOUNDARY + b"--\r\n"
FILE = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
PLAIN = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="sandbox"\r\n\r\ntrue\r\n'


async def post(sandbox, path, body, headers=()):
    """Send bytes as they are, and return the status; None when the connection was closed over it."""
    host, port = sandbox.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Token {sandbox.api_key}", *headers]

    async def send():
        with suppress(ConnectionError):
            writer.write(("\r\n".join(head) + f"\r\nContent-Length: {len(body)}\r\n\r\n").encode())
            for start in range(0, len(body), 1 << 16):
                writer.write(body[start : start + (1 << 16)])
                await writer.drain()

    sending = asyncio.create_task(send())
    try:
        line = await reader.readline()
    except ConnectionError:
        line = b""
    finally:
        sending.cancel()
        writer.close()
    return int(line.split()[1]) if line else None


MULTIPART = [f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}"]
UPLOADS = {
    "100,000 parts": PLAIN * 100_000 + FILE + b"x" + END,
    "2,000,000 lines before the first part": b"\r\n" * 2_000_000 + FILE + b"x" + END,
    "a line of megabytes before the first part": b"y" * 5_000_000 + b"\r\n" + FILE + b"x" + END,
    "100,000 headers of a part": FILE[:-2] + b"a: b\r\n" * 100_000 + b"\r\nx" + END,
    "parts that are empty": (b"--" + BOUNDARY + b"\r\n\r\n\r\n") * 100_000 + END,
    "a file of line breaks and halves of boundaries": FILE + b"\r\n--x0x0x\r\n" * 400_000 + END,
    "parts in parts": (b"--" + BOUNDARY + b"\r\nContent-Type: multipart/mixed; boundary=x0x0x0\r\n\r\n") * 50_000 + END,
}


@pytest.mark.parametrize("path", ["/files", "/forms/{token}"])
@pytest.mark.parametrize("kind", UPLOADS)
async def test_no_upload_holds_the_others_up(sandbox, kycaid, kind, path):
    forms = await kycaid.forms.list()
    token = (await kycaid.forms.create_url(forms[0].form_id)).form_url.rpartition("/")[2]
    async with longest_hold() as held:
        status = await post(sandbox, path.format(token=token), UPLOADS[kind], MULTIPART)
    assert status in (200, 400, 413, 422, None)
    assert held.pieces < LONGEST
    assert sandbox.counts()["files"] <= 1


async def test_an_upload_without_a_length_is_cut_off_by_what_has_come(sandbox):
    async def endless():
        for _ in range(1000):
            yield b"z" * 60_000 + b"\n"

    headers = {"Authorization": f"Token {sandbox.api_key}", "Content-Type": MULTIPART[0].partition(": ")[2]}
    async with (
        aiohttp.ClientSession(sandbox.url) as session,
        session.post("/files", data=endless(), headers=headers) as answer,
    ):
        assert answer.status == 413


def large(value, size=120_000):
    text = json.dumps(value)
    return [value] * (size // (len(text) + 2))


BODIES = {
    "a long list of texts": lambda field: {field: large("")},
    "a long list of objects": lambda field: {field: large({})},
    "a deep list": lambda field: json.loads("[" * 900 + "]" * 900) and {field: json.loads("[" * 900 + "]" * 900)},
    "a long text": lambda field: {field: "a" * 120_000},
    "a long text that fits no pattern": lambda field: {field: "a" * 60_000 + "!" + " " * 60_000},
    "many unknown fields": lambda _field: {f"{n:x}": n for n in range(9_000)},
    "a long number": lambda field: {field: 10**4000},
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/applicants", "first_name"),
        ("/applicants", "email"),
        ("/applicants", "type"),
        ("/documents", "document_number"),
        ("/verifications", "types"),
        ("/verifications", "callback_url"),
        ("/_sandbox/faults", "operations"),
        ("/_sandbox/faults", "kind"),
    ],
)
async def test_no_json_holds_the_others_up(sandbox, kind, path, field):
    body = json.dumps(BODIES[kind](field)).encode()
    assert len(body) < 1 << 17
    async with longest_hold() as held:
        status = await post(sandbox, path, body, ["Content-Type: application/json"])
    assert status in (400, 404, 422)
    assert held.pieces < LONGEST


async def test_faults_are_few_and_each_names_an_operation_once(sandbox, call):
    fault = {"kind": "500", "operations": ["documents.create"] * 4000}
    status, made = await call("POST", "/_sandbox/faults", json=fault)
    assert (status, sandbox.faults.list()[0].fault.operations) == (200, ("documents.create",))
    for _ in range(MOST - 1):
        sandbox.faults.add(Fault("500", operations=["documents.create"]))
    status, refused = await call("POST", "/_sandbox/faults", json={"kind": "500"})
    assert (status, refused["errors"][0]["message"]) == (
        422,
        "100 faults are on: switch some off before others are added",
    )
    with pytest.raises(ConfigurationError):
        sandbox.faults.add(Fault("500"))
    sandbox.faults.remove(made["id"])
    sandbox.faults.add(Fault("latency", seconds=0))


async def test_only_so_many_pages_are_told_what_happens(sandbox):
    async with aiohttp.ClientSession(sandbox.url, connector=aiohttp.TCPConnector(limit=0)) as session:
        opened = [await session.get("/_sandbox/events") for _ in range(101)]
        assert [answer.status for answer in opened] == [200] * 100 + [503]
        for answer in opened:
            answer.close()


async def test_an_answer_of_many_rows_holds_nobody_up(sandbox, call, kycaid, applicant):
    owner = await applicant()
    with sandbox._require_running().state.store.transaction() as rows:
        for n in range(20_000):
            rows.insert(
                "verifications",
                id=f"{n:036}",
                applicant_id=owner,
                status="completed",
                verified=1,
                checks={},
                created_at="2025-06-15 10:00:00",
                started_at=1.0,
                finished_at=2.0,
            )
    async with longest_hold() as held:
        for offset in (0, 10_000, 19_500):
            status, page = await call("GET", f"/verifications/report?date=2025-06-15&offset={offset}")
            assert (status, len(page)) == (200, min(1_000, 20_000 - offset))
        assert (await kycaid.applicants.get(owner)).verifications_count == 20_000
    assert held.pieces < LONGEST


def bomb(kind, size):
    stream = io.BytesIO()
    mode = {"GIF": "P", "PNG": "1", "TIFF": "1"}.get(kind, "RGB")
    options = {"TIFF": {"compression": "group4"}, "WEBP": {"lossless": True}}.get(kind, {})
    Image.new(mode, size).save(stream, kind, **options)
    return stream.getvalue()


def animated(kind, frames):
    stream = io.BytesIO()
    pictures = [Image.new("L", (500, 500), n % 256) for n in range(frames)]
    pictures[0].save(stream, kind, save_all=True, append_images=pictures[1:], duration=1)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "size", "damaged"),
    [
        ("PNG", (7_200, 7_200), True),
        ("TIFF", (20_000, 20_000), True),
        ("GIF", (8_000, 8_000), True),
        ("JPEG", (7_200, 7_200), True),
        ("WEBP", (3_000, 3_000), False),
        ("WEBP", (8_000, 8_000), True),
    ],
)
def test_what_unpacks_to_more_than_a_page_is_not_unpacked(tmp_path, kind, size, damaged):
    path = tmp_path / "bomb"
    path.write_bytes(bomb(kind, size))
    seen = look_at(path, "bomb")
    assert (seen.is_damaged, seen.width) == (damaged, None)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
async def test_of_a_moving_image_the_first_picture_is_looked_at(tmp_path, kind):
    path = tmp_path / "moving"
    path.write_bytes(animated(kind, 300))
    with effort() as work:
        seen = look_at(path, "moving")
    assert (seen.is_damaged, seen.width) in [(False, 500), (False, None)]
    assert work.pieces < 4 * LONGEST


async def test_images_are_unpacked_one_at_a_time_and_hold_nobody_up(sandbox, kycaid, applicant, monkeypatch):
    running, most = [], []

    def looking(path, name):
        running.append(name)
        most.append(len(running))
        try:
            return look_at(path, name)
        finally:
            running.remove(name)

    monkeypatch.setattr("kycaid_async.sandbox.review.reviewer.look_at", looking)
    picture = bomb("PNG", (6_000, 6_000))
    owners = [await applicant() for _ in range(4)]
    for owner in owners:
        front = await kycaid.files.create(picture, filename="a.png")
        await kycaid.documents.create(applicant_id=owner, type="PASSPORT", front_side_id=front)
    async with longest_hold() as held:
        await asyncio.gather(*(kycaid.applicants.get(owner) for owner in owners))
    assert max(most) == 1
    assert held.pieces < LONGEST


@pytest.fixture
async def data(tmp_path, make_picture):
    """The folder of a sandbox that has stored a file."""
    folder = tmp_path / "data"
    async with Sandbox(data=folder) as running, AsyncKycaid(running.api_key, base_url=running.url) as kycaid:
        await kycaid.files.create(make_picture(), filename="a.jpg")
    return folder


def changed(folder, *statements):
    database = sqlite3.connect(folder / "sandbox.sqlite3")
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()


async def refused(folder):
    with pytest.raises(ConfigurationError) as caught:
        await Sandbox(data=folder).start()
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "'../secret'",
        "'/etc/passwd'",
        "''",
        "'.'",
        "7",
        "x'00'",
        "'kycaid-upload-../secret'",
        "'kycaid-upload-" + "A" * 36 + "'",
    ],
)
async def test_a_stored_name_that_no_sandbox_gives_is_refused(data, name):
    changed(data, f"UPDATE files SET stored_as = {name}")  # noqa: S608
    assert "no sandbox stored" in await refused(data)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON files BEGIN UPDATE files SET stored_as = '../secret'; END",
        "CREATE VIEW v AS SELECT * FROM files",
        "CREATE TABLE more (x)",
        "ALTER TABLE files ADD COLUMN more TEXT",
    ],
)
async def test_a_database_with_anything_else_in_it_is_refused(data, statement):
    changed(data, statement)
    assert "more than a sandbox stores" in await refused(data)


async def test_data_that_a_sandbox_left_are_used_again(data):
    async with Sandbox(data=data) as running:
        assert running.counts()["files"] == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no links and pipes as on Unix")
async def test_links_and_devices_in_the_data_are_refused(data, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_text("secret")
    (stored,) = (data / "files").iterdir()
    stored.unlink()
    stored.symlink_to(secret / "file")
    assert "a link" in await refused(data)
    stored.unlink()
    os.mkfifo(stored)
    assert "a device" in await refused(data)
    stored.unlink()
    (data / "files").rmdir()
    (data / "files").symlink_to(secret)
    secret.chmod(0o755)
    assert "a link" in await refused(data)
    assert secret.stat().st_mode & 0o777 == 0o755
    (data / "files").unlink()
    for name in ("sandbox.sqlite3-wal", "sandbox.sqlite3"):
        (data / name).unlink(missing_ok=True)
        (data / name).symlink_to(secret / "file")
        assert "a link" in await refused(data)
        (data / name).unlink()
    assert (secret / "file").read_text() == "secret"


async def test_a_journal_in_the_data_does_not_have_another_file_deleted(data, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (data / "sandbox.sqlite3-journal").write_bytes(hot_journal(os.fsencode(victim)))
    assert "journal" in await refused(data)
    assert victim.read_text() == "precious"


async def test_a_compressed_body_is_bounded_by_what_it_unpacks_to(sandbox):
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b" " * (200 << 20)) + packer.flush()
    async with longest_hold() as held:
        for path, kind in (("/applicants", "application/json"), ("/files", MULTIPART[0].partition(": ")[2])):
            status = await post(sandbox, path, packed, [f"Content-Type: {kind}", "Content-Encoding: gzip"])
            assert status in (400, 413)
    assert held.pieces < LONGEST
