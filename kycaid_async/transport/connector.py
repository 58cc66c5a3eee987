"""Connections that are alive when they are handed out."""

import asyncio
import select
import socket
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    from kycaid_async.transport.watch import Watch

Task = asyncio.Task[Any] | None


class Connector(aiohttp.TCPConnector):
    """Makes and keeps the connections of one session."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=limit)
        self._waiting: dict[Task, tuple[Watch, bool]] = {}

    def expect(self, watch: "Watch", *, alive: bool) -> None:
        """Tell ``watch`` when the request of its task has a connection; with ``alive``, find one that surely is.

        The end of an idle connection can be waiting to be noticed. Sent into it, a request would be lost, and nobody
        could tell whether the server had it. So when something can be read from it, the loop has to read that first.
        """
        self._waiting[watch.task] = watch, alive

    def forget(self, watch: "Watch") -> None:
        """Tell ``watch`` nothing any more."""
        self._waiting.pop(watch.task, None)

    async def connect(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: "aiohttp.ClientTimeout",  # noqa: ASYNC109 - as aiohttp has it
    ) -> "Connection":
        """Return a connection from the pool, or a new one. aiohttp calls this."""
        watch, alive = self._waiting.pop(asyncio.current_task(), (None, True))
        connection = await super().connect(req, traces, timeout)
        while alive and _has_news(connection) and not await _lives_on(connection):
            connection = await super().connect(req, traces, timeout)
        if watch is not None:
            watch.connected()
        return connection


def _has_news(connection: "Connection") -> bool:
    found = None if connection.transport is None else connection.transport.get_extra_info("socket")
    return found is not None and found.fileno() >= 0 and _readable(found)


if hasattr(select, "poll"):

    def _readable(connected: socket.socket) -> bool:
        poller = select.poll()
        poller.register(connected.fileno(), select.POLLIN)
        return bool(poller.poll(0))

else:

    def _readable(connected: socket.socket) -> bool:
        return bool(select.select([connected], [], [], 0)[0])


async def _lives_on(connection: "Connection") -> bool:
    """Let the loop read, for which it needs two rounds, and say whether the connection can still be used."""
    try:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        protocol = connection.protocol
        if protocol is not None and protocol.is_connected() and not protocol.should_close:
            return True
    except BaseException:
        connection.close()
        raise
    connection.close()
    return False
