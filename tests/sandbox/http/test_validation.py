"""The choice of a model for a body, without a server."""

import random

import pytest

from kycaid_async.api import documents
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.sandbox.http import validation
from kycaid_async.values.fields import fields_of

CHOICES = [endpoint for endpoint in ENDPOINTS.values() if endpoint.accepts]
VALUES = [None, "", "a", "PERSON", "PASSPORT", "COMPANY", "AUTHORISED", "x" * 65, 1, True, 1.5, [], {}, ["PASSPORT"]]


@pytest.fixture(autouse=True)
def fresh():
    validation._candidates.cache_clear()
    yield
    validation._candidates.cache_clear()


def plain_choice(endpoint, body):
    """Choose without the cache."""
    validation._candidates.cache_clear()
    return validation._choose(endpoint.accepts, body)


@pytest.mark.parametrize("endpoint", CHOICES, ids=lambda endpoint: endpoint.name)
def test_a_cached_choice_is_the_one_that_would_be_made_anew(endpoint):
    chance = random.Random(endpoint.name)
    names = sorted({field.name for cls in endpoint.accepts for field in fields_of(cls)} | {"type", "applicant_id"})
    kinds = [*VALUES, *(a.default for c in endpoint.accepts for a in c.__attrs_attrs__ if a.name == "type")]
    bodies = []
    for _ in range(200):
        body = {name: chance.choice(VALUES) for name in chance.sample(names, chance.randrange(len(names) + 1))}
        bodies.append(body | ({"type": chance.choice(kinds)} if chance.random() < 0.7 else {}))
    anew = [plain_choice(endpoint, body) for body in bodies]
    validation._candidates.cache_clear()
    assert [validation._choose(endpoint.accepts, body) for body in bodies] == anew
    assert [validation._choose(endpoint.accepts, body) for body in reversed(bodies)] == anew[::-1]


def test_the_models_are_looked_at_once_for_each_discriminator(monkeypatch):
    looked = []
    plain = validation._has_kind
    monkeypatch.setattr(validation, "_has_kind", lambda cls, kind: looked.append(cls) or plain(cls, kind))
    for number in range(50):
        body = {"applicant_id": "0" * 36, "type": "PASSPORT", "document_number": str(number)}
        assert validation.validated(documents.CREATE, body) == body
    assert 0 < len(looked) <= len(documents.CREATE.accepts)
    validation.validated(documents.CREATE, {"applicant_id": "0" * 36, "type": "TAX_ID_NUMBER"})
    assert len(looked) > len(documents.CREATE.accepts) / 2


def test_texts_of_strangers_do_not_fill_the_cache():
    for number in range(1100):
        validation._choose(documents.CREATE.accepts, {"applicant_id": "a", "type": f"{number}" * 70})
    assert validation._candidates.cache_info().currsize == 0
    for number in range(1100):
        validation._choose(documents.CREATE.accepts, {"applicant_id": "a", "type": f"{number}"})
    assert validation._candidates.cache_info().currsize <= 1024
