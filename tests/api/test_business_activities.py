import pytest

from kycaid_async import BusinessActivity, BusinessCategory, Label, unstructure
from tests.api.examples import ACTIVITY_ID, ADDRESS_ID, CATEGORIES
from tests.api.wire import compact


async def test_categories_come_with_their_activities(client, server):
    server.answer(200, CATEGORIES)
    trade, empty = await client.business_activities.list()
    (request,) = server.requests
    assert (request.method, request.path, request.query, request.body) == ("GET", "/business-activities", {}, b"")
    assert trade == BusinessCategory(
        ACTIVITY_ID[::-1],
        [Label("Trade", "EN"), Label("Handel", "DE")],
        [BusinessActivity(ACTIVITY_ID, [Label("Retail", "EN")]), BusinessActivity(ADDRESS_ID, [])],
    )
    assert empty == BusinessCategory(ADDRESS_ID)
    assert compact(unstructure([trade, empty])) == compact(CATEGORIES)


async def test_categories_and_activities_have_names_by_language(client, server):
    server.answer(200, CATEGORIES)
    trade, empty = await client.business_activities.list()
    retail, nameless = trade.activities
    assert (trade.label(), trade.label("en"), trade.label("de"), trade.label("DE")) == (
        "Trade",
        "Trade",
        *["Handel"] * 2,
    )
    assert (trade.label("fr"), empty.label(), nameless.label()) == (None, None, None)
    assert (retail.label("en"), retail.label("de")) == ("Retail", None)


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"data": rows}])
async def test_the_list_is_bare_and_may_be_wrapped(client, server, wrap):
    server.answer(200, wrap(CATEGORIES))
    assert compact(unstructure(await client.business_activities.list())) == compact(CATEGORIES)
