"""The fields that an action of the dashboard carries."""

from urllib.parse import parse_qs

import attrs
from aiohttp import web

from kycaid_async.sandbox.http.refusals import bad_request

_MOST = 200


@attrs.frozen
class Fields:
    """What a form sent."""

    _given: dict[str, list[str]] = attrs.field(repr=False)

    def one(self, name: str) -> str:
        """Return the value of a field; nothing where it is missing."""
        return self.all(name)[0]

    def all(self, name: str) -> list[str]:
        """Return all values of a field; one empty text where there are none."""
        return self._given.get(name) or [""]


async def read_fields(request: web.Request) -> Fields:
    """Read the body of a plain form. Refuses anything else with 400."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise bad_request()
    text = (await request.read()).decode("utf-8", "replace")
    try:
        return Fields(parse_qs(text, max_num_fields=_MOST))
    except ValueError:
        raise bad_request() from None
