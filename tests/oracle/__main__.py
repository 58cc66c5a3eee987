"""``python -m tests.oracle FOLDER PORT [quick]``: prints ``ready``, then serves until it is killed.

With ``quick`` its state is in memory, and it ends with whoever holds its stdin.
"""

import asyncio
import contextlib
import logging
import os
import sys
import threading
from pathlib import Path

from tests.oracle.server import Oracle


def end_with_parent() -> None:
    """End this process once nobody holds the other side of its stdin."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    if "quick" in sys.argv[3:]:
        logging.getLogger("asyncio").setLevel(logging.ERROR)  # of writing to clients that are gone it warns
        threading.Thread(target=end_with_parent, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Oracle(Path(sys.argv[1]), outlives_kill="quick" not in sys.argv[3:]).run(int(sys.argv[2])))
