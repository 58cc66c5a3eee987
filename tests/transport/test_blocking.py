"""Nothing that this package does in the event loop blocks it."""

import pytest
from blockbuster import BlockBuster

from tests.pictures import picture
from tests.upload_server import UploadServer

DOCUMENT = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"


@pytest.fixture
def no_blocking():
    guard = BlockBuster("kycaid_async")
    guard.activate()
    yield
    guard.deactivate()


async def test_calls_do_not_block(client, server, no_blocking):
    server.answer(200, {"document_id": DOCUMENT})
    server.answer(422, {"type": "validation"})
    await client.documents.get(DOCUMENT)
    with pytest.raises(Exception, match="validation"):
        await client.documents.delete(DOCUMENT)


@pytest.mark.parametrize("size", [1000, 3_000_000])
async def test_uploads_from_every_kind_of_source_do_not_block(size, make_client, tmp_path, no_blocking, request):
    path = tmp_path / "a.png"
    path.write_bytes(picture(size))

    async def pieces():
        yield picture(size)

    async with UploadServer() as server:
        client = make_client(server.url)
        with path.open("rb") as file:
            for source in (path, picture(size), file, pieces):
                await client.files.create(source, size=size)
        assert [r.size for r in server.received] == [size] * 4
