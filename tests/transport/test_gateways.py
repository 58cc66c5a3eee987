"""One call makes one object, whatever stands between the client and the server answers once the server has acted."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, DecodeError, GatewayError, KycaidError, RedirectError, TaxIdSearch
from kycaid_async.protocol.pacing import Pacer
from kycaid_async.protocol.retry import RetryBudget
from tests.api.examples import SEARCH_TAX_IDS
from tests.remote import BETWEEN, BUSY, Remote, Reply, page
from tests.transport.conftest import passing_on

ID = "5f" * 18
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)

CREATIONS = {
    "applicants.create": lambda client: client.applicants.create(type="PERSON"),
    "documents.create": lambda client: client.documents.create(type="PASSPORT", applicant_id=ID),
    "verifications.create": lambda client: client.verifications.create(applicant_id=ID),
    "blacklist_databases.search_tax_ids": lambda client: client.blacklist_databases.search_tax_ids(
        TaxIdSearch(**SEARCH_TAX_IDS)
    ),
}
EACH = pytest.mark.parametrize("operation", CREATIONS)


@pytest.fixture(scope="module")
def running() -> Iterator[Remote]:
    with Remote() as remote:
        yield remote


@pytest.fixture
def remote(running: Remote) -> Remote:
    running.made.clear()
    running.replies.clear()
    return running


@pytest.fixture(params=["directly", "through our session", "through a session of the user"])
async def client(
    request: pytest.FixtureRequest,
    remote: Remote,
    make_client: Callable[..., AsyncKycaid],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[AsyncKycaid]:
    if request.param == "through our session":
        monkeypatch.setattr(aiohttp.ClientSession, "_request", passing_on([]))
    if request.param != "through a session of the user":
        yield make_client(remote.url)
        return
    async with aiohttp.ClientSession() as session:
        yield make_client(remote.url, session=session)


@EACH
@pytest.mark.parametrize("name", BETWEEN)
async def test_a_creation_is_sent_once_and_the_error_says_that_it_may_be_done(client, remote, operation, name):
    reply = BETWEEN[name]
    remote.replies.append(reply)
    with pytest.raises(KycaidError) as caught:
        await CREATIONS[operation](client)
    error = caught.value
    assert (remote.made.total(), error.attempts) == (1, 1)
    assert (error.operation, error.maybe_processed, error.retryable) == (operation, True, False)
    assert "look for its result before you repeat it" in str(error)
    assert "KYCAID refused" not in str(error)
    assert isinstance(
        error, DecodeError if reply.status < 300 else RedirectError if reply.status < 400 else GatewayError
    )
    if isinstance(error, GatewayError):
        assert (error.status, error.body.decode()) == (reply.status, reply.body)
        assert "something between you and KYCAID answered" in str(error)


@EACH
@pytest.mark.parametrize("name", BUSY)
async def test_what_kycaid_itself_refused_for_now_is_repeated_and_makes_one(client, remote, operation, name, fake_time):
    remote.replies.extend([BUSY[name]] * 5)
    await CREATIONS[operation](client)
    assert remote.made.total() == 1
    assert fake_time.slept == [0.5, 1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(
    "name", [name for name, reply in BETWEEN.items() if reply.status in (408, 429) or reply.status >= 500]
)
async def test_what_does_no_harm_is_repeated_after_growing_pauses(client, remote, name, fake_time):
    for call in (
        lambda: client.documents.get(ID),
        lambda: client.files.create(PNG),
        lambda: client.documents.delete(ID),
    ):
        remote.replies.extend([BETWEEN[name]] * 3)
        fake_time.slept.clear()
        await call()
        asked = float(BETWEEN[name].headers.get("Retry-After", 0))
        assert fake_time.slept[0] == asked + 0.5
        assert fake_time.slept[-1] == 2.0


@pytest.mark.parametrize(
    "name", [n for n, r in BETWEEN.items() if 300 <= r.status < 500 and r.status not in (408, 429)]
)
@pytest.mark.parametrize("acts", [True, False])
async def test_a_page_that_forbids_or_points_elsewhere_is_not_asked_for_again(client, remote, name, acts):
    reply = Reply(BETWEEN[name].status, BETWEEN[name].body, BETWEEN[name].type, BETWEEN[name].headers, acts=acts)
    for call, perhaps in (
        (lambda: client.documents.get(ID), False),
        (lambda: client.documents.update(ID, document_number="1"), True),
        (lambda: client.files.create(PNG), True),
    ):
        remote.replies.append(reply)
        with pytest.raises((GatewayError, RedirectError)) as caught:
            await call()
        assert (caught.value.attempts, caught.value.maybe_processed, caught.value.retryable) == (1, perhaps, False)
        assert not remote.replies


@pytest.mark.parametrize(
    ("name", "too_many"),
    [
        ("a page with 429", True),
        ("Kong's JSON with 429", True),
        ("a page with 503", False),
        ("nothing with 503", False),
        ("its own 429", True),
        ("its own 503", True),
        ("a page with 502", None),
        ("a firewall's page with 403", None),
    ],
)
@pytest.mark.parametrize("kind", ["safe", "duplicates"])
async def test_whoever_asks_for_fewer_requests_slows_all_down(remote, make_client, monkeypatch, name, too_many, kind):
    heard = []
    monkeypatch.setattr(Pacer, "refused", lambda _pacer, _now, _after, *, asked, too_many: heard.append(too_many))
    remote.replies.append((BETWEEN | BUSY)[name])
    with contextlib.suppress(KycaidError):
        await ONES[kind](make_client(remote.url))
    assert heard == ([] if too_many is None else [too_many])


# Several answers one after the other.

OWN = {
    "limit": Reply(429, '{"type":"limit_exceeded","errors":[]}', "application/json", acts=False),
    "fault": Reply(500, '{"type":"internal_server","errors":[]}', "application/json"),
    "refused": Reply(422, '{"type":"validation","errors":[{"parameter":"dob"}]}', "application/json", acts=False),
    "gateway": Reply(503, "upstream connect error", "text/plain"),
    "firewall": page(403, "Request blocked"),
    "portal": page(200, "Welcome"),
    "moved": Reply(302, headers={"Location": "http://127.0.0.1:1/login"}),
}
ONES = {
    "safe": lambda client: client.documents.get(ID),
    "idempotent": lambda client: client.documents.update(ID, document_number="1"),
    "orphans": lambda client: client.files.create(PNG),
    "duplicates": CREATIONS["applicants.create"],
    "billed": CREATIONS["verifications.create"],
}


def expected(kind, names):
    """Return how many of the answers are asked for, whether the call ends well, and whether it may be processed."""
    harmless, perhaps = kind in ("safe", "idempotent", "orphans"), False
    for asked, name in enumerate(names, 1):
        perhaps = perhaps or (kind != "safe" and name not in ("limit", "refused"))
        if not (name == "limit" or (harmless and name in ("fault", "gateway", "portal"))):
            return asked, False, perhaps
    return len(names) + 1, True, False


@pytest.mark.parametrize("kind", ONES)
async def test_answers_in_any_order_leave_the_right_word_in_the_end(remote, make_client, kind):
    client = make_client(remote.url)
    client._shared._budget = RetryBudget(capacity=1e9)
    for names in itertools.product(OWN, repeat=3):
        remote.made.clear()
        remote.replies.clear()
        remote.replies.extend(OWN[name] for name in names)
        asked, good, perhaps = expected(kind, names)
        error = None
        try:
            await ONES[kind](client)
        except KycaidError as caught:
            error = caught
        assert (error is None) is good, names
        assert 3 - len(remote.replies) == min(asked, 3), names
        assert error is None or (error.attempts, error.maybe_processed) == (asked, perhaps), names
        if kind in ("duplicates", "billed"):
            assert remote.made.total() <= 1, names
            assert error is None or error.maybe_processed is (remote.made.total() == 1), names
