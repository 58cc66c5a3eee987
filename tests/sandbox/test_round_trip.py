"""Every declared operation goes from the client to the sandbox and back, over real HTTP."""

import pytest

from kycaid_async import AsyncKycaid
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.handlers.catalog import HANDLERS
from tests.api.cases import CASES
from tests.api.world import ID, World


@pytest.mark.parametrize("name", [name for name in CASES if name in HANDLERS])
async def test_it_goes_there_and_back(name):
    trip, expected = CASES[name].trip, CASES[name].brings
    async with Sandbox() as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        found = await trip(client, World(client))
    if expected is ID:
        assert len(found) == 36
    elif isinstance(expected, list):
        assert found
        assert all(type(item) is expected[0] for item in found)
    else:
        assert isinstance(found, expected)
        # What no field holds would be a difference between the sandbox and the models.
        assert name == "files.get" or not getattr(found, "extra", {})
