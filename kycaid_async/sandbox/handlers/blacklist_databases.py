"""Blacklist databases: searches in the invented lists of `kycaid_async.sandbox.rules.blacklist`."""

from collections.abc import Iterator
from typing import Any, Final

from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.rules.blacklist import (
    DOCUMENTS,
    PERSONS,
    TAX_IDS,
    ListedNumber,
    ListedPerson,
    contradicts,
    same_number,
    similarity,
)

_EXACT: Final = 100
_FUZZY: Final = 80
"""The least similarity in percent that the second version takes for a hit."""


def search_persons(context: RequestContext) -> dict[str, Any]:
    """Return a hit for each list that a person with exactly this name is on."""
    context.charge("BDB_PERSONS")
    return {"data": _persons(context, _EXACT)}


def search_persons_v2(context: RequestContext) -> dict[str, Any]:
    """Return how it was compared, and a hit for each list that a person with a similar name is on."""
    context.charge("BDB_PERSONS")
    enabled = {name: bool(context.body.get(name)) for name in ("dob", "residence_country", "gender")}
    parameters = {
        "name_match_threshold": _FUZZY / 100,
        "name_match_weight": 1.0,
        **{f"{name}_match_enabled": on for name, on in enabled.items()},
        # What is different is no hit at all, so it has no weight.
        **{f"{name}_match_weight": 0.0 for name in enabled},
    }
    return {"data": {"parameters": parameters, "result": _persons(context, _FUZZY)}}


def search_documents(context: RequestContext) -> dict[str, Any]:
    """Return a hit for each list that a document is on."""
    context.charge("BDB_DOCUMENTS")
    kind = context.body.get("document_type")
    listed_numbers = _numbers(context, DOCUMENTS, "document_number", "document_country")
    hits = [listed for listed in listed_numbers if kind in (None, listed.document_type)]
    return {
        "data": [
            {
                "document_number": listed.number,
                "document_type": listed.document_type,
                "document_country": listed.country,
                **_list(listed),
                "accuracy": _EXACT,
            }
            for listed in hits
        ]
    }


def search_tax_ids(context: RequestContext) -> dict[str, Any]:
    """Return a hit for each list that a tax number is on."""
    context.charge("BDB_TAX_IDS")
    listed_numbers = _numbers(context, TAX_IDS, "tax_id_number", "tax_id_country")
    return {
        "data": [{"tax_id_number": hit.number, "tax_id_country": hit.country, **_list(hit)} for hit in listed_numbers]
    }


def _persons(context: RequestContext, threshold: int) -> list[dict[str, Any]]:
    asked = dict(context.body)
    compared = ((person, similarity(person, asked)) for person in PERSONS if not contradicts(person, asked))
    return [hit for person, accuracy in compared if accuracy >= threshold for hit in _hits(context, person, accuracy)]


def _hits(context: RequestContext, person: ListedPerson, accuracy: int) -> Iterator[dict[str, Any]]:
    for list_type, name in person.lists.items():
        if _is_wanted(context, list_type):
            yield {
                "full_name": person.full_name,
                "origin_full_name": None,
                "first_name": person.first_name,
                "origin_first_name": None,
                "last_name": person.last_name,
                "origin_last_name": None,
                "middle_name": None,
                "origin_middle_name": None,
                "residence_country": person.residence_country,
                "dob": person.dob,
                "gender": person.gender.value,
                "description": "Invented by the sandbox",
                "bdb_name": name,
                "bdb_type": [list_type.value],
                "accuracy": accuracy,
            }


def _numbers(
    context: RequestContext, listed: tuple[ListedNumber, ...], number: str, country: str
) -> list[ListedNumber]:
    return [
        entry
        for entry in listed
        if same_number(entry.number, context.body[number])
        and context.body.get(country) in (None, entry.country)
        and _is_wanted(context, entry.list_type)
    ]


def _list(listed: ListedNumber) -> dict[str, Any]:
    return {
        "description": "Invented by the sandbox",
        "bdb_name": listed.list_name,
        "bdb_type": [listed.list_type.value],
    }


def _is_wanted(context: RequestContext, list_type: str) -> bool:
    wanted = context.body.get("bdb_types")
    return not wanted or list_type in wanted


HANDLERS: Final[dict[str, Handler]] = {
    "blacklist_databases.search_persons": search_persons,
    "blacklist_databases.search_persons_v2": search_persons_v2,
    "blacklist_databases.search_documents": search_documents,
    "blacklist_databases.search_tax_ids": search_tax_ids,
}
