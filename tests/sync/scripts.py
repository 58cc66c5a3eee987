"""Scripts that run as real processes, with every warning an error."""

import asyncio
import os
import sys
import textwrap
from contextlib import asynccontextmanager

import attrs

# From Python 3.12 on, a fork beside threads warns. Whoever forks knows.
FLAGS = ("-X", "dev", "-W", "error", "-W", "ignore:This process")


@attrs.frozen
class Done:
    """What a process left behind."""

    code: int
    out: str
    err: str


@attrs.frozen
class Scripts:
    """Runs scripts against a server."""

    folder: os.PathLike[str]
    key: str
    url: str

    async def run(self, script: str, *flags: str) -> Done:
        async with self.started(script, *flags) as process:
            out, err = await asyncio.wait_for(process.communicate(), 60)
        return Done(process.returncode, out.decode(), err.decode())

    def environment(self) -> dict[str, str]:
        return os.environ | {"KYCAID_API_KEY": self.key, "KYCAID_BASE_URL": self.url}

    @asynccontextmanager
    async def started(self, script: str, *flags: str):
        path = self.folder / "script.py"
        path.write_text(textwrap.dedent(script), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(flags or FLAGS),
            str(path),
            env=self.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
