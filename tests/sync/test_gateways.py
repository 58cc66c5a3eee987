"""The blocking client sends once what must not double, as the other one does."""

import pytest

from kycaid_async import Kycaid, KycaidError, TaxIdSearch
from tests.api.examples import SEARCH_TAX_IDS
from tests.conftest import API_KEY
from tests.remote import BETWEEN, BUSY, Remote

ID = "5f" * 18

CREATIONS = {
    "applicants.create": lambda client: client.applicants.create(type="PERSON"),
    "documents.create": lambda client: client.documents.create(type="PASSPORT", applicant_id=ID),
    "verifications.create": lambda client: client.verifications.create(applicant_id=ID),
    "blacklist_databases.search_tax_ids": lambda client: client.blacklist_databases.search_tax_ids(
        TaxIdSearch(**SEARCH_TAX_IDS)
    ),
}


@pytest.fixture(scope="module")
def remote():
    with Remote() as running:
        yield running


@pytest.fixture
def client(remote, fake_time):
    remote.made.clear()
    remote.replies.clear()
    with Kycaid(API_KEY, base_url=remote.url) as client:
        client._target._shared.timing = fake_time.timing()
        yield client


@pytest.mark.parametrize("operation", CREATIONS)
@pytest.mark.parametrize("name", BETWEEN)
def test_a_creation_is_sent_once_and_the_error_says_that_it_may_be_done(client, remote, operation, name):
    remote.replies.append(BETWEEN[name])
    with pytest.raises(KycaidError) as caught:
        CREATIONS[operation](client)
    assert remote.made.total() == caught.value.attempts == 1
    assert (caught.value.maybe_processed, caught.value.retryable) == (True, False)


@pytest.mark.parametrize("operation", CREATIONS)
@pytest.mark.parametrize("name", BUSY)
def test_what_kycaid_itself_refused_for_now_is_repeated_and_makes_one(client, remote, operation, name, fake_time):
    remote.replies.extend([BUSY[name]] * 3)
    CREATIONS[operation](client)
    assert remote.made.total() == 1
    assert fake_time.slept == [0.5, 1.0, 2.0]
