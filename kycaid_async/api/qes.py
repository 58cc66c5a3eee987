"""QES: qualified electronic signatures. Reference: *QES*; only the name of the section is known."""

from collections.abc import Awaitable, Mapping
from typing import Any

from kycaid_async.api.section import Section, json_object
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsJson
from kycaid_async.tracebacks import confidential

VERIFY = Endpoint(
    name="qes.verify",
    method="POST",
    path="/services/qes",
    returns=ReturnsJson(),
    replay=Replay.BILLED,
    evidence=Evidence.INFERRED,
    refusals=(400, 401, 402, 404, 422, 429, 500, 502),
)
ENDPOINTS = (VERIFY,)


class Qes(Section):
    """Qualified electronic signatures. Reference: *QES*."""

    @confidential
    def verify(self, body: Mapping[str, Any]) -> Awaitable[Any]:
        """Check a signature and return the decoded JSON. Inferred: path, body and answer are guesses.

        ``body`` is sent as it is. A lost answer is never repeated. Raises `NotFoundError`, and the errors of a call.
        """
        return self._call(VERIFY, body=json_object(VERIFY.name, body))
