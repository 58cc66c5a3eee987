"""Files are looked at before a byte of them is sent, and errors name them."""

import io
import os
import sys

import pytest

from kycaid_async import InvalidFileError
from tests.kinds import DOCUMENTS, OTHERS
from tests.pictures import picture


@pytest.mark.parametrize("content", [content for content, *_ in DOCUMENTS.values()], ids=DOCUMENTS)
async def test_images_pdfs_and_videos_are_sent_whatever_their_name(content, client, server, tmp_path):
    path = tmp_path / "scan.txt"
    path.write_bytes(content)
    server.answer(200, {"file_id": "f"})
    assert await client.files.create(path) == "f"


@pytest.mark.parametrize("content", [content for content, *_ in OTHERS.values()], ids=OTHERS)
async def test_anything_else_is_refused_by_its_first_bytes_whatever_its_name(content, client, server, tmp_path):
    path = tmp_path / "scan.jpg"
    path.write_bytes(content)
    with pytest.raises(InvalidFileError, match="expected an image, a PDF or a video") as caught:
        await client.files.create(path)
    assert caught.value.file == str(path)
    assert str(caught.value).startswith(f"{path.name}: "), "and not its folder"
    assert server.requests == []


@pytest.mark.parametrize(("content", "content_type", "extension"), DOCUMENTS.values(), ids=DOCUMENTS)
async def test_what_has_no_name_is_sent_with_one_that_fits(content, content_type, extension, client, server):
    async def pieces():
        yield content

    for source, options in ((content, {}), (io.BytesIO(content), {}), (pieces, {"size": len(content)})):
        server.answer(200, {"file_id": "f"})
        await client.files.create(source, **options)
    heads = [request.body.partition(b"\r\n\r\n")[0].decode() for request in server.requests]
    assert [head.partition("filename=")[2].splitlines() for head in heads] == [
        [f'"file{extension}"', f"Content-Type: {content_type}"]
    ] * 3


async def test_a_name_that_was_given_is_sent_as_it_is(client, server):
    for _ in range(2):
        server.answer(200, {"file_id": "f"})
    await client.files.create(DOCUMENTS["PNG"][0], filename="scan")
    await client.with_options(check=False).files.create(b"tomorrow", content_type="application/x-tomorrow")
    assert b'filename="scan"' in server.requests[0].body
    assert b'filename="file"' in server.requests[1].body


async def test_the_check_of_the_content_can_be_turned_off(client, server):
    server.answer(200, {"file_id": "f"})
    await client.with_options(check=False).files.create(b"a format of tomorrow")
    assert b"Content-Type: application/octet-stream" in server.requests[0].body


def make_missing(path):
    return "cannot be opened (No such file or directory)"


def make_empty(path):
    path.touch()
    return "is empty"


def make_directory(path):
    path.mkdir()
    return "is a directory"


def make_pipe(path):
    os.mkfifo(path)
    return "is not a regular file"


def make_large(path):
    path.write_bytes(picture(1001))
    return "has 1,001 bytes, the limit is 1,000"


@pytest.mark.parametrize(
    "make", [make_missing, make_empty, make_directory, make_pipe, make_large], ids=lambda make: make.__name__
)
async def test_a_path_that_cannot_be_a_document_is_named_with_the_reason(make, make_client, server, tmp_path):
    path = tmp_path / "passport.jpg"
    reason = make(path)
    with pytest.raises(InvalidFileError) as caught:
        await make_client(server.url, max_file_size=1000).files.create(path)
    assert str(caught.value).startswith(f"{path.name}: {reason}")
    assert (caught.value.file, caught.value.maybe_processed) == (str(path), False)
    assert server.requests == []


@pytest.mark.parametrize("length", [200, 201, 5000])
async def test_a_text_too_long_for_a_path_is_cut_in_the_message(length, client, server, monkeypatch):
    """Somebody may have passed the content itself."""
    monkeypatch.setenv("KYCAID_SHOW_PATHS", "name")
    text = "a" * 199 + "b" + "Canary" * 1000
    given = text[:length]
    with pytest.raises(InvalidFileError) as caught:
        await client.files.create(given)
    shown = given if length == 200 else "a" * 199 + "b…"
    assert str(caught.value).startswith(f"{shown}: cannot be opened (")
    assert caught.value.file == shown
    assert "Can" not in str(caught.value)
    assert server.requests == []


def test_objects_that_are_no_source_are_refused_at_once(client):
    for wrong in (5, None, ["a.jpg"]):
        with pytest.raises(InvalidFileError, match="pass a path, bytes, a binary file, or a factory"):
            client.files.create(wrong).send(None)


async def test_a_text_file_a_pipe_and_a_closed_file_say_what_to_do(client, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    with path.open() as text, pytest.raises(InvalidFileError, match="open it with mode 'rb'"):
        await client.files.create(text)
    read, write = os.pipe()
    os.close(write)
    with os.fdopen(read, "rb") as pipe, pytest.raises(InvalidFileError, match="cannot be sought"):
        await client.files.create(pipe)
    with pytest.raises(InvalidFileError, match="is closed; open it again"):
        await client.files.create(pipe)


async def test_a_factory_needs_its_size(client):
    async def pieces():
        yield b""

    with pytest.raises(InvalidFileError, match="pass size="):
        await client.files.create(pieces)


@pytest.mark.skipif(sys.platform == "win32", reason="paths are text there")
async def test_a_path_with_a_null_character_is_an_error_of_ours(client):
    with pytest.raises(InvalidFileError, match="not a path"):
        await client.files.create("a\0b")
