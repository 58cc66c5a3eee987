"""The oracle shares nothing with the package: it would share its mistakes."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.oracle.running import ROOT

OURS = "kycaid_async"
STARTED_WITHOUT_IT = """
import asyncio, http.client, runpy, sys, threading
sys.modules["kycaid_async"] = None
from pathlib import Path
from tests.oracle.running import RunningOracle, free_port
from tests.oracle.server import Oracle

async def main():
    port = free_port()
    serving = asyncio.create_task(Oracle(Path(sys.argv[1])).run(port))
    reader, writer = await connect(port)
    writer.write(b"GET /applicants HTTP/1.1\\r\\n\\r\\n")
    print((await reader.readline()).decode())
    writer.close()
    serving.cancel()

async def connect(port):
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)

try:
    import kycaid_async
except ImportError:
    asyncio.run(main())
"""


def modules_of(path: Path) -> set[str]:
    """Return the names of all that a module imports, anywhere in it, also by name at run time."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not path.name.startswith("test_"):
            found |= {word for word in (node.value,) if word.startswith(OURS)}
    return found


def test_no_module_of_the_oracle_imports_the_package_or_what_imports_it():
    allowed = {*sys.stdlib_module_names, "pytest"}
    for path in Path(__file__).parent.glob("*.py"):
        for name in modules_of(path):
            assert name.split(".")[0] in allowed or name.startswith("tests.oracle"), (path.name, name)


def test_it_serves_where_the_package_cannot_be_imported(tmp_path):
    program = [sys.executable, "-c", STARTED_WITHOUT_IT, str(tmp_path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "HTTP/1.1 401" in done.stdout, done.stderr
