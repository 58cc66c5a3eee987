"""Languages. Reference: *Languages*; only the name of the section is known."""

import builtins

from kycaid_async.api.reference_lists import Label, Labelled, ReferenceSection
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsList
from kycaid_async.tracebacks import confidential
from kycaid_async.values.fields import IdText
from kycaid_async.values.model import Response, response


@response
class Language(Labelled, Response):
    """A language. Inferred from countries: look into ``raw``."""

    language_code: IdText | None = None
    labels: list[Label] | None = None


LIST = Endpoint(
    name="languages.list",
    method="GET",
    path="/languages",
    returns=ReturnsList(Language, ("data", "items", "languages", "results")),
    replay=Replay.SAFE,
    evidence=Evidence.INFERRED,
    refusals=(401, 404, 429, 500, 502),
)
ENDPOINTS = (LIST,)


class Languages(ReferenceSection[Language]):
    """Languages. Reference: *Languages*."""

    @confidential
    async def list(self, *, max_age: float | None = None) -> builtins.list[Language]:
        """Return the languages. Inferred: the path is a guess, ``AsyncKycaid(paths=…)`` corrects it.

        With ``max_age`` in seconds, the last answer serves again while it is not older. Raises `NotFoundError`, and the
        errors of a call.
        """
        return await self._list(LIST, max_age)
