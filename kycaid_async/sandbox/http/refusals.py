"""Responses: JSON, and refusals in the form ``{"type": …, "errors": […]}``."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from aiohttp import web

from kycaid_async.sandbox.outcome import SandboxOutcome
from kycaid_async.values.json import dumps_plain
from kycaid_async.version import __version__

Problem = tuple[str, str]
"""A parameter and the message for it."""
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Answers a request."""
HEALTH_PATH: Final = "/_sandbox/health"


class Refused(SandboxOutcome):
    """A request is refused with this status, type and list of problems."""

    def __init__(self, status: int, type_: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(status, type_)
        self.status = status
        self.body: dict[str, Any] = {
            "type": type_,
            "errors": [{"parameter": parameter, "message": message} for parameter, message in problems],
        }


def bad_request() -> Refused:
    """Return the refusal of what is not a request at all."""
    return Refused(400, "bad_request")


def unauthorized() -> Refused:
    """Return the refusal of a missing or wrong key."""
    return Refused(401, "unauthorized")


def insufficient_funds() -> Refused:
    """Return the refusal of what the balance of the account does not cover."""
    return Refused(402, "insufficient_funds")


def too_many(*problems: Problem) -> Refused:
    """Return the refusal of what may be tried again later."""
    return Refused(429, "limit_exceeded", problems)


def retry_forbidden(type_: str) -> Refused:
    """Return the refusal of another attempt after a decline that is final."""
    return Refused(403, type_)


def unknown_as_validation(*problems: Problem) -> Refused:
    """Return the refusal of an unknown id in the one place where its type is documented as another."""
    return Refused(404, "validation", problems)


def flow_denied(status: int, *problems: Problem) -> Refused:
    """Return the refusal of a step that is not possible now."""
    return Refused(status, "flow", problems)


def verification_exists() -> Refused:
    """Return the refusal of a second verification while one is running."""
    return Refused(409, "verification_exists")


def insufficient_data(*problems: Problem) -> Refused:
    """Return the refusal to verify an applicant that lacks something."""
    return Refused(422, "insufficient_data", problems)


def not_found(*problems: Problem) -> Refused:
    """Return the refusal of an unknown path or id; with a problem when the id stood in the body."""
    return Refused(404, "not_found", problems)


def delete_denied() -> Refused:
    """Return the refusal to delete what something else refers to."""
    return Refused(409, "delete_denied")


def edit_denied() -> Refused:
    """Return the refusal to change what can no longer be changed."""
    return Refused(409, "edit_denied")


def too_large() -> Refused:
    """Return the refusal of an upload over the limit."""
    return Refused(413, "limit_file_size")


def invalid(*problems: Problem) -> Refused:
    """Return the refusal of fields."""
    return Refused(422, "validation", problems)


def internal() -> Refused:
    """Return the answer to a fault of the sandbox itself."""
    return Refused(500, "internal_server")


_RECORDED = {
    ("applicants", "type"): "Type of applicant is not valid",
    ("applicants", "dob"): "Day of birth is not valid",
    ("applicants", "residence_country"): "Country of residence is not valid",
    ("addresses", "type"): "Type of address is not valid",
    ("forms", "form_id"): "Form ID is not valid",
    ("verifications", "form_id"): "Form ID is not valid",
    # The real server uses the applicant's words here too.
    ("addresses", "country"): "Country of residence is not valid",
}


def not_valid(section: str, field: str) -> Problem:
    """Return the problem of a field of a section, in the recorded words where there are any."""
    return field, _RECORDED.get((section, field), f"{field} is not valid")


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a response that holds ``body`` as JSON."""
    return web.Response(
        status=status, body=dumps_plain(body), headers=headers, content_type="application/json", charset="utf-8"
    )


def refusal_response(refused: Refused, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return the response to a refused request."""
    return json_response(refused.status, refused.body, headers)


async def health(_request: web.Request) -> web.StreamResponse:
    """Answer with the version; nothing of the data. It needs no key."""
    return json_response(200, {"status": "ok", "version": __version__})
