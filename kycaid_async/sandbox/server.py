"""The sandbox: start it, point a client at it, stop it."""

import asyncio
import hashlib
import os
import re
import socket
from collections.abc import Callable, Collection, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

import attrs
from aiohttp import web
from anyio import CancelScope, to_thread

from kycaid_async.errors import ConfigurationError
from kycaid_async.loops import running_loop, stop_accepting
from kycaid_async.masking import ValueObject
from kycaid_async.options import FUNCTION, TEXT, Kind, is_whole, whole
from kycaid_async.sandbox.application import Application
from kycaid_async.sandbox.callbacks.dispatcher import CallbackDispatcher
from kycaid_async.sandbox.control import Control
from kycaid_async.sandbox.events.feed import Delivery
from kycaid_async.sandbox.events.tasks import Sleep, Waits
from kycaid_async.sandbox.faults import Faults
from kycaid_async.sandbox.handlers.verifications import completed_callback
from kycaid_async.sandbox.http.access import SHORTEST_KEY, SignedUrls
from kycaid_async.sandbox.http.listening import SANDBOX_KEY, bind, is_loopback, silent, url_of
from kycaid_async.sandbox.review.background import BackgroundWork, Finisher
from kycaid_async.sandbox.review.content import require_pillow
from kycaid_async.sandbox.review.reviewer import Reviewer
from kycaid_async.sandbox.rules.rules import REFUSED_COUNTRIES, RULES, Rule
from kycaid_async.sandbox.state import Review, SandboxSettings, SandboxState, opened
from kycaid_async.tracebacks import bordered

_MAX_PORT: Final = 65_535
_MEBIBYTE: Final = 1 << 20
_FOLDER: Final = Kind("the path of a folder", lambda value: isinstance(value, str | os.PathLike)).or_none("none")
_KEY: Final = Kind(
    "text without spaces, as keys have it",
    lambda value: isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value) is not None,
)
_SEED: Final = Kind("a whole number", is_whole, is_number=True)
_SHUTDOWN_SECONDS: Final = 2.0

P = ParamSpec("P")
R = TypeVar("R")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen(eq=False, repr=False)
class _Started(ValueObject):
    state: SandboxState
    url: str
    background: BackgroundWork
    control: Control
    stack: AsyncExitStack


def _controlled(method: Callable[Concatenate[Control, P], R]) -> "Callable[Concatenate[Sandbox, P], R]":
    """Let a method of `Control` be one of the running sandbox."""

    @wraps(method)
    def forwarded(sandbox: "Sandbox", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return method(sandbox.control, *args, **kwargs)

    return forwarded


class Sandbox:
    """A KYCAID of your own on this machine: stateful, over real HTTP, with simple rules of review.

    ``async with Sandbox() as sandbox: AsyncKycaid(sandbox.api_key, base_url=sandbox.url)``.

    * ``api_key``: the key it accepts.
    * ``host``, ``port``: where it listens. Port 0 picks a free one. A host other than loopback needs a key of its own,
      of 16 characters or more.
    * ``data``: a folder that keeps its state, also through a kill. Default: everything is gone when it stops; what
      a kill left is removed when the next sandbox of the same user starts.
    * ``review``: ``rules``, or ``manual`` where documents and verifications stay as they are until `decide`.
    * ``review_after``: seconds from the creation or last change of a document to its review, and from the creation of
      a verification to its end.
    * ``rules``: what is looked at, in the place of `kycaid_async.sandbox.RULES`.
    * ``refused_countries``: two letters each, for the rule about jurisdictions.
    * ``strict``: refuse what is not proven of the real service; ``sandbox.handlers.strict`` lists all of it.
    * ``balance``: euros on the account of a sandbox without data so far; each verification and paid service takes its
      fee, and is refused with 402 when too little is left. None for an account that never runs out.
    * ``attempts``: how many verifications an applicant may have; None for no limit.
    * ``applicants_per_minute``: creating more is refused with 429 ``limit_exceeded``; None for no limit.
    * ``max_file_size``: the largest upload it takes, in bytes.
    * ``callback_url``: where callbacks go for which no request named a URL. Default: nowhere.
    * ``clock``: a function that returns the time, aware.
    * ``sleep``: waits for seconds of that clock: for the end of a verification, before a callback is sent again, and in
      faults.
    * ``seed``: what the chance of ``faults`` depends on.

    Raises `ConfigurationError` for options that cannot be, and for a host that others can reach with the key that
    everybody knows or a short one.
    """

    @bordered
    def __init__(
        self,
        *,
        api_key: str = SANDBOX_KEY,
        host: str = "127.0.0.1",
        port: int = 0,
        data: str | os.PathLike[str] | None = None,
        review: Review = "rules",
        review_after: float = 0.0,
        rules: Iterable[Rule] = RULES,
        refused_countries: Collection[str] = REFUSED_COUNTRIES,
        strict: bool = False,
        balance: float | None = None,
        attempts: int | None = None,
        applicants_per_minute: int | None = None,
        max_file_size: int = 64 * _MEBIBYTE,
        callback_url: str | None = None,
        clock: Callable[[], datetime] = _utc_now,
        sleep: Sleep = asyncio.sleep,
        seed: int = 0,
    ) -> None:
        _KEY.check("api_key", api_key)
        TEXT.check("host", host)
        whole(0, _MAX_PORT).check("port", port)
        _FOLDER.check("data", data)
        whole(1).check("max_file_size", max_file_size)
        for name, function in (("clock", clock), ("sleep", sleep)):
            FUNCTION.check(name, function)
        _SEED.check("seed", seed)
        if api_key == SANDBOX_KEY and not is_loopback(host):
            raise ConfigurationError(
                f"others can reach {host}, and everybody knows the sandbox's own key: give it an api_key, or a "
                "loopback host"
            )
        if len(api_key) < SHORTEST_KEY and not is_loopback(host):
            raise ConfigurationError(
                f"others can reach {host}: give it an api_key of {SHORTEST_KEY} characters or more"
            )
        self.api_key = api_key
        """The key it accepts."""
        self.faults = Faults(seed)
        """What goes wrong on purpose: ``sandbox.faults.add(Fault("429", probability=0.1))``."""
        self._host = host
        self._port = port
        self._data = None if data is None else Path(data)
        self._max_file_size = max_file_size
        self._settings = SandboxSettings(
            strict=strict,
            review=review,
            review_after=review_after,
            rules=rules,
            refused_countries=refused_countries,
            applicants_per_minute=applicants_per_minute,
            attempts=attempts,
            balance=balance,
            callback_url=callback_url,
        )
        self._clock = clock
        self._sleep = sleep
        self._running: _Started | None = None

    @property
    def url(self) -> str:
        """Its URL, for example ``http://127.0.0.1:43210``. Raises `ConfigurationError` when it does not."""
        return self._require_running().url

    @property
    def control(self) -> Control:
        """The control that the methods below act through. Raises `ConfigurationError` when it is not running."""
        return self._require_running().control

    next_outcome = _controlled(Control.next_outcome)
    decide = _controlled(Control.decide)
    applicants = _controlled(Control.applicants)
    documents = _controlled(Control.documents)
    verifications = _controlled(Control.verifications)
    balance = _controlled(Control.balance)
    set_balance = _controlled(Control.set_balance)
    form_switches = _controlled(Control.form_switches)
    switch_form = _controlled(Control.switch_form)
    resend = _controlled(Control.resend)
    reset = _controlled(Control.reset)
    watch = _controlled(Control.watch)

    async def start(self) -> None:
        """Open the state and listen. Raises `ConfigurationError` when that is not possible."""
        if self._running is not None:
            raise ConfigurationError("the sandbox is running already")
        running_loop()
        require_pillow()
        stack = AsyncExitStack()
        try:
            self._running = await self._open(stack)
        except BaseException:
            await _unwind(stack)
            raise

    async def stop(self) -> None:
        """Finish the requests that are running, stop listening, and let the state go. Harmless when not running.

        The faults that are on are cleared. It is done also where the scope around it was cancelled, and takes a few
        seconds at most.
        """
        running, self._running = self._running, None
        if running is not None:
            self.faults.clear()
            await _unwind(running.stack)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def counts(self) -> dict[str, int]:
        """Return how many ``applicants``, ``documents``, ``files`` and ``addresses`` there are.

        For tests and demonstrations: it queries the database in the calling thread.
        """
        return self._require_running().state.look_blocking(lambda unit: unit.counts())

    def deliveries(self) -> list[Delivery]:
        """Return the callbacks that were sent, oldest first, with what became of each so far; the last 1000."""
        return self._require_running().background.dispatcher.deliveries()

    async def settle(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - there is a message to be given
        """End every verification that is due, and wait until no callback is under way, also none between attempts.

        Raises `TimeoutError` when that takes more than ``timeout`` seconds, with what the receivers answered so far.
        Without a ``timeout`` it raises after a few seconds where every callback that is under way failed twice: nobody
        listens there, say. The sandbox goes on trying.
        """
        background = self._require_running().background
        if timeout is None:
            if not await background.settle_unless_hopeless():
                raise TimeoutError(f"{self._undelivered()}. To wait for further attempts give settle() a timeout=")
            return
        try:
            async with asyncio.timeout(timeout):
                await background.settle()
        except TimeoutError:
            raise TimeoutError(self._undelivered(f" within {timeout} s")) from None

    def _undelivered(self, limit: str = "") -> str:
        pending = [one for one in self.deliveries() if not one.arrived]
        noun = "callback" if len(pending) == 1 else "callbacks"
        return f"{len(pending)} {noun} did not arrive{limit}. {'; '.join(map(str, pending[-3:]))}"

    def file_digest(self, file_id: str) -> str:
        """Return the SHA-256 of a stored file as hexadecimal text, read from the disk. Raises `KeyError`."""
        state = self._require_running().state
        row = state.look_blocking(lambda unit: unit.files.find(file_id))
        if row is None:
            raise KeyError(file_id)
        with (state.folder / row["stored_as"]).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def _require_running(self) -> _Started:
        if self._running is None:
            raise ConfigurationError("the sandbox is not running: call start() first, or use async with")
        return self._running

    async def _open(self, stack: AsyncExitStack) -> _Started:
        state = await stack.enter_async_context(opened(self._data, self._clock, self._settings))
        # Bound before anything is built, because answers and callbacks hold URLs with the port.
        bound = await to_thread.run_sync(bind, self._host, self._port)
        stack.callback(bound.close)
        url = url_of(self._host, bound.getsockname()[1])
        urls = SignedUrls(url, self.api_key.encode())
        reviewer = Reviewer(state)
        finisher = Finisher(state, reviewer, partial(completed_callback, settings=state.settings, urls=urls))
        background = BackgroundWork(CallbackDispatcher(state, self.api_key, self._sleep), finisher, self._sleep)
        stack.push_async_callback(background.close)
        control = Control(state, reviewer, background)
        application = Application(
            state=state,
            reviewer=reviewer,
            background=background,
            control=control,
            urls=urls,
            faults=self.faults,
            waits=Waits(self._sleep),
            max_file_size=self._max_file_size,
            api_key=self.api_key,
        )
        await _serve(application, bound, stack)
        await background.resume()
        return _Started(state, url, background, control, stack)


async def _serve(application: Application, bound: socket.socket, stack: AsyncExitStack) -> None:
    """Serve an application on a bound socket until ``stack`` ends."""
    # Compressed bodies are not known of the API, and unpacking them would hold the others up.
    runner = web.AppRunner(
        application.build(),
        access_log=None,
        logger=silent(),
        shutdown_timeout=_SHUTDOWN_SECONDS,
        auto_decompress=False,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, bound).start()
    stack.push_async_callback(stop_accepting, bound.fileno())
    # Before the runner waits for open connections: some of them only wait for events.
    stack.callback(application.state.feed.close)


async def _unwind(stack: AsyncExitStack) -> None:
    # What is personal goes, whoever was cancelled.
    with CancelScope(shield=True):
        await stack.aclose()
