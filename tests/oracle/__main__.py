"""``python -m tests.oracle FOLDER PORT``: prints ``ready``, then serves until it is killed."""

import asyncio
import contextlib
import sys
from pathlib import Path

from tests.oracle.server import Oracle

if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Oracle(Path(sys.argv[1])).run(int(sys.argv[2])))
