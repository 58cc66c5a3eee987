"""Clients go to other processes as their options."""

import copy
import pickle
import ssl

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, ConfigurationError, Kycaid, Timeout
from tests.conftest import API_KEY

OPTIONS = {
    "base_url": "https://kycaid.example/v1",
    "timeout": Timeout(connect=1, read=2),
    "max_retries": 7,
    "max_connections": 3,
    "max_file_size": 5,
    "check": False,
    "auth_header": "API-Key",
    "paths": {"languages.list": "/v2/languages"},
    "proxy": "http://proxy.example:8080",
}
DOCUMENT = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"


def target(client):
    return client._target if isinstance(client, Kycaid) else client


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("cls", [AsyncKycaid, Kycaid])
def test_a_client_comes_back_with_the_same_options(cls, protocol):
    client = cls(API_KEY, **OPTIONS).with_options(timeout=5)
    client.documents  # noqa: B018 - a section that is made already is no obstacle
    again = pickle.loads(pickle.dumps(client, protocol))  # noqa: S301
    assert type(again) is cls
    assert target(again)._settings == target(client)._settings
    assert target(again)._shared is not target(client)._shared
    assert again.documents is not client.documents


async def test_it_connects_anew_and_closing_it_leaves_the_first_open(server, client):
    again = pickle.loads(pickle.dumps(client))  # noqa: S301
    for _ in range(3):
        server.answer(200, {"document_id": DOCUMENT})
    await client.documents.get(DOCUMENT)
    await again.documents.get(DOCUMENT)
    await again.aclose()
    assert (await client.documents.get(DOCUMENT)).document_id == DOCUMENT
    assert len(server.requests) == 3


@pytest.mark.parametrize("cls", [AsyncKycaid, Kycaid])
def test_a_client_with_an_ssl_context_says_that_it_cannot(cls):
    client = cls(API_KEY, ssl_context=ssl.create_default_context())
    with pytest.raises(ConfigurationError, match="cannot be pickled; make one where it is used"):
        pickle.dumps(client)
    assert copy.copy(client).with_options(timeout=3)


async def test_a_client_with_a_session_of_the_user_says_that_it_cannot():
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigurationError, match="cannot be pickled"):
            pickle.dumps(AsyncKycaid(API_KEY, session=session))


class Tagged(Kycaid):
    """A client of the user, with an attribute of its own."""

    def __init__(self, tag, **options):
        super().__init__(API_KEY, **options)
        self.tag = tag


def test_a_subclass_keeps_what_is_its_own():
    client = Tagged(["mine"])
    other = client.with_options(max_retries=0)
    assert type(other) is Tagged
    assert other.tag is client.tag
    assert pickle.loads(pickle.dumps(client)).tag == ["mine"]  # noqa: S301
