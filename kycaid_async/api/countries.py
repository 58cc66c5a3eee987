"""Countries. Reference: *Countries*."""

import builtins

from kycaid_async.api.reference_lists import Label, Labelled, ReferenceSection
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsList
from kycaid_async.tracebacks import confidential
from kycaid_async.values.fields import IdText
from kycaid_async.values.model import Response, response


@response
class Country(Labelled, Response):
    """A country. Its shape comes from one client's remark."""

    country_code: IdText | None = None
    """Two letters."""
    labels: list[Label] | None = None


LIST = Endpoint(
    name="countries.list",
    method="GET",
    path="/countries",
    returns=ReturnsList(Country, ("data", "items", "countries", "results")),
    replay=Replay.SAFE,
    evidence=Evidence.OBSERVED,
    reference="Countries",
    refusals=(401, 429, 500, 502),
)
ENDPOINTS = (LIST,)


class Countries(ReferenceSection[Country]):
    """Countries. Reference: *Countries*."""

    @confidential
    async def list(self, *, max_age: float | None = None) -> builtins.list[Country]:
        """Return the countries. With ``max_age`` in seconds, the last answer serves again while it is not older.

        Raises the errors of a call.
        """
        return await self._list(LIST, max_age)
