"""What the tests of uploads share."""

from collections.abc import AsyncIterator

import pytest

from tests.upload_server import UploadServer


@pytest.fixture
async def uploads() -> AsyncIterator[UploadServer]:
    async with UploadServer() as server:
        yield server
