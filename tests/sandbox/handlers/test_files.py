"""Files of the sandbox: what is stored, and what an upload must look like."""

import asyncio
import hashlib
from pathlib import Path

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, ConflictError, FileRefusedError
from kycaid_async.sandbox import Sandbox

BOUNDARY = "x0x0x0"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
LENGTH = "Content-Length: 900000\r\n"


def part(content: bytes, disposition: str = 'form-data; name="file"; filename="a.jpg"') -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"


def entries(folder: Path) -> int:
    return len(list((folder / "files").iterdir()))


END = f"--{BOUNDARY}--\r\n".encode()


@pytest.fixture
async def kept(tmp_path, clock):
    """A sandbox whose folder can be looked into."""
    async with Sandbox(data=tmp_path, clock=clock, max_file_size=1 << 20) as running:
        yield running


def stored(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in (folder / "files").iterdir())


async def test_a_file_is_stored_byte_by_byte(kycaid, sandbox, make_picture):
    content = make_picture()
    made = await kycaid.files.create(content, filename="front.jpg")
    assert sandbox.file_digest(made) == hashlib.sha256(content).hexdigest()
    assert (await kycaid.files.get(made)).raw == {
        "file_id": made,
        "file_name": "front.jpg",
        "mime_type": "image/jpeg",
        "size": len(content),
        "created_at": "2025-06-15 12:00:00",
    }


async def test_create_replace_and_delete_answer_with_the_id_alone(call):
    def form():
        data = aiohttp.FormData()
        data.add_field("file", b"content", filename="a.jpg")
        return data

    status, made = await call("POST", "/files", data=form())
    assert status == 200
    assert list(made) == ["file_id"]
    assert await call("PUT", f"/files/{made['file_id']}", data=form()) == (200, made)
    assert await call("DELETE", f"/files/{made['file_id']}") == (200, made)


async def test_a_replaced_file_leaves_nothing_of_the_old_one(kept, tmp_path, make_picture):
    old, new = make_picture(), make_picture(kind="PNG")
    async with AsyncKycaid(kept.api_key, base_url=kept.url) as kycaid:
        made = await kycaid.files.create(old)
        assert await kycaid.files.replace(made, new, filename="new.png") == made
        assert kept.file_digest(made) == hashlib.sha256(new).hexdigest()
        assert stored(tmp_path) == [new]
        await kycaid.files.delete(made)
    assert stored(tmp_path) == []
    assert kept.counts()["files"] == 0


async def test_a_file_stays_while_a_document_refers_to_it(kycaid, applicant, make_picture):
    made = await kycaid.files.create(make_picture())
    document = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT", front_side_id=made)
    with pytest.raises(ConflictError) as caught:
        await kycaid.files.delete(made)
    assert caught.value.type == "delete_denied"
    await kycaid.documents.update(document, front_side_id=None)
    assert await kycaid.files.delete(made) == made


async def test_a_file_may_go_after_its_document(kycaid, applicant, make_picture):
    made = await kycaid.files.create(make_picture())
    document = await kycaid.documents.create(applicant_id=await applicant(), type="PASSPORT", front_side_id=made)
    await kycaid.documents.delete(document)
    assert await kycaid.files.delete(made) == made


@pytest.mark.parametrize("name", ["../../../escaped", "/var/escaped", "a/../../escaped", "..", "con\\escaped"])
async def test_the_clients_name_of_a_file_is_data_and_no_path(kept, tmp_path, call, name):
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", b"content", filename=name)
    async with (
        aiohttp.ClientSession(kept.url, headers={"Authorization": f"Token {kept.api_key}"}) as session,
        session.post("/files", data=form) as response,
    ):
        made = (await response.json())["file_id"]
        async with session.get(f"/files/{made}") as info:
            assert (await info.json())["file_name"].replace("\\\\", "\\") == name.lstrip("/")
    assert stored(tmp_path) == [b"content"]
    assert not [path for path in tmp_path.parent.rglob("*escaped*") if path.is_file()]


async def test_too_large_a_file_is_refused_by_its_declared_length(kept, tmp_path):
    async with AsyncKycaid(kept.api_key, base_url=kept.url) as kycaid:
        with pytest.raises(FileRefusedError) as caught:
            await kycaid.with_options(check=False).files.create(b"x" * (3 << 20))
    assert (caught.value.status, caught.value.type) == (413, "limit_file_size")
    assert stored(tmp_path) == []


async def test_too_large_a_file_of_unknown_length_is_cut_off_and_removed(kept, tmp_path):
    async def body():
        yield part(b"")[:-2]
        for _ in range(40):
            yield b"x" * (1 << 16)
        yield b"\r\n" + END

    headers = MULTIPART | {"Authorization": f"Token {kept.api_key}"}
    async with (
        aiohttp.ClientSession(kept.url) as session,
        session.post("/files", data=body(), headers=headers) as response,
    ):
        assert response.status == 413
        assert (await response.json())["type"] == "limit_file_size"
    assert stored(tmp_path) == []


async def test_a_file_of_just_the_limit_is_taken(kycaid, sandbox):
    await kycaid.with_options(check=False).files.create(b"x" * (1 << 20))
    assert sandbox.counts()["files"] == 1


async def test_a_plain_part_beside_the_file_is_skipped(call, sandbox):
    body = part(b"true", 'form-data; name="sandbox"') + part(b"content") + END
    status, made = await call("POST", "/files", data=body, headers=MULTIPART)
    assert status == 200
    assert sandbox.file_digest(made["file_id"]) == hashlib.sha256(b"content").hexdigest()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (part(b"a") + part(b"b") + END, MULTIPART, 422),
        (part(b"a", 'form-data; name="file"') + END, MULTIPART, 422),
        (part(b"a", 'form-data; name="image"; filename="a"') + END, MULTIPART, 422),
        (END, MULTIPART, 422),
        (part(b"a", 'form-data; name="sandbox"') + part(b"x" * 70_000, 'form-data; name="y"') + END, MULTIPART, 400),
        (part(b"a"), MULTIPART, 400),
        (part(b"a")[:-2], MULTIPART, 400),
        (part(b"x" * 300_000), MULTIPART, 400),
        (b"", MULTIPART, 400),
        (b"nonsense", MULTIPART, 400),
        (part(b"a") + END, {"Content-Type": "multipart/form-data"}, 400),
        (part(b"a") + END, {"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}, 400),
        (b"{}", {"Content-Type": "application/json"}, 400),
        (part(b"", 'form-data; name="file"\r\nContent-Type: multipart/mixed; boundary=y') + END, MULTIPART, 400),
        (f"--{BOUNDARY}\r\nA: {'x' * 9000}\r\n\r\n".encode() + END, MULTIPART, 400),
    ],
)
async def test_a_body_that_is_not_one_whole_file_leaves_nothing(kept, tmp_path, body, headers, status):
    async with (
        aiohttp.ClientSession(kept.url, headers={"Authorization": f"Token {kept.api_key}"}) as session,
        session.post("/files", data=body, headers=headers) as response,
    ):
        assert response.status == status
        assert (await response.json())["type"] == ("validation" if status == 422 else "bad_request")
    assert stored(tmp_path) == []
    assert kept.counts()["files"] == 0


@pytest.mark.parametrize("ending", ["reset", "half-closed"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_connection_that_breaks_in_the_middle_leaves_nothing(kept, tmp_path, make_picture, method, ending):
    old = make_picture()
    async with AsyncKycaid(kept.api_key, base_url=kept.url) as kycaid:
        path = f"/files/{await kycaid.files.create(old)}" if method == "PUT" else "/files"
    before = kept.counts()
    host, port = kept.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {kept.api_key}\r\n{LENGTH}"
    writer.write(head.encode() + f"Content-Type: {MULTIPART['Content-Type']}\r\n\r\n".encode())
    writer.write(part(b"x" * 400_000))
    await writer.drain()
    await until(lambda: entries(tmp_path) > before["files"])
    writer.transport.abort() if ending == "reset" else writer.write_eof()
    await until(lambda: entries(tmp_path) == before["files"])
    writer.close()
    assert kept.counts() == before
    assert stored(tmp_path) == ([old] if method == "PUT" else [])


async def test_a_sandbox_that_stops_in_the_middle_of_an_upload_leaves_nothing(tmp_path, clock):
    async with Sandbox(data=tmp_path, clock=clock) as running:
        host, port = running.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {running.api_key}\r\n{LENGTH}"
        writer.write(head.encode() + f"Content-Type: {MULTIPART['Content-Type']}\r\n\r\n".encode())
        writer.write(part(b"x" * 400_000))
        await until(lambda: entries(tmp_path))
    writer.close()
    assert stored(tmp_path) == []


async def test_many_uploads_at_once_do_not_mix(kycaid, sandbox, make_picture):
    contents = [make_picture(200 + n, 200) for n in range(20)]
    made = await asyncio.gather(*(kycaid.files.create(content) for content in contents))
    assert [sandbox.file_digest(id_) for id_ in made] == [hashlib.sha256(c).hexdigest() for c in contents]


async def until(condition):
    """Let the loop turn until the condition holds; the test's own timeout is ten seconds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "head", [b'filename="\xff.png"\r\nContent-Type: image/png', b'filename="a"\r\nContent-Type: image/\xff']
)
async def test_headers_of_a_part_that_are_no_text_are_taken_with_replacements(sandbox, head):
    body = b'--B\r\nContent-Disposition: form-data; name="file"; ' + head + b"\r\n\r\ncontent\r\n--B--\r\n"
    headers = {"Authorization": f"Token {sandbox.api_key}", "Content-Type": "multipart/form-data; boundary=B"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.url}/files", data=body, headers=headers) as answer,
    ):
        assert answer.status == 200
    assert sandbox.counts()["files"] == 1
