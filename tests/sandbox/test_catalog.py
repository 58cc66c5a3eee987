"""Every declared endpoint is served."""

import aiohttp
import pytest

from kycaid_async import ConfigurationError
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsJson
from kycaid_async.sandbox.handlers.catalog import HANDLERS, paired


def test_every_declared_endpoint_has_a_handler_and_no_handler_is_left_over():
    assert set(HANDLERS) == set(ENDPOINTS)


def test_an_endpoint_without_a_handler_is_named_at_the_start():
    endpoint = Endpoint(
        name="moons.get",
        method="GET",
        path="/moons",
        returns=ReturnsJson(),
        replay=Replay.SAFE,
        evidence=Evidence.INFERRED,
    )
    with pytest.raises(ConfigurationError, match=r"no handler for moons\.get"):
        paired([*ENDPOINTS.values(), endpoint])


@pytest.mark.parametrize("name", [name for name, endpoint in ENDPOINTS.items() if "{" in endpoint.path])
async def test_an_unknown_id_is_not_found_by_any_operation(call, name):
    endpoint = ENDPOINTS[name]
    path = endpoint.path.replace(endpoint.path[endpoint.path.index("{") :], "f" * 36)
    given = {"json": {"type": "PERSON"}} if endpoint.accepts else {}
    if name == "addresses.update":
        given = {"json": {"city": "London"}}
    if name == "documents.update":
        given = {"json": {"document_number": "1"}}
    if endpoint.uploads:
        form = aiohttp.FormData()
        form.add_field("file", b"x", filename="x")
        given = {"data": form}
    assert await call(endpoint.method, path, **given) == (404, {"type": "not_found", "errors": []})
