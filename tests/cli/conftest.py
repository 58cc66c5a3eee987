"""The command line as a user runs it: as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from PIL import Image
from typer.testing import CliRunner

from kycaid_async.cli.app import app
from tests.oracle.running import RunningOracle


@pytest.fixture(scope="session")
def command() -> list[str]:
    """What starts ``kycaid`` with every warning an error."""
    # Not with -X dev: asyncio then reports on stderr whatever takes a tenth of a second.
    return [sys.executable, "-W", "error", "-m", "kycaid_async.cli"]


@pytest.fixture(scope="session")
def clean_environment(tmp_path_factory) -> dict[str, str]:
    """The environment without what a developer may have exported."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("KYCAID_") or name.lower().endswith("_proxy") or name == "COLUMNS")
    }
    # A temporary directory of its own, so that left-overs show.
    return {**kept, "TMPDIR": str(tmp_path_factory.mktemp("tmp"))}


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    """Take away the proxies of the environment, which the command line uses."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def kycaid(command, clean_environment) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``kycaid`` with arguments, and more environment, to its end."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*command, *map(str, arguments)],
            env=clean_environment | environment,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert "Warning" not in done.stderr
        assert "Exception ignored" not in done.stderr
        return done

    return run


@pytest.fixture
def kycaid_within(monkeypatch) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``kycaid`` with arguments, and more environment, in this process: most of it needs none of its own."""
    for name in list(os.environ):
        if name.startswith("KYCAID_"):
            monkeypatch.delenv(name)

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        done = CliRunner().invoke(app, [str(one) for one in arguments], env=environment, catch_exceptions=False)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="module")
def portal():
    """An event loop in a thread, for what serves the commands of a test."""
    with start_blocking_portal() as made:
        yield made


@pytest.fixture
def oracle(portal, tmp_path):
    """A server that shares no code with the package."""
    with portal.wrap_async_context_manager(RunningOracle(tmp_path / "oracle")) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder: a good image, and what else lies about in one."""
    place = tmp_path / "papers"
    (place / "old").mkdir(parents=True)
    Image.effect_noise((640, 400), 40).convert("RGB").save(place / "good.jpg")
    whole = (place / "good.jpg").read_bytes()
    (place / "old" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (place / "old" / "empty.pdf").write_bytes(b"")
    (place / "notes.txt").write_text("no image")
    (place / ".hidden").write_text("of no interest")
    return place


@pytest.fixture
def good_folder(folder: Path) -> Path:
    """A user's folder in which all is well."""
    for name in ("old/cut.jpg", "old/empty.pdf", "notes.txt"):
        (folder / name).unlink()
    return folder
