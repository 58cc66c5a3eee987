"""What all pages have in common: answers to whatever goes wrong, and checks of where a request comes from."""

import logging
import traceback

from aiohttp import web

from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.sandbox.http.responses import Serve
from kycaid_async.sandbox.pages.layout import notice
from kycaid_async.sandbox.pages.origin import is_from_us
from kycaid_async.sandbox.pages.responses import page

logger = logging.getLogger("kycaid_async.sandbox")

_TITLES = {
    400: "That cannot be read",
    403: "Not from here",
    404: "Nothing is here",
    413: "That is too much",
}


def refuse(status: int, text: str = "") -> web.Response:
    """Return a page that says what is wrong."""
    return page(notice(_TITLES.get(status, "That did not work"), text or "Please go back and try again."), status)


def serving(name: str, serve: Serve) -> Serve:
    """Turn whatever goes wrong into a page, and log what was done; never whose data it was."""

    async def served(request: web.Request) -> web.StreamResponse:
        try:
            response = await serve(request)
        except Refused as refused:
            response = refuse(refused.status)
        except ConnectionError:
            # Nobody is left to read it.
            response = refuse(400)
        except web.HTTPRequestEntityTooLarge:
            response = refuse(413)
        except Exception as error:  # noqa: BLE001 - a server answers also when it is broken
            # The text of an exception may hold personal data; where it was raised does not.
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("%s failed: %s at %s:%s", name, type(error).__name__, place.filename, place.lineno)  # noqa: TRY400
            response = refuse(500)
        logger.info("%s %d", name, response.status)
        return response

    return served


def from_us(serve: Serve) -> Serve:
    """Refuse what a browser sends from somebody else's page."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if not is_from_us(request):
            return refuse(403, "Another site sent this. Nothing was done.")
        return await serve(request)

    return checked
