"""Programs that run where another system's Python lacks what ours has."""

import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from tests.cli.slow_server import slow_server

KEY = "k" * 36


@attrs.frozen
class Elsewhere:
    """Runs programs as they would run on another system."""

    system: str
    folder: Path

    def start(self, *words, **environment):
        """Start a program; it has a temporary folder of its own, and a console that knows cp1252."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KYCAID_")}
        ours = {"TMPDIR": str(self.folder), "PYTHONPATH": str(Path(__file__).parents[2])}
        encoding = "cp1252" if self.system == "windows" else "utf-8"
        return subprocess.Popen(
            [sys.executable, "-X", "warn_default_encoding", Path(__file__).with_name("without.py"), self.system]
            + [str(word) for word in words],
            env=kept | ours | {"PYTHONIOENCODING": encoding, "KYCAID_API_KEY": KEY} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding=encoding,
        )

    def run(self, *words, **environment):
        """Run a program to its end; gives its exit code and what it printed."""
        process = self.start(*words, **environment)
        try:
            out, err = process.communicate(timeout=300)
        finally:
            process.kill()
            process.communicate()
        assert "Traceback" not in err, err
        return process.returncode, out, err


@pytest.fixture(params=["windows", "macos"])
def elsewhere(request, tmp_path):
    (tmp_path / "tmp").mkdir()
    return Elsewhere(request.param, tmp_path / "tmp")


@pytest.fixture
def windows(tmp_path):
    (tmp_path / "tmp").mkdir()
    return Elsewhere("windows", tmp_path / "tmp")


@pytest.fixture
def server():
    with slow_server() as made:
        yield made
