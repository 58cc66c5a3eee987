"""What the tests of the blocking client share."""

import asyncio
import threading

import pytest

from kycaid_async import Kycaid
from kycaid_async.sandbox import Sandbox
from tests.conftest import API_KEY
from tests.sync.scripts import Scripts
from tests.upload_server import UploadServer


@pytest.fixture
async def sandbox():
    async with Sandbox() as running:
        yield running


@pytest.fixture
def scripts(tmp_path, sandbox):
    return Scripts(tmp_path, sandbox.api_key, sandbox.url)


@pytest.fixture
async def uploads():
    async with UploadServer() as server:
        yield server


@pytest.fixture
async def blocking_client(server, elsewhere):
    """A client for tests that call it in threads of their own, beside the server's loop."""
    client = Kycaid(API_KEY, base_url=server.url, max_retries=0)
    yield client
    await elsewhere(client.close)


@pytest.fixture
def elsewhere():
    """Run a function in a thread of its own, so that the loop of the test can serve it."""

    async def run(function, *args):
        answer = asyncio.get_running_loop().create_future()

        def work():
            try:
                result, error = function(*args), None
            except BaseException as caught:
                result, error = None, caught
            answer.get_loop().call_soon_threadsafe(
                lambda: answer.set_result(result) if error is None else answer.set_exception(error)
            )

        threading.Thread(target=work).start()
        return await answer

    return run
