from datetime import date

import pytest

from kycaid_async import (
    BlacklistType,
    DocumentHit,
    DocumentSearch,
    Gender,
    InvalidRequestError,
    MatchParameters,
    PersonHit,
    PersonSearchByFullName,
    PersonSearchByNames,
    PersonSearchV2ByFullName,
    PersonSearchV2ByNames,
    PersonSearchV2Result,
    TaxIdHit,
    TaxIdSearch,
    structure,
    unstructure,
)
from tests.api.examples import (
    DOCUMENT_HIT,
    MATCH_PARAMETERS,
    PERSON_HIT,
    SEARCH_DOCUMENTS,
    SEARCH_PERSONS,
    SEARCH_TAX_IDS,
    TAX_ID_HIT,
)
from tests.api.wire import compact, without

SEARCHES = {
    "persons": ("search_persons", PersonSearchByFullName(**SEARCH_PERSONS), "/bdb/persons", SEARCH_PERSONS),
    "persons-2": ("search_persons_v2", PersonSearchV2ByFullName(**SEARCH_PERSONS), "/bdb/persons-2", SEARCH_PERSONS),
    "documents": ("search_documents", DocumentSearch(**SEARCH_DOCUMENTS), "/bdb/documents", SEARCH_DOCUMENTS),
    "tax-ids": ("search_tax_ids", TaxIdSearch(**SEARCH_TAX_IDS), "/bdb/tax-ids", SEARCH_TAX_IDS),
}
LISTS = [
    ("search_persons", SEARCHES["persons"][1], PERSON_HIT, PersonHit),
    ("search_documents", SEARCHES["documents"][1], DOCUMENT_HIT, DocumentHit),
    ("search_tax_ids", SEARCHES["tax-ids"][1], TAX_ID_HIT, TaxIdHit),
]
BY_NAMES = {"first_name": "Jane", "last_name": "Example"}


@pytest.mark.parametrize(("method", "search", "path", "body"), SEARCHES.values(), ids=SEARCHES)
async def test_a_search_goes_out_as_the_example(client, server, method, search, path, body):
    server.answer(200, {"data": []} if method != "search_persons_v2" else {"data": {}})
    await getattr(client.blacklist_databases, method)(search)
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", path, {})
    assert request.body == compact(body)


@pytest.mark.parametrize(
    ("method", "cls"),
    [("search_persons", PersonSearchByNames), ("search_persons_v2", PersonSearchV2ByNames)],
)
async def test_a_person_is_searched_by_names_too(client, server, method, cls):
    server.answer(200, {"data": []} if method == "search_persons" else {"data": {}})
    await getattr(client.blacklist_databases, method)(cls(**BY_NAMES, dob=date(1976, 2, 21), middle_name=None))
    assert server.requests[0].body == compact({**BY_NAMES, "middle_name": None, "dob": "1976-02-21"})


async def test_the_vendors_example_gives_both_kinds_of_name_at_once(client, server):
    server.answer(200, {"data": []})
    await client.blacklist_databases.search_persons(PersonSearchByFullName(full_name="Jane Example", **BY_NAMES))
    assert server.requests[0].body == compact({"full_name": "Jane Example", **BY_NAMES})


async def test_the_second_version_takes_a_gender(client, server):
    server.answer(200, {"data": {}})
    await client.blacklist_databases.search_persons_v2(PersonSearchV2ByNames(**BY_NAMES, gender=Gender("F")))
    assert server.requests[0].body == compact({**BY_NAMES, "gender": "F"})


@pytest.mark.parametrize("given", ["SELF_RESTICTED", "SELF_RESTRICTED", BlacklistType.SELF_RESTRICTED])
@pytest.mark.parametrize("of", [list, tuple])
async def test_self_restricted_is_sent_without_its_second_r(client, server, given, of):
    """The vendor's word lacks it on every page."""
    server.answer(200, {"data": []})
    await client.blacklist_databases.search_tax_ids(TaxIdSearch(tax_id_number="0", bdb_types=of(["PEP", given])))
    assert server.requests[0].body == b'{"tax_id_number":"0","bdb_types":["PEP","SELF_RESTICTED"]}'


@pytest.mark.parametrize("word", ["SELF_RESTICTED", "SELF_RESTRICTED"])
def test_both_spellings_are_read(word):
    (found,) = structure({"bdb_type": [word]}, PersonHit).bdb_type
    assert found is BlacklistType.SELF_RESTRICTED


@pytest.mark.parametrize(("method", "search", "hit", "model"), LISTS)
async def test_every_key_of_a_hit_is_read_and_goes_back(client, server, method, search, hit, model):
    server.answer(200, {"data": [hit, {}]})
    found, empty = await getattr(client.blacklist_databases, method)(search)
    assert type(found) is model
    spelled_otherwise = {"dob": date(1976, 2, 21)}
    for name, value in hit.items():
        assert getattr(found, name) == spelled_otherwise.get(name, value)
    assert found.extra == {}
    assert compact(unstructure(found)) == compact(hit)
    assert empty == model()


@pytest.mark.parametrize("answer", [{"data": []}, {"data": None}, []])
@pytest.mark.parametrize(("method", "search", "hit", "model"), LISTS)
async def test_no_hit_is_an_empty_list(client, server, method, search, hit, model, answer):
    server.answer(200, answer)
    assert await getattr(client.blacklist_databases, method)(search) == []


@pytest.mark.parametrize(("method", "search", "hit", "model"), LISTS)
async def test_hits_without_a_wrapper_are_read_too(client, server, method, search, hit, model):
    server.answer(200, [hit])
    assert await getattr(client.blacklist_databases, method)(search) == [structure(hit, model)]


@pytest.mark.parametrize("wrap", [lambda data: data, lambda data: {"data": data}])
async def test_the_second_version_says_how_it_matched(client, server, wrap):
    data = {"parameters": MATCH_PARAMETERS, "result": [PERSON_HIT]}
    server.answer(200, wrap(data))
    found = await client.blacklist_databases.search_persons_v2(SEARCHES["persons-2"][1])
    assert type(found) is PersonSearchV2Result
    for name, value in MATCH_PARAMETERS.items():
        assert getattr(found.parameters, name) == value
    assert type(found.parameters) is MatchParameters
    assert found.result == [structure(PERSON_HIT, PersonHit)]
    assert found.extra == {}
    assert compact(unstructure(found)) == compact(data)


@pytest.mark.parametrize("data", [None, {}, {"result": None}, {"result": []}])
async def test_the_second_version_may_find_nothing(client, server, data):
    server.answer(200, {"data": data})
    found = await client.blacklist_databases.search_persons_v2(SEARCHES["persons-2"][1])
    assert (found.parameters, found.result or []) == (None, [])


MISUSE = {
    "no search": lambda b: b.search_persons(None),
    "a dictionary": lambda b: b.search_persons(SEARCH_PERSONS),
    "a document in place of a person": lambda b: b.search_persons(DocumentSearch(document_number="1")),
    "a person in place of a document": lambda b: b.search_documents(PersonSearchByNames(**BY_NAMES)),
    "a document in place of a tax number": lambda b: b.search_tax_ids(DocumentSearch(document_number="1")),
    "a search of the first version given to the second": lambda b: b.search_persons_v2(PersonSearchByNames(**BY_NAMES)),
    "a search of the second version given to the first": lambda b: b.search_persons(
        PersonSearchV2ByNames(**BY_NAMES, gender="F")
    ),
    "a name of one letter": lambda b: b.search_persons(PersonSearchByNames(first_name="J", last_name="Example")),
    "a full name that is too long": lambda b: b.search_persons(PersonSearchByFullName(full_name="x" * 101)),
    "an unknown kind of list": lambda b: b.search_tax_ids(TaxIdSearch(tax_id_number="0", bdb_types=["FRAUD"])),
    "a kind of list that is no list": lambda b: b.search_tax_ids(TaxIdSearch(tax_id_number="0", bdb_types="PEP")),
    "an unknown type of document": lambda b: b.search_documents(
        DocumentSearch(**without(SEARCH_DOCUMENTS, "document_type"), document_type="VISA")
    ),
}


@pytest.mark.parametrize("call", MISUSE.values(), ids=MISUSE)
async def test_misuse_is_refused_and_nothing_is_sent(client, server, call):
    server.answer(200, {"data": []})
    with pytest.raises(InvalidRequestError, match=r"^blacklist_databases\.search_\w+: nothing was sent"):
        await call(client.blacklist_databases)
    assert server.requests == []
