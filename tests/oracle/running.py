"""An oracle in a process of its own: start, kill, start again, tell it what to do, read what it holds."""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tests.oracle.api import KEY

ROOT = Path(__file__).parents[2]


class RunningOracle:
    """An oracle on a port of its own. Its state is in ``folder``, also after it was killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, KEY
        self._reserved = ReservedPort()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def port(self) -> int:
        """The port on which it listens, also after it was started again."""
        return self._reserved.number

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and return when it listens."""
        command = [sys.executable, "-m", "tests.oracle", str(self.folder), str(self.port)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=environment
        )
        assert self._process.stdout is not None
        assert (await self._process.stdout.readline()).strip() == b"ready", f"port {self.port} is taken"

    async def kill(self) -> None:
        """Kill it with SIGKILL."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.communicate()
            self._process = None

    async def set(self, **settings: Any) -> None:
        """Put settings in force: ``faults``, ``seed``, ``view``, ``one_per_type``, ``fee``, ``balance``, ``key``,
        and ``refuses``, the status and the type that every verification is refused with."""
        await asyncio.to_thread(self._post, "/_control/settings", settings)

    async def commit(self) -> None:
        """Let it bring all that it noted to the disk, where `read` sees it."""
        await asyncio.to_thread(self._post, "/_control/commit", {})

    async def applicants(self, count: int) -> list[str]:
        """Make applicants."""
        body = {"type": "PERSON", "first_name": "Jane"}
        return [(await asyncio.to_thread(self._post, "/applicants", body))["applicant_id"] for _ in range(count)]

    def _post(self, path: str, body: object) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", path, json.dumps(body), {"Authorization": f"Token {self.key}"})
            answer = connection.getresponse()
            assert answer.status == 200
            return json.loads(answer.read())
        finally:
            connection.close()

    def read(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Return what stands in its file."""
        with contextlib.closing(sqlite3.connect(self.folder / "oracle.sqlite3", timeout=60)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql, values).fetchall()

    def write(self, sql: str, *values: Any) -> None:
        """Change what stands in its file, behind its back."""
        with contextlib.closing(sqlite3.connect(self.folder / "oracle.sqlite3", timeout=60)) as db, db:
            db.execute(sql, values)

    async def __aenter__(self) -> "RunningOracle":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        self._reserved.close()


class ReservedPort:
    """A port that is nobody else's until it is closed, on which a server can listen, and listen again, meanwhile."""

    def __init__(self) -> None:
        self._bound = socket.socket()
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._bound.bind(("127.0.0.1", 0))
        self.number: int = self._bound.getsockname()[1]
        if sys.platform != "linux":  # elsewhere two sockets cannot be bound to one port: it is only free just now
            self.close()

    def close(self) -> None:
        self._bound.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]
