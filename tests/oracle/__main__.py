"""``python -m tests.oracle FOLDER PORT [quick]``: prints ``ready``, then serves until it is killed.

With ``quick`` its state outlives a kill, and not the end of the machine.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

from tests.oracle.server import Oracle

if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Oracle(Path(sys.argv[1]), outlives_machine="quick" not in sys.argv[3:]).run(int(sys.argv[2])))
