"""The sandbox keeps to our description of the API: whatever is sent, no fault, no undeclared status, no other shape."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import attrs
import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kycaid_async.sandbox import Sandbox

SCHEMA = schemathesis.openapi.from_path(Path(__file__).with_name("kycaid.openapi.yaml"))
OPERATIONS = {op.definition.raw["operationId"]: op for op in (found.ok() for found in SCHEMA.get_all_operations())}
CHECKS = [
    checks.not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
BOUNDED = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("image/jpeg", "image/png", "application/pdf", "video/mp4")
def as_content(_context, value):
    """A part of an upload may say that it is one of these, whatever it holds."""
    return value if isinstance(value, bytes) else repr(value).encode(errors="replace")


NOBODY_LISTENS = "http://127.0.0.1:1/callbacks"


@attrs.define
class Account:
    """Things that exist in a sandbox, made when they are asked for."""

    url: str
    session: requests.Session

    def make(self, key: str) -> str:
        """Return the id of a new object that ``key`` may stand for."""
        makers = {
            "applicant_id": self.applicant,
            "affiliated_person_id": self.person,
            "address_id": partial(self._post, "/addresses", "address_id", type="REGISTERED"),
            "document_id": partial(self._post, "/documents", "document_id", type="PASSPORT"),
            "verification_id": partial(self._post, "/verifications", "verification_id"),
            "form_id": self.form,
        }
        return makers.get(key, self.file)()

    def applicant(self, kind="PERSON", **fields):
        return self._send("/applicants", json={"type": kind, **fields})["applicant_id"]

    def company(self):
        given = {"company_name": "Example Ltd", "registration_country": "GB", "business_activity_id": "0" * 36}
        return self.applicant("COMPANY", **given)

    def person(self):
        given = {"applicant_id": self.company(), "type": "AUTHORISED"}
        return self._send("/affiliated-persons", json=given)["affiliated_person_id"]

    def form(self):
        return self.session.get(f"{self.url}/forms", timeout=10).json()[0]["form_id"]

    def file(self):
        return self._send("/files", files={"file": ("a.png", b"content", "image/png")})["file_id"]

    def _post(self, path, key, **fields):
        return self._send(path, json={"applicant_id": self.applicant(), **fields})[key]

    def _send(self, path, **given):
        return self.session.post(self.url + path, timeout=10, **given).json()


async def _never(_seconds: float) -> None:
    await asyncio.Event().wait()


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    sandbox = Sandbox(sleep=_never)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(sandbox), requests.Session() as session:
        session.headers["Authorization"] = f"Token {sandbox.api_key}"
        yield Account(sandbox.url, session)


def exercise(name, account, mode, prepare):
    """Send generated requests of one operation, and check the answers."""

    @BOUNDED
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    def run(case):
        prepare(case)
        response = case.call(base_url=account.url, session=account.session)
        case.validate_response(response, checks=CHECKS)
        assert str(response.status_code) in OPERATIONS[name].definition.raw["responses"]

    run()


def without_strangers(case):
    """Let callbacks go to nobody."""
    if isinstance(case.body, dict) and isinstance(case.body.get("callback_url"), str):
        case.body = {**case.body, "callback_url": NOBODY_LISTENS}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", OPERATIONS)
def test_unknown_ids_and_odd_values(name, mode, account):
    exercise(name, account, mode, without_strangers)


@pytest.mark.parametrize("name", OPERATIONS)
def test_ids_of_things_that_exist(name, account):
    def prepare(case):
        without_strangers(case)
        case.path_parameters = {
            key: account.make(key) if key.endswith("_id") else value for key, value in case.path_parameters.items()
        }
        if isinstance(case.body, dict):
            ids = {key for key in case.body if key.endswith("_id") and isinstance(case.body[key], str)}
            case.body = {**case.body, **{key: account.make(key) for key in ids - {"external_applicant_id"}}}
            if name == "affiliated_persons.create":
                case.body["applicant_id"] = account.company()

    exercise(name, account, GenerationMode.POSITIVE, prepare)
