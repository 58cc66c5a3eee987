"""Countries. Reference: *Countries*."""

import builtins

from kycaid_async.api.reference_lists import Label, Labelled, ReferenceSection
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsList
from kycaid_async.tracebacks import confidential
from kycaid_async.values.fields import IdText, LabelText
from kycaid_async.values.model import Response, response


@response
class Country(Labelled, Response):
    """A country. Its shape comes from remarks of clients (observed): a code with labels, or with one name."""

    country_code: IdText | None = None
    """Two letters."""
    labels: list[Label] | None = None
    code: IdText | None = None
    """Another key of ``country_code``, observed. Read `code_of_country`."""
    name: LabelText | None = None
    """In place of labels."""

    @property
    def code_of_country(self) -> str | None:
        """The two letters, under whichever key they came."""
        return self.country_code or self.code

    def label(self, language_code: str = "EN") -> str | None:
        """Return the name in a language, given in upper or lower case; the one ``name`` where there are no labels."""
        return super().label(language_code) if self.labels else self.name


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
