"""PostgreSQL, Redis, and a scheduler and workers of Dask, which can be stopped and started again."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.callbacks.servers import _accepts, _unprivileged, _wait, free_port, postgres_program

ROOT = Path(__file__).parents[2]
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Service:
    """A program that listens on a port of its own."""

    def __init__(self, command, port, *, stop=signal.SIGTERM, **options):
        self.command, self.port, self._stop, self._options = command, port, stop, {**QUIET, **options}
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, **self._options)
        _wait(self.process, lambda: _accepts(self.port))

    def stop(self):
        self.process.send_signal(self._stop)
        self.process.wait(60)

    def restart(self):
        self.stop()
        self.start()


def postgresql(stack: ExitStack) -> tuple[Service, str]:
    """Start a PostgreSQL with data of its own; return it and its URL for SQLAlchemy."""
    initdb, server, who = postgres_program("initdb"), postgres_program("postgres"), _unprivileged()
    folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    if who:
        shutil.chown(folder, who["user"])
    data, port = f"{folder}/data", free_port()
    options = {"cwd": folder, **who}
    subprocess.run([initdb, "-D", data, "-U", "kycaid", "-A", "trust", "--no-sync"], check=True, **QUIET, **options)
    command = [
        server,
        "-D",
        data,
        "-p",
        str(port),
        "-clisten_addresses=127.0.0.1",
        f"-cunix_socket_directories={folder}",
    ]
    service = Service(command, port, stop=signal.SIGINT, **options)
    stack.callback(service.stop)
    return service, f"postgresql+psycopg://kycaid@127.0.0.1:{port}/postgres"


def redis(stack: ExitStack) -> Service:
    """Start a Redis that keeps nothing when it is stopped; return it, with its ``url``."""
    program, port = shutil.which("redis-server"), free_port()
    if program is None:
        pytest.skip("Redis is not installed (Debian: redis-server)")
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    service = Service([program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder], port)
    service.url = f"redis://127.0.0.1:{port}/0"
    stack.callback(service.stop)
    return service


class Dask:
    """A scheduler, and workers that are processes of their own."""

    def __init__(self, stack: ExitStack, *, key: str, log: Path):
        self._log = stack.enter_context(log.open("ab"))
        self._env = {**os.environ, "KYCAID_API_KEY": key, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "20"}
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        command = [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port)]
        options = {"cwd": ROOT, "env": {**self._env, "KYCAID_API_KEY": ""}, "stdout": self._log, "stderr": self._log}
        self.page = f"127.0.0.1:{free_port()}"
        self.scheduler = Service([*command, "--dashboard-address", self.page], port, **options)
        self.workers = []
        stack.callback(self.end)

    def add_worker(self, threads=2):
        command = [sys.executable, "-m", "dask", "worker", self.address, "--nthreads", str(threads), "--no-nanny"]
        command += ["--no-dashboard", "--death-timeout", "60", "--memory-limit", "0"]
        worker = subprocess.Popen(command, cwd=ROOT, env=self._env, stdout=self._log, stderr=self._log)
        self.workers.append(worker)
        return worker

    def replace_dead(self, count):
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < count:
            self.add_worker()

    def end(self):
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.scheduler.stop()
