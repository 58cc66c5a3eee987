import pytest

from kycaid_async import Country, DecodeError, Label, unstructure
from tests.api.examples import COUNTRIES
from tests.api.wire import compact


async def test_countries_come_with_their_names(client, server):
    server.answer(200, compact(COUNTRIES))
    austria, britain = await client.countries.list()
    (request,) = server.requests
    assert (request.method, request.path, request.query, request.body) == ("GET", "/countries", {}, b"")
    assert austria == Country("AT", [Label("Austria", "EN"), Label("Österreich", "DE")])
    assert (austria.label(), austria.label("en"), austria.label("De")) == ("Austria", "Austria", "Österreich")
    assert (britain.label("de"), Country().label()) == (None, None)
    assert compact(unstructure([austria, britain])) == compact(COUNTRIES)


@pytest.mark.parametrize("key", [None, "data", "items", "countries", "results"])
async def test_the_list_comes_bare_or_under_a_key(client, server, key):
    server.answer(200, COUNTRIES if key is None else {"status": "ok", key: COUNTRIES})
    assert compact(unstructure(await client.countries.list())) == compact(COUNTRIES)


@pytest.mark.parametrize("answer", [[], {"data": []}, {"countries": None}])
async def test_the_list_may_be_empty(client, server, answer):
    server.answer(200, answer)
    assert await client.countries.list() == []


async def test_an_object_without_a_list_is_not_taken_for_an_empty_one(server, make_client):
    server.answer(200, {"status": "ok", "total": 0})
    with pytest.raises(DecodeError):
        await make_client(server.url, max_retries=0).countries.list()


@pytest.mark.parametrize(
    "labels",
    [None, [], [{"label": "Austria"}], [{"language_code": None, "label": "x"}], [{"language_code": "EN"}], "Austria"],
)
async def test_a_country_without_a_name_in_the_language_has_none(client, server, labels):
    server.answer(200, [{"country_code": "AT", "labels": labels}])
    (austria,) = await client.countries.list()
    assert (austria.country_code, austria.label("en")) == ("AT", None)
