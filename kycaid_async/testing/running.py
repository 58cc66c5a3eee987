"""A sandbox for tests without an event loop: it runs in a thread of its own."""

import functools
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from anyio.from_thread import BlockingPortal, start_blocking_portal

from kycaid_async.sandbox import Faults
from kycaid_async.sandbox import Sandbox as AsyncSandbox
from kycaid_async.sync.threads import result_of

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

    counts = _blocking(AsyncSandbox.counts)
    deliveries = _blocking(AsyncSandbox.deliveries)
    file_digest = _blocking(AsyncSandbox.file_digest)
    next_outcome = _blocking(AsyncSandbox.next_outcome)
    settle = _blocking(AsyncSandbox.settle)
    decide = _blocking(AsyncSandbox.decide)
    applicants = _blocking(AsyncSandbox.applicants)
    documents = _blocking(AsyncSandbox.documents)
    verifications = _blocking(AsyncSandbox.verifications)
    balance = _blocking(AsyncSandbox.balance)
    set_balance = _blocking(AsyncSandbox.set_balance)
    form_switches = _blocking(AsyncSandbox.form_switches)
    switch_form = _blocking(AsyncSandbox.switch_form)
    resend = _blocking(AsyncSandbox.resend)


class Sandbox(AsyncSandbox, AbstractContextManager[RunningSandbox]):
    """A sandbox that is a plain context manager too: ``with Sandbox() as sandbox`` runs it in a thread of its own.

    ``async with Sandbox() as sandbox`` runs it in the event loop of the test, as `kycaid_async.sandbox.Sandbox`, whose
    options it takes.
    """

    _stack: ExitStack

    def __enter__(self) -> RunningSandbox:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="kycaid sandbox"))
            result_of(portal.start_task_soon(self.start))
            stack.callback(portal.call, self.stop)
            self._stack = stack.pop_all()
        return RunningSandbox(self, portal)

    def __exit__(self, *_: object) -> None:
        self._stack.close()
