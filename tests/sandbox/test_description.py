"""The declarations and our description of the API say the same."""

from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.sandbox.callbacks.dispatcher import (
    service_result,
    verification_completed,
    verification_status_changed,
)

DESCRIPTION = yaml.safe_load(Path(__file__).with_name("kycaid.openapi.yaml").read_text("utf-8"))
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DESCRIPTION["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}


def test_every_operation_of_the_description_is_declared_and_no_other():
    if missing := sorted(ENDPOINTS.keys() - OPERATIONS.keys()):
        pytest.fail(f"tests/sandbox/kycaid.openapi.yaml does not describe {', '.join(missing)}", pytrace=False)
    assert set(ENDPOINTS) == set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) & set(ENDPOINTS)))
def test_a_declaration_says_what_the_description_says(name):
    endpoint, (method, path, operation) = ENDPOINTS[name], OPERATIONS[name]
    assert (endpoint.method, endpoint.path) == (method, path)
    assert (endpoint.replay.value, endpoint.evidence.value) == (operation["x-replay"], operation["x-evidence"])
    statuses = {int(status) for status in operation["x-error-evidence"]}
    assert set(endpoint.refusals) == statuses
    assert statuses == {int(status) for status in operation["responses"] if status not in ("200", "default")}
    queried = [p["name"] for p in operation.get("parameters", ()) if p.get("in") == "query"]
    assert list(endpoint.query) == queried
    assert endpoint.uploads == ("multipart/form-data" in _content(operation))


def _content(operation):
    body = operation.get("requestBody", {})
    if "$ref" in body:
        body = DESCRIPTION["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
    return body.get("content", {})


ROW = {
    "id": "a" * 36,
    "applicant_id": "b" * 36,
    "external_applicant_id": None,
    "form_id": None,
    "form_token": "c" * 36,
    "status": "completed",
    "verified": 0,
    "checks": {"document": {"verified": False, "comment": "", "decline_reasons": ["BAD_QUALITY"]}},
    "callback_url": None,
    "attempts_left": 2,
}

APPLICANT = {"applicant_id": "b" * 36, "type": "PERSON", "external_applicant_id": "me", "pep": False}


@pytest.mark.parametrize(
    ("schema", "callback"),
    [
        ("VerificationCompletedCallback", verification_completed(ROW, None)),
        ("VerificationCompletedCallback", verification_completed(ROW, APPLICANT)),
        (
            "VerificationStatusChangedCallback",
            verification_status_changed(ROW | {"status": "pending", "verified": None}),
        ),
        ("ServiceResultCallback", service_result("CRYPTO_ADDRESS_CHECK", "d" * 36, {"risk_score": 0.5}, None)),
    ],
)
def test_callbacks_have_the_described_form(schema, callback):
    components = {"components": DESCRIPTION["components"]}
    jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **components}).validate(callback.body)
    assert set(callback.body) <= set(DESCRIPTION["components"]["schemas"][schema]["properties"])
