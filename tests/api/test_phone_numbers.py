import pytest

from kycaid_async import InvalidRequestError
from tests.api.wire import compact

ANSWERS = [{"data": {"virtual": False}}, {"valid": True, "carrier": None}, [], None]


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_number_goes_out_and_the_json_comes_back_as_it_is(client, server, answer):
    server.answer(200, compact(answer))
    assert await client.phone_numbers.check("+440000000000") == answer
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/services/phone-number-verification", {})
    assert request.body == b'{"phone":"+440000000000"}'


@pytest.mark.parametrize("phone", ["", "+4400000000000000", 440000000000, None, ["+44"]])
async def test_what_is_no_number_is_refused_and_nothing_is_sent(client, server, phone):
    with pytest.raises(InvalidRequestError) as caught:
        await client.phone_numbers.check(phone)
    assert (caught.value.field, caught.value.operation) == ("phone", "phone_numbers.check")
    assert server.requests == []
