"""Every declared endpoint is served."""

import re

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


BODIES = {
    "addresses.update": {"city": "London"},
    "affiliated_persons.update": {"first_name": "Ann"},
    "applicants.update": {"first_name": "Ann"},
    "documents.update": {"document_number": "1"},
    "forms.create_url": {},
    "non_doc_verifications.run": {},
    "verifications.update_status": {"verification_status": "approved"},
}
NAMING = {
    "affiliated_persons.update": "not_found",
    # Documented: the only 404 with this type.
    "affiliated_persons.delete": "validation",
}


@pytest.mark.parametrize("name", [name for name, endpoint in ENDPOINTS.items() if "{" in endpoint.path])
async def test_an_unknown_id_is_not_found_by_any_operation(call, name):
    endpoint = ENDPOINTS[name]
    path = re.sub(r"\{\w+\}", "f" * 36, endpoint.path)
    given = {"json": BODIES[name]} if name in BODIES else {}
    if endpoint.uploads:
        form = aiohttp.FormData()
        form.add_field("file", b"x", filename="x")
        given = {"data": form}
    status, answer = await call(endpoint.method, path, **given)
    assert (status, answer["type"]) == (404, NAMING.get(name, "not_found"))
    assert [error["parameter"] for error in answer["errors"]] == ["affiliated_person_id"] * (name in NAMING)
