"""Servers of tests that read and write their sockets themselves, and leave nothing open when they end."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Self

import attrs

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_GONE = (ConnectionError, asyncio.IncompleteReadError)


@attrs.define(eq=False)
class Serving:
    """Serves each connection with ``serve`` in a task of its own; what breaks a connection is no fault.

    A connection is known from the moment in which it is accepted: a task that is cancelled before its first step would
    never close it, and one that is accepted while the server closes would be nobody's.
    """

    serve: Serve
    url: str = ""
    _server: Any = None
    _tasks: dict["asyncio.Task[None]", asyncio.StreamWriter] = attrs.field(factory=dict)
    _over: bool = False

    async def listen(self, host: str = "127.0.0.1", port: int = 0, **options: Any) -> Self:
        """Begin to listen, at ``host`` and ``port``, or at ``options["sock"]``."""
        place = {} if "sock" in options else {"host": host, "port": port}
        self._over = False
        self._server = await asyncio.start_server(self._accept, **place, **options)
        scheme = "https" if options.get("ssl") else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def close(self) -> None:
        """End all of it, and wait until nothing is left."""
        self._over = True
        if self._server is None:
            return
        await self._stop_accepting()
        self._server.close()
        open_ones = dict(self._tasks)
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
        for writer in open_ones.values():
            writer.transport.abort()
            with suppress(Exception):
                await writer.wait_closed()
        await self._server.wait_closed()

    async def _stop_accepting(self) -> None:
        """Let what was accepted become a connection first: asyncio forgets what it accepts while a server closes."""
        loop = asyncio.get_running_loop()
        for listening in self._server.sockets:
            with suppress(NotImplementedError):
                loop.remove_reader(listening)
        for _ in range(2):
            await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._over:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._one(reader, writer))
        self._tasks[task] = writer
        task.add_done_callback(self._ended)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*_GONE):
            await self.serve(reader, writer)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(task).close()

    async def __aenter__(self) -> Self:
        return self if self._server is not None else await self.listen()

    async def __aexit__(self, *_: object) -> None:
        await self.close()
