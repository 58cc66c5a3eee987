"""PostgreSQL, Redis, and a scheduler and workers of Dask, which can be stopped and started again."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
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
    service = Service(command, port, stop=signal.SIGQUIT, **options)  # as in a crash
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


class ForkedWorker:
    """A worker that is a child of another process."""

    def __init__(self, pid):
        self.pid = pid

    @property
    def is_alive(self):
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def send(self, number):
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self):
        self.send(signal.SIGKILL)


class Dask:
    """A scheduler, and workers that are processes of their own."""

    def __init__(self, stack: ExitStack, *, key: str, log: Path, pace: str = "", threads: int = 2):
        log_file = stack.enter_context(log.open("ab"))
        env = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "20", "KYCAID_PACE_URL": pace}
        port = free_port()
        self.address, self.page = f"tcp://127.0.0.1:{port}", f"127.0.0.1:{free_port()}"
        options = {"cwd": ROOT, "stdout": log_file, "stderr": log_file}
        command = [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--dashboard-address", self.page]
        self.scheduler = Service(command, port, stop=signal.SIGKILL, **options, env={**env, "KYCAID_API_KEY": ""})
        stack.callback(self.scheduler.stop)
        command = [sys.executable, "-m", "tests.cluster.workers", self.address, str(threads)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._forker = subprocess.Popen(command, **options | pipes, env={**env, "KYCAID_API_KEY": key})
        self.workers: list[ForkedWorker] = []
        stack.callback(self.end)

    def add_worker(self):
        self._forker.stdin.write("\n")
        self._forker.stdin.flush()
        worker = ForkedWorker(int(self._forker.stdout.readline()))
        self.workers.append(worker)
        return worker

    def replace_dead(self, count):
        self.workers = [worker for worker in self.workers if worker.is_alive]
        while len(self.workers) < count:
            self.add_worker()

    def retire_one(self):
        """Let the scheduler take a worker away, as it does when a cluster shrinks."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.retire_workers(n=1, close_workers=True)

    def end(self):
        for worker in self.workers:
            worker.kill()
        with self._forker as forker:
            forker.stdin.close()
