"""Delivery of a callback to a receiver of the user's."""

import os
import time
from typing import Final
from urllib.parse import urlsplit

from kycaid_async.callbacks.signature import SIGNATURE_HEADER, sign
from kycaid_async.cli.problems import Problem, UsageProblem
from kycaid_async.errors import ConnectionFailedError
from kycaid_async.transport.settings import allow_http_of, may_be_plain

SECONDS: Final = 30.0
"""For an answer. How long KYCAID waits is not known."""
GOOD: Final = range(200, 300)
"""The statuses of an answer that takes a callback. The reference says 200; other 2xx are not tested."""


def signed(body: bytes, key: str) -> dict[str, str]:
    """Return the headers of a callback. Raises `ConfigurationError` for a key that is none."""
    return {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, key)}


def check_receiver(option: str, url: str) -> None:
    """Raise `UsageProblem` for what is no URL to send callbacks to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or not url.isprintable():
        raise UsageProblem(f"{option}: expected a URL as https://host/path, without a user")
    if parts.scheme == "http" and not may_be_plain(host, allow_http_of(os.environ.get("KYCAID_ALLOW_HTTP"))):
        raise UsageProblem(
            f"{option}: a callback without TLS can be read and repeated by others; use https, or inside a network "
            "that is yours allow the host by name: KYCAID_ALLOW_HTTP"
        )


async def deliver(url: str, headers: dict[str, str], body: bytes) -> tuple[int, float]:
    """Post a callback, and return the status of the answer and the seconds. Raises `ConnectionFailedError`."""
    import aiohttp

    started = time.perf_counter()
    try:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, time.perf_counter() - started
    except TimeoutError:
        problem = f"no answer within {SECONDS:g} seconds"
    except (aiohttp.ClientError, OSError) as error:
        problem = f"no answer ({type(error).__name__})"
    except ValueError:
        raise Problem("the URL of the receiver cannot be used") from None
    raise ConnectionFailedError(f"the receiver gave {problem}. Check its URL, and that it runs.")
