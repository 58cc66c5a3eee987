"""Blacklist databases: paid searches in sanction, PEP and similar lists. Reference: *Blacklist databases*."""

from collections.abc import Awaitable

from kycaid_async.api.blacklist_databases.models import (
    DocumentHit,
    DocumentSearch,
    PersonHit,
    PersonSearchByFullName,
    PersonSearchByNames,
    PersonSearchV2ByFullName,
    PersonSearchV2ByNames,
    PersonSearchV2Result,
    TaxIdHit,
    TaxIdSearch,
)
from kycaid_async.api.section import Section, only
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsData, ReturnsList
from kycaid_async.tracebacks import confidential

_REFUSALS = (400, 401, 402, 422, 429, 500, 502)

SEARCH_PERSONS = Endpoint(
    name="blacklist_databases.search_persons",
    method="POST",
    path="/bdb/persons",
    accepts=(PersonSearchByFullName, PersonSearchByNames),
    returns=ReturnsList(PersonHit),
    replay=Replay.BILLED,
    evidence=Evidence.DOCUMENTED,
    reference="Blacklist databases / Search persons",
    refusals=_REFUSALS,
)
SEARCH_PERSONS_V2 = Endpoint(
    name="blacklist_databases.search_persons_v2",
    method="POST",
    path="/bdb/persons-2",
    accepts=(PersonSearchV2ByFullName, PersonSearchV2ByNames),
    returns=ReturnsData(PersonSearchV2Result),
    replay=Replay.BILLED,
    evidence=Evidence.DOCUMENTED,
    reference="Blacklist databases / Search persons, second version",
    refusals=_REFUSALS,
)
SEARCH_DOCUMENTS = Endpoint(
    name="blacklist_databases.search_documents",
    method="POST",
    path="/bdb/documents",
    accepts=(DocumentSearch,),
    returns=ReturnsList(DocumentHit),
    replay=Replay.BILLED,
    evidence=Evidence.DOCUMENTED,
    reference="Blacklist databases / Search documents",
    refusals=_REFUSALS,
)
SEARCH_TAX_IDS = Endpoint(
    name="blacklist_databases.search_tax_ids",
    method="POST",
    path="/bdb/tax-ids",
    accepts=(TaxIdSearch,),
    returns=ReturnsList(TaxIdHit),
    replay=Replay.BILLED,
    evidence=Evidence.DOCUMENTED,
    reference="Blacklist databases / Search tax ids",
    refusals=_REFUSALS,
)
ENDPOINTS = (SEARCH_PERSONS, SEARCH_PERSONS_V2, SEARCH_DOCUMENTS, SEARCH_TAX_IDS)


class BlacklistDatabases(Section):
    """Paid, synchronous searches in sanction, PEP and similar lists. Reference: *Blacklist databases*.

    A lost answer is never repeated, because each call is taken to be charged: the error says ``maybe_processed``.
    """

    @confidential
    def search_persons(self, search: PersonSearchByFullName | PersonSearchByNames) -> Awaitable[list[PersonHit]]:
        """Return a hit for each list a person is on; none gives an empty list. Reference: *Search persons*.

        Raises `InvalidRequestError` before anything is sent, `InsufficientFundsError`, and the errors of a call.
        """
        return self._call(
            SEARCH_PERSONS, body=only(SEARCH_PERSONS.name, search, (PersonSearchByFullName, PersonSearchByNames))
        )

    @confidential
    def search_persons_v2(
        self, search: PersonSearchV2ByFullName | PersonSearchV2ByNames
    ) -> Awaitable[PersonSearchV2Result]:
        """Search with fuzzy matching; return how it matched, and the hits. Reference: *Search persons, second version*.

        Raises `InvalidRequestError` before anything is sent, `InsufficientFundsError`, and the errors of a call.
        """
        return self._call(
            SEARCH_PERSONS_V2,
            body=only(SEARCH_PERSONS_V2.name, search, (PersonSearchV2ByFullName, PersonSearchV2ByNames)),
        )

    @confidential
    def search_documents(self, search: DocumentSearch) -> Awaitable[list[DocumentHit]]:
        """Return a hit for each list of stolen, lost or void documents. Reference: *Search documents*.

        Raises `InvalidRequestError` before anything is sent, `InsufficientFundsError`, and the errors of a call.
        """
        return self._call(SEARCH_DOCUMENTS, body=only(SEARCH_DOCUMENTS.name, search, (DocumentSearch,)))

    @confidential
    def search_tax_ids(self, search: TaxIdSearch) -> Awaitable[list[TaxIdHit]]:
        """Return a hit for each list a tax number is on. Reference: *Search tax ids*; its answer is inferred.

        Raises `InvalidRequestError` before anything is sent, `InsufficientFundsError`, and the errors of a call.
        """
        return self._call(SEARCH_TAX_IDS, body=only(SEARCH_TAX_IDS.name, search, (TaxIdSearch,)))
