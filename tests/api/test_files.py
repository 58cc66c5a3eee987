import io
import re

import pytest

from kycaid_async import FileInfo
from tests.api.examples import FILE_ID, FILE_RESULT, PNG


def part_of(request):
    """Return file name, content type and content of the one part of an upload."""
    boundary = re.fullmatch(r"multipart/form-data; boundary=(\w+)", request.headers["Content-Type"])[1].encode()
    lead = re.match(
        rb"--" + boundary + rb'\r\nContent-Disposition: form-data; name="file"; filename="([^"]*)"\r\n'
        rb"Content-Type: ([^\r]*)\r\n\r\n",
        request.body,
    )
    tail = b"\r\n--" + boundary + b"--\r\n"
    assert request.body.endswith(tail)
    return lead[1].decode(), lead[2].decode(), request.body[lead.end() : -len(tail)]


async def chunks():
    yield PNG[:10]
    yield PNG[10:]


SOURCES = {
    "path": (lambda path: {"source": path}, "front.png"),
    "path as text": (lambda path: {"source": str(path)}, "front.png"),
    "bytes": (lambda path: {"source": PNG}, "file.png"),
    "bytearray": (lambda path: {"source": bytearray(PNG)}, "file.png"),
    "file": (lambda path: {"source": io.BytesIO(PNG)}, "file.png"),
    "factory": (lambda path: {"source": chunks, "size": len(PNG)}, "file.png"),
    "name and type given": (lambda path: {"source": PNG, "filename": "x.jpg", "content_type": "image/jpg"}, "x.jpg"),
}


@pytest.mark.parametrize("operation", ["create", "replace"])
@pytest.mark.parametrize(("make", "filename"), SOURCES.values(), ids=SOURCES)
async def test_every_kind_of_source_arrives_as_the_one_part_file(client, server, tmp_path, operation, make, filename):
    path = tmp_path / "front.png"
    path.write_bytes(PNG)
    given = make(path)
    server.answer(200, FILE_RESULT)
    if operation == "create":
        made = await client.files.create(**given)
    else:
        made = await client.files.replace(FILE_ID, **given)
    (request,) = server.requests
    assert part_of(request) == (filename, given.get("content_type", "image/png"), PNG)
    assert int(request.headers["Content-Length"]) == len(request.body)
    assert made == FILE_ID


async def test_what_the_server_says_of_a_file_is_kept_whole(client, server):
    answer = {"file_id": FILE_ID, "url": "https://storage.example/secret", "size": 5}
    server.answer(200, answer)
    info = await client.files.get(FILE_ID)
    assert info == FileInfo(file_id=FILE_ID)
    assert info.raw == answer
    assert info.extra == {"url": "https://storage.example/secret", "size": 5}


async def test_a_file_is_deleted_by_its_id(client, server):
    server.answer(200, FILE_RESULT)
    assert await client.files.delete(FILE_ID) == FILE_ID
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("DELETE", f"/files/{FILE_ID}", b"")
