"""Every declared endpoint is served."""

import re

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, NotFoundError
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.handlers import catalog
from kycaid_async.sandbox.handlers.catalog import HANDLERS


def test_every_declared_endpoint_has_a_handler_and_no_handler_is_left_over():
    missing = sorted(ENDPOINTS.keys() - HANDLERS.keys())
    if missing:
        pytest.fail(f"kycaid_async/sandbox/handlers/catalog.py has no handler for {', '.join(missing)}", pytrace=False)
    assert set(HANDLERS) == set(ENDPOINTS)


async def test_an_endpoint_without_a_handler_is_not_found_and_names_the_file_to_write(monkeypatch):
    without = {name: handler for name, handler in HANDLERS.items() if name != "qes.verify"}
    monkeypatch.setattr(catalog, "HANDLERS", without)
    async with Sandbox() as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        with pytest.raises(NotFoundError) as caught:
            await client.request("POST", "/services/qes", json={})
    (problem,) = caught.value.errors
    assert problem.message == "kycaid_async/sandbox/handlers/catalog.py has no handler for qes.verify"


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


@pytest.mark.parametrize("name", [name for name in HANDLERS if "{" in ENDPOINTS[name].path])
async def test_an_unknown_id_is_not_found_by_any_operation(call, name):
    endpoint = ENDPOINTS[name]
    path = re.sub(r"\{\w+\}", "f" * 36, endpoint.path)
    given = {"json": BODIES[name]} if name in BODIES else {}
    if endpoint.uploads:
        form = aiohttp.FormData()
        form.add_field("file", b"x", filename="x")
        given = {"data": form}
    status, answer = await call(endpoint.method, path, **given)
    assert status == 404, f"{HANDLERS[name].__module__}: {name} takes an id that nothing has"
    assert answer["type"] == NAMING.get(name, "not_found")
    assert [error["parameter"] for error in answer["errors"]] == ["affiliated_person_id"] * (name in NAMING)
