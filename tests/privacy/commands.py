"""Passages of the command line: each command in a folder of marks, what it prints, leaves, and lets `ps` see."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.testing import Sandbox
from tests.privacy.bulk import MADE_BY_THE_USER, files, write_manifest
from tests.privacy.calls import SERVERS
from tests.privacy.marked import M
from tests.privacy.watch import Maker

_PERSON = "person.json"
_FILES = (*MADE_BY_THE_USER, _PERSON)
_UPLOAD = ("upload", "people.csv", "--concurrency", "2")
_VERIFY = ("verify", "people.csv", "--yes", "--form", FORMS[0].id)
_RESULTS = ("results", "people.csv")

_WORDS: dict[str, Sequence[Sequence[str]]] = {
    "manifest check": (("manifest", "check", "people.csv"),),
    "manifest init": (("manifest", "init", "."),),
    "upload": ((*_UPLOAD, "--report", "page.html"),),
    "upload, as JSON": ((*_UPLOAD, "--json"),),
    "upload of bad rows": (
        ("bad",),
        (*_UPLOAD, "--on-error", "continue", "--rejects", "people.rejects.csv", "--report", "page.html"),
    ),
    "upload, dry": ((*_UPLOAD, "--dry-run"),),
    "audit": (_UPLOAD, ("audit", "people.csv", "--report", "page.html", "-o", "audit.csv")),
    "verify": (_UPLOAD, _VERIFY),
    "verify, dry": (_UPLOAD, (*_VERIFY, "--dry-run")),
    "results": (_UPLOAD, _VERIFY, (*_RESULTS, "--wait", "5s", "-o", "verdicts.csv", "--report", "page.html")),
    "ledger": (_UPLOAD, ("ledger", "show", "people.csv.ledger"), ("ledger", "repair", "people.csv.ledger")),
    "call": (("call", "applicants.create", "--json", f"@{_PERSON}"),),
    "operation": (("applicants", "create", "--json", f"@{_PERSON}"),),
    "call, misspelt": (("call", "applicants.creat", "--json", f"@{_PERSON}"),),
    "doctor": (("doctor", "--folder", "."),),
    "report": (("report", "2024-01-01", "2024-01-02"),),
}
_LONGEST, _LONG_ENOUGH = 40, 12
"""Seconds after which a command is told to end: one that works, and one that waits for a server that is away."""
SERVERS_OF_ALL = ("the sandbox", "401", "422", "500", "502 page", "half, lost", "no JSON", "nobody there")


@attrs.frozen
class Passage:
    """One command, or some one after the other, against a server that answers in one way."""

    words: str
    server: str

    def __str__(self) -> str:
        return f"kycaid {self.words} · {self.server}"


def passages() -> Iterator[Passage]:
    for words in _WORDS:
        yield from (Passage(words, server) for server in SERVERS_OF_ALL)
    yield Passage("sandbox", "itself")


@attrs.define(repr=False)
class Ended:
    """What the commands of a passage wrote, what `ps` showed of them, and their folder. It prints none of that."""

    output: str = ""
    ps: str = ""
    folder: Path = attrs.field(factory=lambda: Path(tempfile.mkdtemp()))


class Commands(Maker):
    """Runs commands as a user does, each as a process of its own."""

    def make(self, passage: Passage, _: random.Random) -> Ended:
        ended = Ended()
        write_manifest(ended.folder)
        person = {"type": "PERSON", "first_name": M.name, "dob": M.born, "email": M.email}
        (ended.folder / _PERSON).write_text(json.dumps(person), "utf-8")
        if passage.words == "sandbox":
            _run(ended, ["sandbox", "--port", "0", "--data", "data"], _use_the_sandbox)
            return ended
        with Sandbox(api_key=M.key) as sandbox:
            *before, last = _WORDS[passage.words]
            for words in before:
                _prepare(ended, words, sandbox.url)
            seconds = _LONGEST if passage.server == "the sandbox" else _LONG_ENOUGH
            _run(ended, [*last, *self._place(passage, last, sandbox)], seconds=seconds)
        return ended

    def _place(self, passage: Passage, words: Sequence[str], sandbox: Sandbox) -> list[str]:
        if words[0] in ("manifest", "ledger"):
            return []
        if passage.server == "the sandbox":
            return ["--base-url", sandbox.url]
        if passage.server == "nobody there":
            return ["--base-url", "http://127.0.0.1:1"]
        self._server.behave = SERVERS[passage.server]("applicants.create")
        return ["--base-url", self._server.url]


def _prepare(ended: Ended, words: Sequence[str], url: str) -> None:
    if words != ("bad",):
        _run(ended, [*words, *([] if words[0] in ("manifest", "ledger") else ["--base-url", url])])
        return
    path = ended.folder / "people.csv"
    path.write_text(
        path.read_text("utf-8") + f"{M.name},{M.number},{M.folder}.png,{M.secret}9,PERSON,{M.name},{M.answer}\n"
    )


def _run(
    ended: Ended, words: Sequence[str], meanwhile: Callable[[Any], None] | None = None, *, seconds: float = _LONGEST
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KYCAID_")}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kycaid_async.cli", *words],
            cwd=ended.folder,
            env=environment | {"KYCAID_API_KEY": M.key, "KYCAID_SANDBOX_KEY": M.key},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        limit = threading.Timer(seconds, process.terminate)  # what waits for a server that is away
        limit.start()
        while process.poll() is None:
            ended.ps += "".join(_command_lines(process.pid))
            if meanwhile is not None:
                meanwhile(output)
                process.terminate()
                process.wait(20)
            time.sleep(0.05)
        limit.cancel()
        output.seek(0)
        ended.output += output.read()


def _command_lines(pid: int) -> Iterator[str]:
    """Yield what `ps` shows of a process and its children, where the system keeps it as files."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            if place.name == str(pid) or parent == str(pid):
                yield f"{(place / 'cmdline').read_bytes().decode(errors='replace')} {(place / 'comm').read_text()}\n"
        except OSError:
            continue


def _use_the_sandbox(output: Any) -> None:
    """Send marks to a sandbox that runs as a command, also what it refuses."""
    from kycaid_async import Kycaid, KycaidError, Person

    url = ""
    while "http://" not in url:
        time.sleep(0.05)
        url = Path(f"/proc/self/fd/{output.fileno()}").read_text()
    base = next(word.rstrip("/.,") for word in url.split() if word.startswith("http://"))
    with Kycaid(M.key, base_url=base, max_retries=0, check=False) as client:
        made = client.applicants.create(Person(first_name=M.name, dob=M.born, email=M.email))
        for call in (
            lambda: client.applicants.get(made),
            lambda: client.applicants.get(M.ident),
            lambda: client.applicants.create(Person(first_name=M.answer * 30, email=M.name)),
            lambda: client.request("POST", f"/{M.name}/x", json={"a": M.card}, query={"email": M.email}),
            lambda: client.files.create(M.content.encode(), filename=M.name),
        ):
            try:
                call()
            except KycaidError:
                continue


def texts(ended: Ended) -> Iterator[tuple[str, str]]:
    yield "terminal", ended.output
    yield "ps", ended.ps
    yield from files(ended.folder, leave_out=_FILES)
    shutil.rmtree(ended.folder, ignore_errors=True)
