"""Callbacks: what they say, and their delivery, signed and again and again until the receiver answers 200."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import anyio
import attrs

from kycaid_async.callbacks.events import CallbackType
from kycaid_async.callbacks.signature import SIGNATURE_HEADER, sign
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.data.ids import new_id
from kycaid_async.sandbox.events.feed import OK, PAUSES, Callback, Delivery, DeliveryChanged, Post, QueuedCallback
from kycaid_async.sandbox.events.tasks import Sleep, Tasks
from kycaid_async.sandbox.state import SandboxState
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.values.json import dumps
from kycaid_async.values.scalars import read_time, write_time


def verification_answer(row: Row) -> dict[str, Any]:
    """Return a verification as ``verifications.get`` answers it."""
    return {
        "verification_id": row["id"],
        "applicant_id": row["applicant_id"],
        "status": row["status"],
        "verified": None if row["verified"] is None else bool(row["verified"]),
        "verifications": row["checks"],
        "form_id": row["form_id"],
        "form_token": row["form_token"],
        "verification_attempts_left": row["attempts_left"],
    }


def verification_completed(row: Row, applicant: dict[str, Any] | None) -> Callback:
    """Return the callback that says how a verification ended, with its applicant where that is to be in it."""
    # Observed: handlers find their user by it, here or in the applicant.
    body = verification_answer(row) | {"external_applicant_id": row["external_applicant_id"]}
    whole = body if applicant is None else body | {"applicant": applicant}
    return _callback(CallbackType.VERIFICATION_COMPLETED, whole, row["callback_url"])


def verification_status_changed(row: Row) -> Callback:
    """Return the callback that says that a verification runs now."""
    names = ("applicant_id", "external_applicant_id", "form_id", "form_token")
    body = {
        "verification_id": row["id"],
        "verification_status": row["status"],
        "verification_attempts_left": row["attempts_left"],
        **{name: row[name] for name in names},
    }
    return _callback(CallbackType.VERIFICATION_STATUS_CHANGED, body, row["callback_url"])


def service_result(service: str, service_request_id: str, result: Any, url: str | None) -> Callback:
    """Return the callback with the result of a service."""
    body = {
        "service_request_id": service_request_id,
        "service_request_type": service,
        "service_request_status": "success",
        "result": result,
        "errors": [],
    }
    return _callback(CallbackType.SERVICE_RESULT, body, url)


def _callback(kind: CallbackType, body: dict[str, Any], url: str | None) -> Callback:
    return Callback({"type": kind.value, "request_id": new_id(), **body}, url)


logger = logging.getLogger("kycaid_async.sandbox")

TIMEOUT: Final = 5.0
"""Seconds that a receiver has to answer."""
REMEMBERED: Final = 1000
"""Deliveries that are remembered; older ones are forgotten."""
_TWICE: Final = 2
_AT_ONCE: Final = 8
"""Callbacks that are posted at the same time."""


@attrs.define(eq=False, repr=False)
class _Round(ValueObject):
    """The attempts of one delivery that is under way."""

    again: bool = False
    """Whether it is to begin anew."""
    nap: anyio.CancelScope | None = None
    """The pause between two attempts, while there is one."""

    def restart(self) -> None:
        """Begin anew, at once."""
        self.again = True
        if self.nap is not None:
            self.nap.cancel()


class CallbackDispatcher:
    """Delivers callbacks. Their order is not kept: a later one may overtake one that is tried again."""

    def __init__(self, state: SandboxState, api_key: str, sleep: Sleep) -> None:
        self._state = state
        self._key = api_key
        self._sleep = sleep
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._tasks = Tasks()
        self._rounds: dict[str, _Round] = {}
        self._history: dict[str, Delivery] = {}
        # Of the answers of receivers only the status is of interest.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT), cookie_jar=aiohttp.DummyCookieJar()
        )

    def send(self, callbacks: Iterable[QueuedCallback]) -> None:
        """Deliver these in the background, each as often as is left of its attempts."""
        for queued in callbacks:
            self._begin(queued)

    async def resume(self) -> None:
        """Deliver what was not delivered when the sandbox was stopped or killed, and remember what was."""
        latest, due = await self._state.look(lambda unit: (unit.callbacks.latest(REMEMBERED), unit.callbacks.due()))
        for queued in latest:
            self._remember(queued)
        self.send(due)

    async def send_again(self, request_id: str) -> None:
        """Deliver a callback once more, and try as often as at first. Raises `KeyError` for one that is not known.

        One that is just being delivered is not posted twice at a time: its attempts begin anew.
        """
        queued = await self._state.run(lambda unit: unit.callbacks.renew(request_id))
        if queued is None:
            raise KeyError(request_id)
        # Only now: while the change was committed a delivery may have begun, or ended and used it up.
        self._begin(queued).restart()

    def deliveries(self) -> list[Delivery]:
        """Return what was sent, oldest first, with the present state of each."""
        return list(self._history.values())

    @property
    def is_hopeless(self) -> bool:
        """True when something is under way, and each of it failed twice or more."""
        running = [self._history[id_] for id_ in self._rounds if id_ in self._history]
        return bool(running) and all(one.attempts >= _TWICE and not one.arrived for one in running)

    @property
    def is_idle(self) -> bool:
        """True when nothing is under way."""
        return not self._tasks

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        await self._tasks.finished()

    async def forget(self) -> None:
        """Deliver nothing of what is under way, and remember nothing of what was."""
        await self._tasks.cancel()
        self._history.clear()

    async def close(self) -> None:
        """Leave what is under way for the next start."""
        await self._tasks.close()
        await self._session.close()

    def _begin(self, queued: QueuedCallback) -> _Round:
        """Return the delivery of a callback: the one that is under way, or a new one."""
        if (running := self._rounds.get(queued.id)) is not None:
            return running
        attempts = self._rounds[queued.id] = _Round()
        self._tasks.start(self._deliver(queued, attempts))
        return attempts

    async def _deliver(self, first: QueuedCallback, this: _Round) -> None:
        queued: QueuedCallback | None = first
        delivery = self._remember(first)
        try:
            while queued is not None and (queued.left or this.again):
                if this.again:
                    this.again = False
                    queued = await self._state.run(lambda unit: unit.callbacks.renew(first.id))
                    continue
                queued = await self._attempt(queued)
                if queued is None:
                    break
                delivery = self._remember(queued)
                if queued.left and not this.again:
                    with anyio.CancelScope() as this.nap:
                        await self._sleep(PAUSES[-queued.left])
        finally:
            del self._rounds[first.id]
        verdict = "arrived" if delivery.arrived else "given up"
        logger.info("%s %s after %d attempts", delivery.type, verdict, delivery.attempts)

    async def _attempt(self, queued: QueuedCallback) -> QueuedCallback | None:
        status, error = await self._post(queued.url, dumps(queued.body))
        tried_at, arrived = write_time(self._state.clock()), status == OK
        return await self._state.run(
            lambda unit: unit.callbacks.note_attempt(
                queued.id, status, error, tried_at, arrived=arrived, remembered=REMEMBERED
            )
        )

    def _remember(self, queued: QueuedCallback) -> Delivery:
        delivery = Delivery(
            type=queued.body["type"],
            request_id=queued.id,
            host=_host(queued.url),
            url=_shown(queued.url),
            applicant_id=queued.body.get("applicant_id"),
            status=queued.status,
            error=queued.error,
            attempts=queued.attempts,
            left=queued.left,
            tried_at=None if queued.tried_at is None else read_time(queued.tried_at),
        )
        self._history[queued.id] = delivery
        if len(self._history) > REMEMBERED:
            del self._history[next(iter(self._history))]
        self._state.feed.publish([DeliveryChanged(delivery=delivery)])
        return delivery

    async def _post(self, url: str, body: bytes) -> tuple[int | None, str | None]:
        """Post a body, and return the status of the answer, or None with the reason that there was none."""
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, self._key)}
        async with self._at_once:
            if self._state.receiver.post is not None:
                return await _handed(self._state.receiver.post, url, body, headers)
            try:
                async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                    return response.status, None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                return None, _reason(error)


async def _handed(post: Post, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int | None, str | None]:
    """Hand a body to an application, as a server does: one that raises has answered 500."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await post(url, body, headers), None
    except TimeoutError:
        return None, _TOO_LATE
    except Exception as error:  # noqa: BLE001 - the application is the user's code
        # Its text may be personal.
        return _RAISED, f"the application raised {type(error).__name__}"


_TOO_LATE: Final = f"no answer within {TIMEOUT:g} s"
_RAISED: Final = 500
_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TimeoutError, _TOO_LATE),
    (aiohttp.ClientConnectorDNSError, "no such host"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (aiohttp.ClientConnectorError, "cannot connect"),
    (aiohttp.InvalidURL, "the URL cannot be called"),
    (ConnectionError, "the connection was cut"),
    (aiohttp.ClientConnectionError, "the connection was cut"),
    (aiohttp.ClientResponseError, "the answer was no HTTP"),
    (ValueError, "the URL cannot be called"),
)


def _reason(error: Exception) -> str:
    """Return why there was no answer, in words that hold nothing of the URL."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return "connection refused"
    return next((words for kind, words in _REASONS if isinstance(error, kind)), type(error).__name__)


def _shown(url: str) -> str:
    """Return a URL without its query and without a name before the host: these may be secret."""
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "(not a URL)"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
