"""The tables of operations, and of what is sent again, from their declarations."""

import copy
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kycaid_async.errors import (
    ConnectionFailedError,
    ConnectionLostError,
    GatewayError,
    KycaidError,
    RateLimitError,
    RedirectError,
    RequestTimeoutError,
    ServerError,
)

if TYPE_CHECKING:
    from kycaid_async.protocol.endpoint import Endpoint

HELP = """List every operation: how well it is known, and whether it is repeated after a lost answer."""
HEADINGS = ("operation", "request", "known from", "sent again after a lost answer")

_NAMES: Final = 24
_SHORT: Final = {"yes": "yes", "never (duplicates)": "no", "never (billed)": "fee"}
_LEGEND: Final = (
    "Known from: documented, observed or inferred. Sent again after a lost answer:",
    "yes; no, as that could make a second one; fee, as that could cost a second fee.",
    "",
)
_ID: Final = re.compile(r"\{\w+_id\}")
_LIMIT: Final = "limit_exceeded"
_HAPPENED: Final[dict[str, list[KycaidError]]] = {
    "never connected": [
        ConnectionFailedError(retryable=True),
        RequestTimeoutError(phase="connect"),
    ],
    "KYCAID's `limit_exceeded` (429, 503)": [
        RateLimitError(status=429, type=_LIMIT),
        RateLimitError(status=503, type=_LIMIT),
    ],
    "a gateway's 429 or 503": [
        GatewayError(status=429),
        GatewayError(status=503),
    ],
    "a lost answer, a time-out, any other 5xx": [
        ConnectionLostError(),
        RequestTimeoutError(phase="read"),
        ServerError(status=503, type="internal_server"),
        GatewayError(status=502),
    ],
    "a gateway's other 4xx, a redirect": [
        GatewayError(status=403),
        GatewayError(status=404),
        RedirectError(),
    ],
}
"""What can come of an attempt, each with examples that are judged alike."""
_GROUPS: Final = (
    ("safe", False),
    ("idempotent", False),
    ("duplicates", True),
    ("duplicates", False),
    ("billed", False),
)
"""Replay classes, and whether only an orphan can come of a repetition; in the order of the table."""


def operations(
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as it stands in the README.")] = False,
    repeats: Annotated[
        bool, typer.Option("--repeats", help="Print which are sent again after what, as it stands in the README.")
    ] = False,
) -> None:
    """Run ``kycaid operations``."""
    typer.echo(repeats_as_markdown() if repeats else as_markdown() if markdown else as_text(), nl=False)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield a row for each operation, by section and name."""
    from kycaid_async.api.catalog import ENDPOINTS

    for endpoint in sorted(ENDPOINTS.values(), key=lambda e: e.name.split(".")):
        again = "yes" if endpoint.replayable else f"never ({endpoint.replay})"
        yield endpoint.name, f"{endpoint.method} {endpoint.path}", str(endpoint.evidence), again


def as_markdown() -> str:
    """Return the table as it stands in the README."""
    return _table(
        HEADINGS, ((f"`{name}`", f"`{request}`", evidence, again) for name, request, evidence, again in rows())
    )


def repeats_as_markdown() -> str:
    """Return what is sent again after what, as it stands in the README."""
    from kycaid_async.api.catalog import ENDPOINTS

    endpoints = sorted(ENDPOINTS.values(), key=lambda e: (_GROUPS.index(_group(e)), e.name))
    groups = [list(group) for _, group in groupby(endpoints, key=_group)]
    return _table(
        ("", *_HAPPENED),
        (
            (", ".join(f"`{e.name}`" for e in group), *(_sent_again(group[0], errors) for errors in _HAPPENED.values()))
            for group in groups
        ),
    )


def _group(endpoint: "Endpoint[object]") -> tuple[str, bool]:
    return str(endpoint.replay), endpoint.orphans_only


def _sent_again(endpoint: "Endpoint[object]", errors: Iterable[KycaidError]) -> str:
    """Say whether it is sent again, which has to be the same for all ``errors``."""
    (said,) = {_verdict(endpoint, copy.copy(error)) for error in errors}
    return said


def _verdict(endpoint: "Endpoint[object]", error: KycaidError) -> str:
    from kycaid_async.protocol.retry import Retry, RetryPolicy, decide

    policy = RetryPolicy()
    first, late = (
        decide(endpoint, error, attempt=attempt, policy=policy, remaining=policy.cap * 2, chance=1.0)
        for attempt in (1, policy.max_retries + 1)
    )
    if isinstance(late, Retry):
        return "until the time is over"
    if isinstance(first, Retry):
        return "yes"
    return "never: `maybe_processed`" if error.maybe_processed else "no"


def _table(headings: tuple[str, ...], cells: Iterable[tuple[str, ...]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def as_text() -> str:
    """Return the table in 80 columns: of a request's ids, only that they are ids."""
    lines = [
        f"{evidence[:3]}  {_SHORT[again]:<3} {name:<{_NAMES}} {_ID.sub('{id}', request)}"
        for name, request, evidence, again in rows()
    ]
    return "\n".join([*_LEGEND, *lines]) + "\n"
