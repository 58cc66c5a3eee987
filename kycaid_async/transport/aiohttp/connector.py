"""A connector whose connections are alive when they are handed out."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from kycaid_async.loops import let_loop_read
from kycaid_async.transport.aiohttp.parts import make_protocols_of
from kycaid_async.transport.aiohttp.resolver import resolver_options
from kycaid_async.transport.aiohttp.sockets import has_news, patient_socket

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

Task = asyncio.Task[Any] | None

UNLIMITED: Final = aiohttp.ClientTimeout(total=None)
"""No limits of aiohttp's: they do not ask what has arrived. See `AttemptTimeout` for ours."""
_TRIES: Final = 3
"""How many connections are looked at. While the loop looks at one, it notices the end of all others in the pool."""


class Connector(aiohttp.TCPConnector):
    """Makes and keeps the connections of one session."""

    def __init__(self, *, limit: int) -> None:
        from kycaid_async.transport.aiohttp.protocol import AnswerProtocol  # fails where aiohttp has another

        super().__init__(limit=limit, socket_factory=patient_socket, **resolver_options())
        make_protocols_of(self, AnswerProtocol)
        self._waiting: dict[Task, tuple[Callable[[], None], bool]] = {}
        self._once = False

    def refuse_repeats(self) -> None:
        """Give a request that must not be repeated one connection only: aiohttp would repeat it on another.

        For an aiohttp that no longer has the switch which turns that off.
        """
        self._once = True

    def expect(self, connected: Callable[[], None], *, certain: bool) -> None:
        """Call ``connected`` once the request that this task is about to make through the session has a connection.

        With ``certain``, find one that surely lives.
        """
        self._waiting[asyncio.current_task()] = connected, certain

    def forget(self) -> None:
        """Call nothing any more for this task."""
        self._waiting.pop(asyncio.current_task(), None)

    async def connect(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: "aiohttp.ClientTimeout",  # noqa: ASYNC109 - as aiohttp has it
    ) -> "Connection":
        """Return a connection from the pool, or a new one. aiohttp calls this."""
        task = asyncio.current_task()
        connected, certain = self._waiting.pop(task, (None, False))
        if connected is not None and certain and self._once:
            self._waiting[task] = _refuse, certain
        if connected is _refuse:
            raise aiohttp.ServerDisconnectedError
        connection = await self.living(req, traces, timeout, certain=certain)
        if connected is not None:
            connected()
        return connection

    async def living(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: "aiohttp.ClientTimeout",  # noqa: ASYNC109 - as aiohttp has it
        *,
        certain: bool,
    ) -> "Connection":
        """Return a connection over which nothing came that nobody had asked for; with ``certain``, one that lives.

        The end of an idle connection can be waiting to be noticed. Sent into it, a request would be lost, and nobody
        could tell whether the server had it. So when something can be read from it, the loop has to read that first.
        """
        for _ in range(_TRIES):
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or connection.protocol.should_close:
                connection.close()
            elif not (certain and has_news(connection.transport)) or await _lives_on(connection):
                return connection
        raise aiohttp.ServerDisconnectedError


def _refuse() -> None:
    """Mark a task that had its one connection."""


async def _lives_on(connection: "Connection") -> bool:
    """Let the loop read, for which it needs two iterations, and say whether the connection can still be used."""
    try:
        await let_loop_read()
        protocol = connection.protocol
        if protocol is not None and protocol.is_connected() and not protocol.should_close:
            return True
    except BaseException:
        connection.close()
        raise
    connection.close()
    return False
