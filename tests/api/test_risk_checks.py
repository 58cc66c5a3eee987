from datetime import UTC, datetime, timedelta, timezone

import pytest

from kycaid_async import (
    AdverseMediaRequest,
    AdverseMediaSearch,
    Direction,
    InvalidRequestError,
    ServiceRequest,
    Transaction,
    TransactionScreening,
    unstructure,
)
from tests.api.examples import (
    APPLICANT_ID,
    CALLBACK_URL,
    SCREEN_TRANSACTION,
    SEARCH_NEWS,
    SERVICE_REQUEST_ID,
    SERVICE_RESULT,
)
from tests.api.wire import compact, without

PAYMENT = SCREEN_TRANSACTION["transaction"]
WRAPPERS = [lambda data: data, lambda data: {"data": data}, lambda data: {"status": "ok", "data": data}]


@pytest.mark.parametrize("wrap", WRAPPERS)
@pytest.mark.parametrize(
    "transaction",
    [
        PAYMENT,
        Transaction(**PAYMENT),
        Transaction(
            created_at=datetime(2026, 2, 1, 16, 27, 15, tzinfo=timezone(timedelta(hours=1))),
            direction=Direction.INCOMING,
            asset="GBP",
            amount="16.003892000000000000",
        ),
    ],
    ids=["dictionary", "class", "class with a time of another zone"],
)
async def test_a_payment_goes_out_as_the_example(client, server, transaction, wrap):
    server.answer(200, wrap(SERVICE_RESULT))
    screening = TransactionScreening(**SCREEN_TRANSACTION | {"transaction": transaction})
    made = await client.risk_checks.submit_transaction(screening)
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/services/transaction-screening", {})
    assert request.body == compact(SCREEN_TRANSACTION)
    assert made == ServiceRequest(SERVICE_REQUEST_ID)
    assert unstructure(made) == SERVICE_RESULT


async def test_a_customer_may_be_named_by_ones_own_id(client, server):
    server.answer(200, {"data": SERVICE_RESULT})
    registered = datetime(2025, 12, 19, 18, 44, 8, tzinfo=UTC)
    screening = TransactionScreening(external_applicant_id="user-1", external_applicant_registered_at=registered)
    await client.risk_checks.submit_transaction(screening)
    assert server.requests[0].body == compact(
        {"external_applicant_id": "user-1", "external_applicant_registered_at": "2025-12-19 18:44:08"}
    )


@pytest.mark.parametrize("wrap", WRAPPERS)
async def test_a_search_in_the_news_goes_out_and_comes_back(client, server, wrap):
    answer = SEARCH_NEWS | SERVICE_RESULT
    server.answer(200, wrap(answer))
    made = await client.risk_checks.adverse_media(AdverseMediaSearch(**SEARCH_NEWS))
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/services/amc", {})
    assert request.body == compact(SEARCH_NEWS)
    assert made == AdverseMediaRequest(**answer)
    assert made.extra == {}
    assert compact(unstructure(made)) == compact(answer)


async def test_the_second_list_of_keywords_may_be_left_out(client, server):
    server.answer(200, {"status": "ok", "data": {"callback_url": "https://x.example"}})
    made = await client.risk_checks.adverse_media(AdverseMediaSearch(**without(SEARCH_NEWS, "secondary_keywords")))
    assert server.requests[0].body == compact(without(SEARCH_NEWS, "secondary_keywords"))
    assert (made.primary_keywords, made.service_request_id) == (None, None)


MISUSE = {
    "neither owner": (lambda r: r.submit_transaction(TransactionScreening(transaction=PAYMENT)), "applicant_id"),
    "a short id": (lambda r: r.submit_transaction(TransactionScreening(applicant_id="short")), "applicant_id"),
    "an amount as a number": (
        lambda r: r.submit_transaction(
            TransactionScreening(applicant_id=APPLICANT_ID, transaction=Transaction(amount=16.5))
        ),
        "transaction.amount",
    ),
    "an amount with too many places": (
        lambda r: r.submit_transaction(
            TransactionScreening(applicant_id=APPLICANT_ID, transaction={"amount": "1." + "0" * 19})
        ),
        "transaction.amount",
    ),
    "an unknown direction": (
        lambda r: r.submit_transaction(
            TransactionScreening(applicant_id=APPLICANT_ID, transaction=Transaction(direction="sideways"))
        ),
        "transaction.direction",
    ),
    "a search in place of a payment": (
        lambda r: r.submit_transaction(AdverseMediaSearch(**SEARCH_NEWS)),
        "the argument",
    ),
    "a dictionary": (lambda r: r.adverse_media(SEARCH_NEWS), "the argument"),
    "more than twenty keywords": (
        lambda r: r.adverse_media(AdverseMediaSearch(primary_keywords=["x"] * 21, callback_url=CALLBACK_URL)),
        "primary_keywords",
    ),
    "keywords as one text": (
        lambda r: r.adverse_media(AdverseMediaSearch(primary_keywords="Jane Example", callback_url=CALLBACK_URL)),
        "primary_keywords",
    ),
    "no callback": (
        lambda r: r.adverse_media(AdverseMediaSearch(primary_keywords=["x"], callback_url=None)),
        "callback_url",
    ),
}


@pytest.mark.parametrize(("call", "field"), MISUSE.values(), ids=MISUSE)
async def test_misuse_is_refused_by_name_and_nothing_is_sent(client, server, call, field):
    server.answer(200, {"data": SERVICE_RESULT})
    with pytest.raises(InvalidRequestError) as caught:
        await call(client.risk_checks)
    assert server.requests == []
    assert field in [problem.field for problem in caught.value.problems]
