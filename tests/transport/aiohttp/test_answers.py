"""What an answer says, however it was packed."""

import gzip
import zlib

import pytest

from kycaid_async import ConnectionLostError, DecodeError, GatewayError, ValidationError

pytestmark = pytest.mark.usefixtures("each_way")

ID = "5f" * 18
GOOD = b'{"document_id":"%s"}' % ID.encode()
REFUSED = b'{"type":"validation","errors":[{"parameter":"dob"}]}'
ENCODINGS = ["x-gzip", "X-GZip", "gzip", "gzip, identity", "identity", None]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_what_was_compressed_is_read_whatever_its_header_calls_it(client, server, encoding):
    headers = None if encoding is None else {"Content-Encoding": encoding}
    server.answer(200, gzip.compress(GOOD), headers=headers)
    assert (await client.documents.get(ID)).document_id == ID
    server.answer(422, gzip.compress(REFUSED), headers=headers)
    with pytest.raises(ValidationError):
        await client.documents.get(ID)


def deflated(content):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        *(
            (name, pack)
            for name in ("deflate", "x-deflate", "X-Deflate, identity")
            for pack in (zlib.compress, deflated)
        ),
        ("deflate, gzip", lambda content: gzip.compress(zlib.compress(content))),
        ("x-gzip", lambda content: gzip.compress(content[:9]) + gzip.compress(content[9:]) + bytes(3)),
        *((name, bytes) for name in ("none", "utf-8", "aws-chunked", "x-deflate", "compress", "")),
    ],
)
async def test_an_answer_is_read_by_what_its_header_and_its_first_bytes_say(encoding, pack, client, server):
    server.answer(200, pack(GOOD), headers={"Content-Encoding": encoding})
    assert (await client.documents.get(ID)).document_id == ID


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", GOOD), ("deflate", GOOD), ("br", b"\x0b\0"), ("zstd", b"(\xb5/\xfd" + bytes(9) + b"\xff" * 9)],
)
async def test_an_encoding_that_does_not_fit_or_is_not_read_here_is_told_as_such(encoding, body, client, server):
    server.answer(200, body, headers={"Content-Encoding": encoding})
    with pytest.raises(ConnectionLostError, match="its Content-Encoding does not fit its bytes or cannot be") as caught:
        await client.applicants.create(type="PERSON")
    assert (caught.value.attempts, caught.value.maybe_processed) == (1, True)
    assert "broke off" not in str(caught.value)
    assert ID not in str(caught.value)


@pytest.mark.parametrize("encoding", ["x-gzip", "gzip", "gzip, gzip"])
async def test_what_was_compressed_twice_is_read_too(client, server, encoding):
    server.answer(200, gzip.compress(gzip.compress(GOOD)), headers={"Content-Encoding": encoding})
    assert (await client.documents.get(ID)).document_id == ID


async def test_what_was_not_compressed_is_read_although_its_header_says_so(client, server):
    server.answer(200, GOOD, headers={"Content-Encoding": "x-gzip"})
    assert (await client.documents.get(ID)).document_id == ID


async def test_a_compressed_page_of_something_between_is_told_as_such(client, server):
    page = gzip.compress(b"<html>Request blocked</html>")
    server.answer(403, page, headers={"Content-Encoding": "x-gzip", "Content-Type": "text/html"})
    with pytest.raises(GatewayError, match="text/html") as caught:
        await client.applicants.create(type="PERSON")
    assert caught.value.body == b"<html>Request blocked</html>"
    assert caught.value.maybe_processed


@pytest.mark.parametrize("packed", [gzip.compress(GOOD)[:-9], b"\x1f\x8b" + GOOD], ids=["cut off", "broken"])
async def test_what_cannot_be_unpacked_broke_off(client, server, packed):
    server.answer(200, packed, headers={"Content-Encoding": "x-gzip"})
    with pytest.raises(ConnectionLostError, match="broke off") as caught:
        await client.applicants.create(type="PERSON")
    assert (caught.value.attempts, caught.value.maybe_processed) == (1, True)


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_unpacked_whole(client, server):
    server.answer(200, gzip.compress(bytes(65 << 20)), headers={"Content-Encoding": "x-gzip"})
    with pytest.raises(DecodeError, match="larger than this client reads"):
        await client.documents.get(ID)


async def test_what_stays_compressed_however_often_it_is_unpacked_is_no_answer(client, server):
    """There are bytes that unpack to themselves: to go on until nothing is packed would hold the loop for ever."""
    packed = GOOD
    for _ in range(5):
        packed = gzip.compress(packed)
    server.answer(200, packed, headers={"Content-Encoding": "x-gzip"})
    with pytest.raises(DecodeError, match="it is not JSON"):
        await client.with_options(max_retries=0).documents.get(ID)
