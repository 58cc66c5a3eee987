import pytest

from kycaid_async import Label, Language, unstructure
from tests.api.examples import LANGUAGES
from tests.api.wire import compact


@pytest.mark.parametrize("key", [None, "data", "items", "languages", "results"])
async def test_languages_come_bare_or_under_a_key(client, server, key):
    server.answer(200, LANGUAGES if key is None else {key: LANGUAGES})
    found = await client.languages.list()
    (request,) = server.requests
    assert (request.method, request.path, request.query, request.body) == ("GET", "/languages", {}, b"")
    assert found == [Language("EN", [Label("English", "EN")])]
    assert (found[0].label(), found[0].label("en"), found[0].label("DE")) == ("English", "English", None)
    assert compact(unstructure(found)) == compact(LANGUAGES)


async def test_keys_that_are_not_known_are_kept(client, server):
    """The form of a language is a guess."""
    server.answer(200, [{"code": "en", "name": "English"}])
    (language,) = await client.languages.list()
    assert language == Language()
    assert language.extra == language.raw == {"code": "en", "name": "English"}
