"""A process that has ``kycaid`` imported, and forks for each run of it: a run starts in hundredths of a second.

On stdout comes ``ready``. Each line on stdin is a run: its number, its arguments, its files for output, and its hooks.
On stdout come, each behind the number, the process id, and later how it ended. The hooks are what a test cannot do from
outside: time that runs faster, a clock that is wrong, a signal at a given step of the ledger, a limit on how large a
file may get.
"""

import asyncio
import contextlib
import datetime as dt
import faulthandler
import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import resource
import signal
import sqlite3
import sys
import threading
import time

import anyio
import typer.main

import kycaid_async.api
import kycaid_async.bulk
import kycaid_async.cli.upload.run
import kycaid_async.cli.verify.run
import kycaid_async.transport
from kycaid_async import (
    Applicant,
    ApplicantDocument,
    AsyncKycaid,
    Document,
    FileInfo,
    KycaidError,
    Person,
    Timeout,
    Verification,
)
from kycaid_async.bulk.bulk import Bulk
from kycaid_async.cli import main
from kycaid_async.timing import Timing
from kycaid_async.values.converter import structure
from kycaid_async.values.mismatch import Mismatch
from kycaid_async.values.msgspec_reader import structure_bytes

_MONOTONIC = time.monotonic


def warm_up() -> None:
    """Import all that a run imports; it would take each of them longer than its work."""
    sys.argv = ["kycaid", "upload", "no such manifest"]
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        main()
    anyio.run(anyio.sleep, 0)
    for room in (kycaid_async.api, kycaid_async.bulk, kycaid_async.transport):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)
    for cls in (Applicant, Document, FileInfo, Verification):
        for read, nothing in ((structure, {}), (structure_bytes, b"{}")):
            with contextlib.suppress(Mismatch):
                read(nothing, cls)
    typer.main.get_command = functools.cache(typer.main.get_command)
    gc.collect()
    gc.freeze()  # a fork then shares this memory, where a collection would write to each object
    for thread in set(threading.enumerate()) - {threading.main_thread()}:
        thread.join(10)  # what it holds while this forks would be held in the fork for ever
    if threading.active_count() > 1:
        raise RuntimeError(f"this has threads, and cannot fork: {threading.enumerate()}")


def serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):  # as a process begins, not as the run that was for warmth left it
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print("ready", flush=True)
    for line in sys.stdin:
        if os.fork():
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        run = json.loads(line)
        pid = os.fork()
        if not pid:
            return begin(run)
        say(run["number"], pid)
        say(run["number"], os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        os._exit(0)
    return None


def say(number: int, what: int) -> None:
    os.write(1, f"{number} {what}\n".encode())


def begin(run: dict) -> None:
    """Be ``kycaid``, to the end of the process."""
    for number, path in ((0, os.devnull), (1, run["out"]), (2, run["err"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
    faulthandler.enable()  # SIGABRT shows where one stands that hangs
    hooks = run["hooks"]
    scale(hooks["speed"], hooks["read"], hooks["settle"])
    if "clock" in hooks:
        set_clock(hooks["clock"])
    if "step" in hooks:
        sqlite3.connect = functools.partial(_connect, sqlite3.connect, Steps(**hooks["step"]))
    if "largest_file" in hooks:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hooks["largest_file"],) * 2)
    os.environ.update(run["environment"])
    if "calls" in run:
        return asyncio.run(call_plainly(run["calls"]))
    sys.argv = ["kycaid", *run["arguments"]]
    return main()


async def call_plainly(calls: list) -> None:
    """Create applicants, documents and verifications without bulk, and print what came of each call."""
    async with AsyncKycaid(max_connections=8) as client:
        makers = {
            "applicants": lambda name, _: client.applicants.create(Person(external_applicant_id=name)),
            "documents": lambda name, owner: client.documents.create(
                ApplicantDocument(applicant_id=owner, type="PASSPORT", document_number=name)
            ),
            "verifications": lambda name, owner: client.verifications.create(applicant_id=owner, form_id=name),
        }

        async def one(section: str, name: str, owner: str) -> None:
            said = {"section": section, "name": name, "id": None, "maybe": None}
            try:
                said["id"] = await makers[section](name, owner)
            except KycaidError as error:
                said |= {"maybe": error.maybe_processed, "error": f"{type(error).__name__}: {error}"}
            print(json.dumps(said), flush=True)

        await asyncio.gather(*(one(*given) for given in calls))


def scale(speed: float, read: float, settle: float) -> None:
    """Let pauses take less time. ``read`` and ``settle`` are real seconds."""
    timing = Timing(clock=lambda: _MONOTONIC() * speed, sleep=lambda seconds: asyncio.sleep(seconds / speed))
    make, upload, verify = AsyncKycaid.__init__, Bulk.upload, Bulk.verify

    @functools.wraps(make)
    def made(self, *given, **options):
        make(self, *given, **options | {"timeout": Timeout(connect=5, read=read, progress=read, total=90)})
        self._shared.timing = timing

    @functools.wraps(upload)
    def uploading(self, *given, **options):
        return upload(self, *given, **options | {"settle_after": settle * speed})

    @functools.wraps(verify)
    def verifying(self, *given, **options):
        return verify(self, *given, **options | {"settle_after": settle * speed})

    AsyncKycaid.__init__, Bulk.upload, Bulk.verify = made, uploading, verifying


def set_clock(ahead: float) -> None:
    """Let the time of day be ``ahead`` seconds wrong. What counts from the start of the machine stays right."""
    right, of_day = dt.datetime, time.time

    class Kind(type):
        def __instancecheck__(cls, value):
            return isinstance(value, right)

    class Wrong(right, metaclass=Kind):
        @classmethod
        def now(cls, tz=None):
            return right.now(tz) + dt.timedelta(seconds=ahead)

    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("kycaid_async") and getattr(module, "datetime", None) is right:
            module.datetime = Wrong
    dt.datetime = Wrong
    time.time = lambda: of_day() + ahead


class Steps:
    """Counts the steps of the ledger, and sends this process its signals at one of them.

    ``at`` counts twice for each step, once before it and once after it. With ``closing``, only steps that end the
    use of a file count.
    """

    def __init__(self, *, at: int, signals: list, closing: bool = False) -> None:
        self._left, self._signals, self._closing = at, signals, closing

    def step(self, what: str) -> None:
        if self._closing and not any(word in what for word in ("close", "checkpoint", "ended")):
            return
        self._left -= 1
        if self._left == 0:
            for number, after in self._signals:
                send = functools.partial(os.kill, os.getpid(), number)
                threading.Timer(after, send).start() if after else send()


def _connect(connect, steps, database, *given, **options):
    if ".ledger" not in str(database):
        return connect(database, *given, **options)
    steps.step("connect")

    class Watched(sqlite3.Connection):
        def execute(self, sql, *values):
            text = f"{sql} {values}"
            steps.step(text)
            found = super().execute(sql, *values)
            steps.step(text)
            return found

        def close(self):
            steps.step("close")
            super().close()
            steps.step("close")

    return connect(database, *given, **{"factory": Watched} | options)


if __name__ == "__main__":
    warm_up()
    serve()
