"""What makes a second object, or costs money again, is sent once: a lost answer is no reason to repeat it."""

import pytest

from kycaid_async import ApiError, ConnectionLostError, KycaidError, RateLimitError, Replay, Timeout
from kycaid_async.api.catalog import ENDPOINTS
from tests.api.cases import CASES
from tests.api.wire import compact
from tests.faults import Fault, FaultProxy

ONCE = [e.name for e in ENDPOINTS.values() if e.replay in (Replay.BILLED, Replay.DUPLICATES) and not e.orphans_only]
EACH = pytest.mark.parametrize("name", ONCE)

LOST = {
    "500": (500, {"type": "internal_server"}),
    "502 of a gateway": (502, "<html>Bad Gateway</html>"),
    "503 of a gateway": (503, "upstream connect error or disconnect/reset before headers"),
    "503 of a gateway, empty": (503, ""),
    "504 of a gateway": (504, "<html>Gateway Timeout</html>"),
    "429 of a gateway": (429, {"message": "API rate limit exceeded"}),
    "403 of a firewall": (403, "<html>Request blocked</html>"),
    "408": (408, {"type": "request_timeout"}),
    "half an answer": (200, '{"verification_id": "d2'),
    "a page of a proxy": (200, "<html>Welcome</html>"),
}


def test_these_are_sent_once():
    by_replay = {replay: {e.name for e in ENDPOINTS.values() if e.replay is replay} for replay in Replay}
    assert by_replay[Replay.DUPLICATES] == {
        "addresses.create",
        "affiliated_persons.create",
        "applicants.create",
        "documents.create",
        "files.create",
        "forms.create_url",
    }
    assert by_replay[Replay.BILLED] == {
        "blacklist_databases.search_documents",
        "blacklist_databases.search_persons",
        "blacklist_databases.search_persons_v2",
        "blacklist_databases.search_tax_ids",
        "crypto.check_address",
        "crypto.check_transaction",
        "non_doc_verifications.ng_nin",
        "non_doc_verifications.run",
        "non_doc_verifications.us_eidv",
        "phone_numbers.check",
        "qes.verify",
        "risk_checks.adverse_media",
        "risk_checks.submit_transaction",
        "verifications.create",
    }
    assert set(ONCE) == (by_replay[Replay.DUPLICATES] | by_replay[Replay.BILLED]) - {"files.create"}


@EACH
@pytest.mark.parametrize(("status", "body"), LOST.values(), ids=LOST)
async def test_it_is_not_repeated_after_a_lost_answer(client, server, name, status, body):
    server.answer(status, body)
    with pytest.raises(KycaidError) as caught:
        await CASES[name].call(client)
    error = caught.value
    assert len(server.requests) == error.attempts == 1
    assert (error.operation, error.maybe_processed, error.retryable) == (name, True, False)
    assert "may have processed it: look for its result before you repeat it" in str(error)


@EACH
async def test_it_is_not_repeated_after_a_lost_connection(server, make_client, name):
    async with FaultProxy(server.url) as proxy:
        proxy.faults.append(Fault(reset=True, acted=True))
        server.answer(200, compact(CASES[name].answer))
        with pytest.raises(ConnectionLostError) as caught:
            await CASES[name].call(make_client(proxy.url))
    assert len(server.requests) == caught.value.attempts == 1
    assert (caught.value.maybe_processed, caught.value.retryable) == (True, False)


@EACH
@pytest.mark.parametrize("status", [429, 503])
async def test_it_is_repeated_when_the_server_refused_before_it_acted(client, server, name, status):
    server.answer(status, {"type": "limit_exceeded"})
    server.answer(200, compact(CASES[name].answer))
    assert await CASES[name].call(client) == CASES[name].result
    assert len(server.requests) == 2


@EACH
async def test_a_server_that_stays_busy_has_done_nothing(client, server, fake_time, name):
    """It is asked again, beyond ``max_retries``, until the time is over."""
    for _ in range(8):
        server.answer(429, {"type": "limit_exceeded"})
    with pytest.raises(RateLimitError) as caught:
        await CASES[name].call(client)
    assert fake_time.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0], "the next would outlast the 90 seconds"
    assert (caught.value.maybe_processed, caught.value.retryable) == (False, True)
    assert len(server.requests) == caught.value.attempts == 8


@EACH
@pytest.mark.parametrize("options", [{"max_retries": 0}, {"timeout": Timeout(total=None), "max_retries": 2}])
async def test_a_busy_server_is_asked_no_more_than_allowed_where_no_time_bounds_it(server, make_client, name, options):
    attempts = options["max_retries"] + 1
    for _ in range(attempts):
        server.answer(429, {"type": "limit_exceeded"})
    with pytest.raises(RateLimitError) as caught:
        await CASES[name].call(make_client(server.url, **options))
    assert len(server.requests) == caught.value.attempts == attempts


@EACH
async def test_a_server_that_asks_for_more_than_a_minute_is_not_waited_for(client, server, fake_time, name):
    server.answer(429, {"type": "limit_exceeded"}, headers={"Retry-After": "61"})
    with pytest.raises(RateLimitError) as caught:
        await CASES[name].call(client)
    assert (caught.value.retry_after, caught.value.attempts, caught.value.retryable) == (61.0, 1, True)
    assert fake_time.slept == []


@EACH
@pytest.mark.parametrize(
    ("status", "code", "maybe_processed"), [(429, "brand_new", False), (503, "internal_server", True)]
)
async def test_a_busy_status_of_another_type_is_not_repeated(client, server, name, status, code, maybe_processed):
    server.answer(status, {"type": code})
    with pytest.raises(ApiError) as caught:
        await CASES[name].call(client)
    assert len(server.requests) == caught.value.attempts == 1
    assert (caught.value.maybe_processed, caught.value.retryable) == (maybe_processed, False)
