"""A sandbox for tests without an event loop: it runs in a thread of its own."""

import functools
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from anyio.from_thread import BlockingPortal, start_blocking_portal

from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox import Faults
from kycaid_async.sandbox import Sandbox as AsyncSandbox
from kycaid_async.sync.threads import result_of
from kycaid_async.testing.applications import ReceiverLoop, RedirectedCallbacks, is_in, post_to, within

P = ParamSpec("P")
R = TypeVar("R")


@overload
def _blocking(
    method: Callable[Concatenate[AsyncSandbox, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate["RunningSandbox", P], R]: ...
@overload
def _blocking(method: Callable[Concatenate[AsyncSandbox, P], R]) -> Callable[Concatenate["RunningSandbox", P], R]: ...
def _blocking(method: Any) -> Any:
    """Return the blocking twin of ``method``, for any thread."""

    @functools.wraps(method)
    def call(running: "RunningSandbox", /, *args: Any, **kwargs: Any) -> Any:
        bound = functools.partial(method, running._sandbox, *args, **kwargs)  # noqa: SLF001 - becomes its method
        return result_of(running._portal.start_task_soon(bound))  # noqa: SLF001 - the same

    return call


class RunningSandbox:
    """A sandbox in a thread of its own. Its methods are those of `kycaid_async.sandbox.Sandbox`, without ``await``.

    It has no ``start`` and ``stop``, for it runs as long as its ``with``, and neither ``watch`` nor ``control``, which
    belong to the event loop of the sandbox: for those use ``async with Sandbox() as sandbox``.

    They can be called from any thread. Where callbacks go to the event loop of the test itself, as in an asynchronous
    test with a receiver of its own, do not hold that loop up: ``await asyncio.to_thread(sandbox.settle)``.
    """

    def __init__(self, sandbox: AsyncSandbox, portal: BlockingPortal) -> None:
        self._sandbox = sandbox
        self._portal = portal
        self._receivers = ReceiverLoop()

    @property
    def api_key(self) -> str:
        """The key it accepts."""
        return self._sandbox.api_key

    @property
    def url(self) -> str:
        """Its URL."""
        return self._sandbox.url

    @property
    def faults(self) -> Faults:
        """Faults on demand: ``sandbox.faults.add(Fault("429", probability=0.1))``."""
        return self._sandbox.faults

    def callbacks_to(self, app: Any, *, path: str = "/") -> RedirectedCallbacks:
        """Deliver all callbacks into an ASGI or WSGI application, without a port: signed, and by the sandbox's rules.

        ``with kycaid_sandbox.callbacks_to(app, path="/kycaid"): …``, or without ``with`` to the end of the sandbox. The
        path is that of callbacks for which no request names a URL; of others it is the path of their URL, whatever
        its host.

        An ASGI application runs in the event loop in which this is called: in an asynchronous test do not hold it up,
        ``await asyncio.to_thread(kycaid_sandbox.settle)``. In other tests it runs in a loop of its own. Its lifespan is
        not run. Raises `ConfigurationError` for aiohttp.web, which has neither interface, and for what is no path.
        """
        post = post_to(app)
        return RedirectedCallbacks(self._sandbox.control.receiver, within(self._receivers.choose(), post), path)

    def settle(self, *, timeout: float | None = None) -> None:
        """End every verification that is due, and wait until no callback is under way; see `Sandbox.settle`.

        Raises `ConfigurationError` where callbacks go to the event loop that this would hold up, and `TimeoutError`.
        """
        if self._sandbox.control.receiver.post is not None and is_in(self._receivers.chosen):
            raise ConfigurationError(
                "settle() would wait for callbacks that the loop of this test has to take: "
                "await asyncio.to_thread(kycaid_sandbox.settle)"
            )
        self._settle(timeout=timeout)

    counts = _blocking(AsyncSandbox.counts)
    deliveries = _blocking(AsyncSandbox.deliveries)
    file_digest = _blocking(AsyncSandbox.file_digest)
    next_outcome = _blocking(AsyncSandbox.next_outcome)
    _settle = _blocking(AsyncSandbox.settle)
    decide = _blocking(AsyncSandbox.decide)
    applicants = _blocking(AsyncSandbox.applicants)
    documents = _blocking(AsyncSandbox.documents)
    verifications = _blocking(AsyncSandbox.verifications)
    balance = _blocking(AsyncSandbox.balance)
    set_balance = _blocking(AsyncSandbox.set_balance)
    form_switches = _blocking(AsyncSandbox.form_switches)
    switch_form = _blocking(AsyncSandbox.switch_form)
    resend = _blocking(AsyncSandbox.resend)
    reset = _blocking(AsyncSandbox.reset)


class Sandbox(AsyncSandbox, AbstractContextManager[RunningSandbox]):
    """A sandbox that is a plain context manager too: ``with Sandbox() as sandbox`` runs it in a thread of its own.

    ``async with Sandbox() as sandbox`` runs it in the event loop of the test, as `kycaid_async.sandbox.Sandbox`, whose
    options it takes.
    """

    _stack: ExitStack

    def callbacks_to(self, app: Any, *, path: str = "/") -> RedirectedCallbacks:
        """Deliver all callbacks into an application in this event loop; see `RunningSandbox.callbacks_to`."""
        return RedirectedCallbacks(self.control.receiver, post_to(app), path)

    def __enter__(self) -> RunningSandbox:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="kycaid sandbox"))
            running = RunningSandbox(self, portal)
            stack.callback(running._receivers.close)  # noqa: SLF001 - of this module
            result_of(portal.start_task_soon(self.start))
            stack.callback(portal.call, self.stop)
            self._stack = stack.pop_all()
        return running

    def __exit__(self, *_: object) -> None:
        self._stack.close()
