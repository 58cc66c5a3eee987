import pytest

from kycaid_async import DecodeError, InvalidRequestError, ServiceRequest, unstructure
from tests.api.examples import CALLBACK_URL, CHECK_ADDRESS, SERVICE_REQUEST_ID, SERVICE_RESULT
from tests.api.wire import compact

WALLET = CHECK_ADDRESS["hash"]
PATHS = {
    "check_address": "/services/crypto/address-verification",
    "check_transaction": "/services/crypto/transaction-verification",
}
EACH = pytest.mark.parametrize("method", PATHS)
WRAPPERS = [
    lambda data: data,
    lambda data: {"data": data},
    lambda data: {"status": "ok", "data": data},
]


@EACH
@pytest.mark.parametrize("wrap", WRAPPERS)
async def test_the_example_goes_out_and_the_id_of_the_request_comes_back(client, server, method, wrap):
    server.answer(200, wrap(SERVICE_RESULT))
    made = await getattr(client.crypto, method)(WALLET, asset="ETH", callback_url=CALLBACK_URL)
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", PATHS[method], {})
    assert request.body == compact(CHECK_ADDRESS)
    assert made == ServiceRequest(SERVICE_REQUEST_ID)
    assert unstructure(made) == SERVICE_RESULT


@EACH
@pytest.mark.parametrize(
    "answer", [{"data": None}, {"status": "ok", "data": {}}, {}, {"message": "ok"}, {"service_request_id": None}]
)
async def test_an_answer_without_the_id_that_was_paid_for_may_have_been_processed(client, server, method, answer):
    server.answer(200, answer)
    with pytest.raises(DecodeError, match="expected an object with 'service_request_id'") as caught:
        await getattr(client.crypto, method)(WALLET, asset="ETH", callback_url=CALLBACK_URL)
    assert caught.value.maybe_processed
    assert not caught.value.retryable
    assert len(server.requests) == 1


@EACH
async def test_an_id_of_another_type_is_not_lost(client, server, method):
    server.answer(200, {"data": {"service_request_id": 12666}})
    made = await getattr(client.crypto, method)(WALLET, asset="ETH", callback_url=CALLBACK_URL)
    assert made.extra == {"service_request_id": 12666}


@EACH
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"address": None}, "hash"),
        ({"address": 5}, "hash"),
        ({"asset": None}, "asset"),
        ({"asset": ["ETH"]}, "asset"),
        ({"callback_url": "kyc.example.com"}, "callback_url"),
        ({"callback_url": "ftp://kyc.example.com/x"}, "callback_url"),
        ({"callback_url": None}, "callback_url"),
    ],
)
async def test_misuse_is_refused_by_name_and_nothing_is_sent(client, server, method, change, field):
    given = {"address": WALLET, "asset": "ETH", "callback_url": CALLBACK_URL} | change
    with pytest.raises(InvalidRequestError) as caught:
        await getattr(client.crypto, method)(given.pop("address"), **given)
    assert server.requests == []
    assert (caught.value.field, caught.value.operation) == (field, f"crypto.{method}")


@EACH
async def test_the_wallet_does_not_show(client, method):
    with pytest.raises(InvalidRequestError) as caught:
        await getattr(client.crypto, method)(WALLET, asset="ETH", callback_url=WALLET)
    assert WALLET not in str(caught.value)
