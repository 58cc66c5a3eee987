"""Decoding of answers into an object or the right error.

The body is read before the status is judged: 429 with ``flow`` is permanent, 404 can carry ``validation``, 502 is
HTML, and the machine code may stand in ``type``, in ``error.type`` or in ``errors[0].message``. What does not have the
API's own form was said by something else, and its status says nothing of what KYCAID did.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import attrs

from kycaid_async import errors
from kycaid_async.errors import ApiError, DecodeError, FieldError, GatewayError, RedirectError
from kycaid_async.masking import Unlisted, ValueObject, code_or_mask
from kycaid_async.protocol.endpoint import Endpoint, Replay
from kycaid_async.values.json import loads
from kycaid_async.values.mismatch import Mismatch

T = TypeVar("T")

MOST_ERRORS: Final = 1000
"""Fields at fault that are read of a refusal; the others stand in its body."""
MOST_NAMED: Final = 20
"""Those that the text of an error names."""
OK = 200
NOT_FOUND = 404
SERVER_FAULT = 500
UNAVAILABLE = 503
LIMIT_EXCEEDED = "limit_exceeded"


@attrs.define(eq=False, repr=False)
class Answer(Unlisted, ValueObject):
    """A whole answer of the server."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)

    @property
    def is_redirect(self) -> bool:
        return 300 <= self.status < 400  # noqa: PLR2004 - the class of statuses

    @property
    def is_success(self) -> bool:
        return OK <= self.status < 300  # noqa: PLR2004 - the class of statuses


_FILE_TYPES = (
    "infected_file",
    "limit_file_size",
    "broken_file",
    "incompatible_file_format",
    "incompatible_file_for_recognition",
    "image_small_resolution",
    "image_huge_resolution",
)

_BY_TYPE: dict[str, type[ApiError]] = {
    "bad_request": errors.BadRequestError,
    "unauthorized": errors.AuthenticationError,
    "inactive_account": errors.PermissionDeniedError,
    "insufficient_funds": errors.InsufficientFundsError,
    "forbidden_duplicates_retries": errors.PermissionDeniedError,
    "forbidden_age_restricted_retries": errors.PermissionDeniedError,
    "forbidden_country_restricted_retries": errors.PermissionDeniedError,
    "forbidden_compromised_person_retries": errors.PermissionDeniedError,
    "forbidden_fake_document_retries": errors.PermissionDeniedError,
    "not_found": errors.NotFoundError,
    "request_timeout": errors.ServerTimeoutError,
    "duplicate_data": errors.ConflictError,
    "flow": errors.FlowError,
    "edit_denied": errors.ConflictError,
    "delete_denied": errors.ConflictError,
    "validation": errors.ValidationError,
    "applicant_exists": errors.ConflictError,
    "verification_exists": errors.ConflictError,
    "insufficient_data": errors.ValidationError,
    "limit_exceeded": errors.RateLimitError,
    "internal_server": errors.ServerError,
    **dict.fromkeys(_FILE_TYPES, errors.FileRefusedError),
}

_BY_STATUS: dict[int, type[ApiError]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.InsufficientFundsError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    408: errors.ServerTimeoutError,
    409: errors.ConflictError,
    413: errors.FileRefusedError,
    422: errors.ValidationError,
    429: errors.RateLimitError,
}


_IN_MESSAGES = frozenset(
    {
        *_FILE_TYPES,
        "inactive_account",
        "flow",
        "edit_denied",
        "delete_denied",
        "applicant_exists",
        "verification_exists",
        "insufficient_data",
    }
)
"""Codes that clients read from the message of the first field, too. ``limit_exceeded`` is none of them."""

_CODE: Final = r"(?a)[a-z][a-z0-9_]{0,63}"
_OF_OTHERS = {"title", "detail", "instance", "code", "statusCode", "status_code", "error_description"}
"""Keys of "problem details" (RFC 9457), of OAuth, and of what clouds and frameworks answer, but never KYCAID."""


_HARMLESS: Final = (
    r"(?a)(Type of (applicant|address)|Day of birth|Country of residence|Form ID) is not valid"
    r"|(First name|Last name|Date of birth|Country of residence|Email) is required"
    r"|Form ID was not found|Applicant is not compatible with this form|Rate limit exceeded"
    r"|Only one document with [A-Z_]{3,40} document type is allowed"
    r"|Document with type [A-Z_]{3,40} can not be more than \d{1,3}"
)
"""Sentences of the vendor that were seen and hold no data of a person. Any other may, and is not repeated in a text."""


def decode(endpoint: Endpoint[T], answer: Answer, ids: Mapping[str, str] | None = None) -> T:
    """Return what ``answer`` says. What was read may show no other ids than those that were asked for, by their names.

    Raises `DecodeError`, `RedirectError`, or the `ApiError` that fits; none of them knows of retries yet.
    """
    if answer.status != OK and not answer.is_success:
        raise _redirect(endpoint, answer) if answer.is_redirect else refusal(endpoint, answer)
    body = answer.body
    is_json = True
    try:
        if body and not body.isspace():
            found = endpoint.returns.decode(body)
            other = _of_another(found, ids) if ids and endpoint.method == "GET" else None
            if other is None:
                return found
            problem = f"it shows another object than was asked for, by its {other!r}"
        else:
            is_json = False
            return endpoint.returns.read(None)
    except Mismatch as mismatch:
        problem = str(mismatch) if is_json else "it is empty"
    except (ValueError, RecursionError):
        problem, is_json = f"it is not JSON (content type {content_type(answer)}){_whose(answer)}", False
    raise DecodeError(
        f"{endpoint.name}: the answer (HTTP {answer.status}) cannot be read: {problem}.",
        operation=endpoint.name,
        status=answer.status,
        body=body,
        maybe_processed=endpoint.replay is not Replay.SAFE,
        # JSON of another form comes again in that form; a broken page may not.
        retryable=endpoint.replayable and not is_json,
    )


def _of_another(found: object, ids: Mapping[str, str]) -> str | None:
    """Return the name of the id by which ``found`` is another object than was asked for, as a cache may give it."""
    for name, asked in ids.items():
        shown = getattr(found, name, None)
        if shown and shown.lower() != asked.lower():
            return name
    return None


def _redirect(endpoint: Endpoint[Any], answer: Answer) -> RedirectError:
    return RedirectError(
        f"{endpoint.name}: the answer is a redirect (HTTP {answer.status}). KYCAID sends none, and none is "
        "followed. Check base_url, and what stands between: proxies, firewalls, a network's login page.",
        operation=endpoint.name,
    )


def refusal(endpoint: Endpoint[Any], answer: Answer) -> ApiError:
    """Return the error for an answer that is not a success."""
    data = _json_or_none(answer.body)
    listed = _field_errors(data)
    code = _code(data, listed)
    if not _is_of_kycaid(data, code):
        return _foreign(endpoint, answer)
    named = ", ".join(code_or_mask(e.parameter) for e in listed[:MOST_NAMED] if e.parameter)
    named += f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    details = (
        f"HTTP {answer.status}"
        + (f", type {code_or_mask(code)}" if code else "")
        + (f", fields: {named}" if named else "")
    )
    sentences = dict.fromkeys(
        e.message for e in listed[:MOST_NAMED] if e.message and re.fullmatch(_HARMLESS, e.message)
    )
    return _error_class(answer.status, code)(
        f"{endpoint.name}: KYCAID refused the request ({details}).{''.join(f' {text}.' for text in sentences)}",
        operation=endpoint.name,
        status=answer.status,
        type=code,
        errors=listed,
        body=answer.body,
        retry_after=retry_after(answer.headers),
    )


def _foreign(endpoint: Endpoint[Any], answer: Answer) -> GatewayError:
    kind = content_type(answer) if answer.body else "empty"
    return GatewayError(
        f"{endpoint.name}: something between you and KYCAID answered, such as a gateway, proxy or firewall "
        f"(HTTP {answer.status}, {kind}): the answer does not have the form of KYCAID's.",
        operation=endpoint.name,
        status=answer.status,
        body=answer.body,
        retry_after=retry_after(answer.headers),
    )


def _whose(answer: Answer) -> str:
    """Return the end of a sentence about a success that is a page."""
    is_page = content_type(answer) in ("text/html", "application/xhtml+xml")
    return ": a page, perhaps of a gateway, proxy or firewall between you and KYCAID" if is_page else ""


def content_type(answer: Answer) -> str:
    """Return the media type of an answer without its parameters, if it is a usual one: others are text from outside."""
    found = answer.headers.get("Content-Type", "").partition(";")[0].strip()
    return found if re.fullmatch(_USUAL_TYPE, found) else "unknown"


_USUAL_TYPE: Final = (
    r"(?ai)(text|application|image)/"
    r"(html|plain|css|csv|(x-)?javascript|pdf|png|jpeg|gif|webp|octet-stream|([a-z]{1,10}\+)?(xml|json))"
)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given as a number or as a date.

    A date counts from the server's own ``Date`` header, so that a wrong clock on this side does no harm. None when
    the header is absent or unreadable.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        return float(text)
    moment, now = _http_date(text), _http_date(headers.get("Date", ""))
    return None if moment is None or now is None else max(0.0, (moment - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _json_or_none(body: bytes) -> Any:
    try:
        return loads(body)
    except (ValueError, RecursionError):
        return None


def _field_errors(data: Any) -> list[FieldError]:
    listed = data.get("errors") if isinstance(data, dict) else None
    return [
        FieldError(_text(entry.get("parameter")), _text(entry.get("message")))
        for entry in (listed[:MOST_ERRORS] if isinstance(listed, list) else [])
        if isinstance(entry, dict)
    ]


def _code(data: Any, listed: list[FieldError]) -> str | None:
    """Return the machine code, wherever it stands."""
    if listed and listed[0].message in _IN_MESSAGES:
        return listed[0].message
    if not isinstance(data, dict):
        return None
    nested = data.get("error")
    return _text(data.get("type")) or _text(nested.get("type") if isinstance(nested, dict) else nested)


def _is_of_kycaid(data: Any, code: str | None) -> bool:
    """Say whether JSON has the API's own form. In doubt it has not: then the server may have acted.

    A key named ``type``, ``error`` or ``errors`` is not enough, for others use these words too: problem details,
    cloud and OAuth gateways, web frameworks. A code that is known speaks for KYCAID, and so does an entry with a
    ``parameter``; a code of tomorrow does where nothing stands beside it that KYCAID does not send.
    """
    if not isinstance(data, dict):
        return False
    listed = data.get("errors")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if any("parameter" in entry or (code is not None and entry.get("message") == code) for entry in entries[:1]):
        return True
    if data.keys() & _OF_OTHERS or isinstance(data.get("status"), int):
        return False
    if code is not None and code == data.get("type"):
        return code in _BY_TYPE or (bool(re.fullmatch(_CODE, code)) and data.keys() <= {"type", "errors"})
    nested = data.get("error")
    bare = not isinstance(nested, dict) or nested.keys() <= {"type", "message"}
    return code in _BY_TYPE and bare and data.keys() <= {"type", "error", "errors"}


def _error_class(status: int, code: str | None) -> type[ApiError]:
    # An unknown affiliated person answers 404 with `validation`; to the caller it is not found.
    if status == NOT_FOUND:
        return errors.NotFoundError
    # A server that broke at its limit may have acted: only these two statuses say that it refused before.
    if code == LIMIT_EXCEEDED and status >= SERVER_FAULT and status != UNAVAILABLE:
        return errors.ServerError
    if code in _BY_TYPE:
        return _BY_TYPE[code]
    if status >= SERVER_FAULT:
        return errors.ServerError
    return _BY_STATUS.get(status, ApiError)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
