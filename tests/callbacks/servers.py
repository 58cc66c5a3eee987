"""PostgreSQL and Redis from the system's packages, in temporary folders, for as long as a test needs them."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def postgres_program(name: str) -> str:
    """Return the path of a program of PostgreSQL's server, which Debian keeps off the PATH; skip where it is not."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    program = shutil.which(name) or (installed and str(installed[-1]))
    if not program:
        pytest.skip("PostgreSQL's server is not installed (Debian: postgresql)")
    return program


def _unprivileged() -> dict[str, str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd  # which Windows does not have

    try:
        return {"user": pwd.getpwnam("postgres").pw_name}
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL of its own, and yield its URL, without a driver."""
    initdb, server, who = postgres_program("initdb"), postgres_program("postgres"), _unprivileged()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if who:
            shutil.chown(folder, who["user"])
        data, port = f"{folder}/data", free_port()
        plain = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **who}
        subprocess.run([initdb, "-D", data, "-U", "kycaid", "-A", "trust", "--no-sync"], check=True, **plain)
        settings = [f"-c{name}" for name in ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}")]
        is_ready = [postgres_program("pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
        with _running([server, "-D", data, "-p", str(port), "-F", *settings], port, **plain) as running:
            _wait(running, lambda: subprocess.run(is_ready, check=False, stdout=subprocess.DEVNULL).returncode == 0)
            yield f"127.0.0.1:{port}/postgres"


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis of its own, and yield its URL."""
    program, port = shutil.which("redis-server"), free_port()
    if program is None:
        pytest.skip("Redis is not installed (Debian: redis-server)")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with _running(command, port, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _running(command: list[str], port: int, **options: Any) -> "Iterator[subprocess.Popen[bytes]]":
    running = subprocess.Popen(command, **options)
    try:
        _wait(running, lambda: _accepts(port))
        yield running
    finally:
        running.terminate()
        running.wait(SECONDS)


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _wait(running: "subprocess.Popen[bytes]", is_ready: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not is_ready():
        assert running.poll() is None, "the server ended"
        assert time.monotonic() < until, "the server is not ready"
        time.sleep(0.05)
