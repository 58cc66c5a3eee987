import pytest

from kycaid_async import InvalidRequestError
from tests.api.wire import compact


@pytest.mark.parametrize("answer", [{"data": {"valid": True}}, {"status": "ok", "data": None}, ["x"], None])
async def test_a_signature_goes_out_as_it_is_and_the_json_comes_back_as_it_is(client, server, answer):
    server.answer(200, compact(answer))
    body = {"signature": "Zm9v", "ä": [1, None, {"b": 0.5}]}
    assert await client.qes.verify(body) == answer
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/services/qes", {})
    assert request.body == compact(body)


@pytest.mark.parametrize("body", [{"a": object()}, {"a": float("nan")}, {"a": b"x"}])
async def test_what_json_cannot_carry_is_refused_and_nothing_is_sent(client, server, body):
    with pytest.raises(InvalidRequestError) as caught:
        await client.qes.verify(body)
    assert (caught.value.field, caught.value.operation) == ("a", "qes.verify")
    assert server.requests == []
