"""Countries, languages and business activities are remembered for as long as the caller allows."""

import asyncio

import pytest

from kycaid_async import ServerError, unstructure
from tests.api.examples import CATEGORIES, COUNTRIES, LANGUAGES

LISTS = {"countries": COUNTRIES, "languages": LANGUAGES, "business_activities": CATEGORIES}
EACH = pytest.mark.parametrize(("name", "answer"), LISTS.items(), ids=LISTS)


@EACH
async def test_without_an_age_every_call_asks_the_server(client, server, name, answer):
    for _ in range(2):
        server.answer(200, answer)
        assert unstructure(await getattr(client, name).list()) == answer
    assert len(server.requests) == 2


@EACH
async def test_the_last_answer_serves_while_it_is_young_enough(client, server, fake_time, name, answer):
    section = getattr(client, name)
    server.answer(200, answer)
    first = await section.list(max_age=60)
    fake_time.now += 59
    assert await section.list(max_age=60) == first
    assert len(server.requests) == 1
    fake_time.now += 2
    server.answer(200, answer[:1])
    assert unstructure(await section.list(max_age=60)) == answer[:1]
    assert len(server.requests) == 2
    fake_time.now += 59
    assert unstructure(await section.list(max_age=60)) == answer[:1], "counted from the second answer"
    assert len(server.requests) == 2


@EACH
async def test_a_call_without_an_age_refreshes_what_is_remembered(client, server, fake_time, name, answer):
    section = getattr(client, name)
    server.answer(200, [])
    server.answer(200, answer)
    assert await section.list(max_age=60) == []
    fake_time.now += 59
    await section.list()
    fake_time.now += 59
    assert unstructure(await section.list(max_age=60)) == answer
    assert len(server.requests) == 2


@EACH
async def test_how_old_is_too_old_is_for_each_call_to_say(client, server, fake_time, name, answer):
    section = getattr(client, name)
    for _ in range(3):
        server.answer(200, answer)
    await section.list()
    fake_time.now += 10
    await section.list(max_age=3600)
    assert len(server.requests) == 1
    await section.list(max_age=5)
    assert len(server.requests) == 2
    await section.list(max_age=0)
    assert len(server.requests) == 3


@EACH
async def test_a_list_that_the_caller_changes_is_the_callers_own(client, server, name, answer):
    section = getattr(client, name)
    server.answer(200, answer)
    first = await section.list(max_age=60)
    first.clear()
    second = await section.list(max_age=60)
    assert unstructure(second) == answer
    second.reverse()
    second.append("x")
    assert unstructure(await section.list(max_age=60)) == answer
    assert len(server.requests) == 1


async def test_an_empty_list_is_remembered_too(client, server):
    server.answer(200, [])
    assert await client.countries.list(max_age=60) == await client.countries.list(max_age=60) == []
    assert len(server.requests) == 1


async def test_a_failed_call_forgets_nothing(server, make_client, fake_time):
    client = make_client(server.url, max_retries=0)
    server.answer(200, COUNTRIES)
    await client.countries.list()
    fake_time.now += 61
    server.answer(500, {"type": "internal_server"})
    with pytest.raises(ServerError):
        await client.countries.list(max_age=60)
    assert len(await client.countries.list(max_age=3600)) == len(COUNTRIES)
    assert len(server.requests) == 2


async def test_what_one_client_remembers_is_not_anothers(server, make_client):
    """They may have different accounts."""
    for _ in range(2):
        server.answer(200, COUNTRIES)
        await make_client(server.url).countries.list(max_age=60)
    assert len(server.requests) == 2


async def test_calls_at_once_all_get_the_list(client, server):
    for _ in range(5):
        server.answer(200, COUNTRIES)
    found = await asyncio.gather(*(client.countries.list(max_age=60) for _ in range(5)))
    assert all(unstructure(countries) == COUNTRIES for countries in found)
