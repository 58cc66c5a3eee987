"""Whether a connection out of the pool is still there."""

import asyncio
import select
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp.connector import Connection


async def surely_lives(connection: "Connection") -> bool:
    """Say whether ``connection`` can be used, as far as anybody can know; it is closed when it cannot.

    The end of an idle connection can be waiting to be noticed. Sent into it, a request would be lost, and nobody could
    tell whether the server had it. So when something can be read from it, the loop has to read that first.
    """
    return not _has_news(connection) or await _lives_on(connection)


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
