"""Ends from outside: signals while something is under way, full disks, folders to read only, too many open files."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs

from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.testing import Sandbox
from tests.pictures import picture
from tests.shutdown.gate import Gate, gate
from tests.shutdown.servers import SERVERS

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_ROWS = 6
_VERIFY = ("verify", "people.csv", "--yes", "--form", FORMS[0].id)
_COMMANDS: dict[str, tuple[tuple[Sequence[str], ...], Sequence[str], str]] = {
    "upload": ((), ("upload", "people.csv"), "^POST /documents$"),
    "upload, at its files": ((), ("upload", "people.csv"), "^POST /files$"),
    "upload, at its applicants": ((), ("upload", "people.csv"), "^POST /applicants$"),
    "verify": ((("upload", "people.csv"),), _VERIFY, "^POST /verifications$"),
    "results": (
        (("upload", "people.csv"), _VERIFY),
        ("results", "people.csv", "-o", "out.csv"),
        "^GET /verifications/",
    ),
    "audit": ((("upload", "people.csv"),), ("audit", "people.csv", "-o", "out.csv"), "^GET /applicants/"),
    "call": ((), ("applicants", "create", "--type", "PERSON", "--first-name", "Jane"), "^POST /applicants$"),
}
"""What ran before, the command, and the requests at which it is ended."""

_BLOCKING = """
import os
from kycaid_async import Kycaid, Person
with Kycaid(os.environ["KYCAID_API_KEY"], base_url=os.environ["KYCAID_BASE_URL"]) as client:
    client.applicants.create(Person(first_name="Jane"))
"""


@attrs.frozen
class Case:
    """One end: of what, by what, and how often."""

    what: str
    by: str
    times: int = 1

    def __str__(self) -> str:
        return f"{self.what}, {self.by}{' twice' if self.times > 1 else ''}"


def cases() -> Iterator[Case]:
    """Yield the whole grid."""
    for what in (*_COMMANDS, "a blocking call", *SERVERS):
        yield from (Case(what, number.name, times) for number in SIGNALS for times in (1, 2))
    for what in ("upload", "verify", "results", "audit", "manifest check"):
        yield from (Case(what, f"{limit} open files") for limit in (12, 16, 20, 28, 40, 60))
        yield from (Case(what, place) for place in ("a full disk", "a small limit of files", "a folder to read only"))


def check(case: Case, chance: random.Random) -> list[str]:
    """Return what did not hold."""
    if case.what == "a blocking call":
        return _blocking_call(case, chance)
    if case.what in SERVERS:
        return SERVERS[case.what](signal.Signals[case.by], case.times)
    with office() as place:
        return _by_signal(place, case, chance) if case.by in signal.Signals.__members__ else _by_scarcity(place, case)


@attrs.define
class Office:
    """A folder with a manifest, a server, and the command line."""

    folder: Path
    sandbox: Sandbox
    gate: Gate
    before: Callable[[], None] | None = None

    def start(self, words: Sequence[str], **options: Any) -> subprocess.Popen[str]:
        place = [] if words[0] == "manifest" else ["--base-url", self.gate.url]
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "kycaid_async.cli", *words, *place],
            cwd=self.folder,
            env=environment(KYCAID_API_KEY=self.sandbox.api_key),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, words: Sequence[str], **options: Any) -> tuple[int, str, str]:
        process = self.start(words, **options)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def made(self, kind: str) -> int:
        return self.gate.made[f"/{kind}"]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KYCAID_")}
    return kept | more


@contextmanager
def office() -> Iterator[Office]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(Sandbox())
        write_manifest(folder)
        yield Office(folder, sandbox, stack.enter_context(gate(sandbox.url)))


def write_manifest(folder: Path) -> None:
    lines = ["type,document_number,front_side,applicant.type,applicant.first_name,applicant.external_applicant_id"]
    for number in range(_ROWS):
        (folder / f"{number}.png").write_bytes(picture(9000 + number))
        lines.append(f"PASSPORT,X{number},{number}.png,PERSON,Jane,p{number}")
    (folder / "people.csv").write_text("\n".join(lines) + "\n", "utf-8")


def _by_signal(place: Office, case: Case, chance: random.Random) -> list[str]:
    """End a command while a request of its is open; then run it again to its end."""
    before, words, holds = _COMMANDS[case.what]
    number = signal.Signals[case.by]
    for earlier in before:
        place.run(earlier)
    place.gate.hold(holds)
    process = place.start(words)
    problems = [] if place.gate.arrived.acquire(timeout=60) else ["it made no request"]
    process.send_signal(number)
    if case.times > 1:
        _wait(chance)
        process.send_signal(number)
    else:
        _wait(chance)
        place.gate.open()
    try:
        _, err = process.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        process.kill()
        return [*problems, "it did not end"]
    place.gate.open()
    if process.returncode != 128 + number:
        problems.append(f"it ended with {process.returncode}: {err[-300:]}")
    if "Traceback" in err or "Exception ignored" in err:
        problems.append(f"it ended with a traceback: {err[-600:]}")
    if case.what == "call":
        return problems
    return problems + _goes_on(place, words, uncertain=case.what == "upload, at its applicants" and case.times > 1)


def _wait(chance: random.Random) -> None:
    from time import sleep

    sleep(chance.choice((0.0, 0.01, 0.1, 0.3)))


def _goes_on(place: Office, words: Sequence[str], *, uncertain: bool = False) -> list[str]:
    """Run it again, and hold what the server has against what was to be done."""
    code, out, err = place.run(words)
    problems = []
    if code not in ((0, 1) if uncertain else (0,)):
        problems.append(f"the next run ended with {code}: {out[-300:]} {err[-300:]}")
    wanted = {"documents": _ROWS} | ({"verifications": _ROWS} if words[0] in ("verify", "results") else {})
    if not uncertain:
        problems += [
            f"{place.made(kind)} {kind} of {most}" for kind, most in wanted.items() if place.made(kind) != most
        ]
    problems += [
        f"{place.made(kind)} {kind}, more than {most}" for kind, most in wanted.items() if place.made(kind) > most
    ]
    return problems


_SCARCE: dict[str, tuple[tuple[Sequence[str], ...], Sequence[str]]] = {
    "upload": ((), ("upload", "people.csv")),
    "verify": ((("upload", "people.csv"),), _VERIFY),
    "results": ((("upload", "people.csv"), _VERIFY), ("results", "people.csv", "-o", "out.csv")),
    "audit": ((("upload", "people.csv"),), ("audit", "people.csv", "-o", "out.csv")),
    "manifest check": ((), ("manifest", "check", "people.csv")),
}
_BAD = ("bad row", " bad.", "cannot be sent as", "is empty", "no picture", "not a file")


def _by_scarcity(place: Office, case: Case) -> list[str]:
    """Let a command have too little of something; then run it again with enough."""
    before, words = _SCARCE[case.what]
    for earlier in before:
        place.run(earlier)
    with _scarce(place, case) as options:
        code, out, err = place.run(words, **options)
    problems = []
    if "Traceback" in err or "Exception ignored" in err:
        problems.append(f"it ended with a traceback: {err[-900:]}")
    if code < 0 or (code and not err.strip()):
        problems.append(f"it ended with {code}, and said nothing: {out[-300:]}")
    if "open files" in case.by and any(word in out + err for word in _BAD):
        problems.append(f"good files were called bad: {out[-300:]} {err[-300:]}")
    return problems + (_goes_on(place, words) if case.what != "manifest check" else [])


@contextmanager
def _scarce(place: Office, case: Case) -> Iterator[dict[str, Any]]:
    """Make scarce what the case is about, and give options for the process that is to meet it."""
    import resource

    if case.by.endswith("open files"):
        limit = int(case.by.split()[0])
        yield {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))}
    elif case.by == "a small limit of files":
        yield {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))}
    else:
        with _mounted(place.folder, full=case.by == "a full disk"):
            yield {}


@contextmanager
def _mounted(folder: Path, *, full: bool) -> Iterator[None]:
    """Put the folder onto a disk of its own that is full, or can only be read: for root, where the system allows it."""
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    size = sum((len(data) + 4095) // 4096 * 4096 for data in content.values()) + (8192 if full else 1 << 20)
    _system("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    try:
        for name, data in content.items():
            (folder / name).write_bytes(data)
        if not full:
            _system("mount", "-o", "remount,ro", folder)
        yield
        left = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    finally:
        _system("umount", "-l", folder)
    for name, data in left.items():
        (folder / name).write_bytes(data)


def _system(command: str, *words: object) -> None:
    subprocess.run([shutil.which(command) or command, *map(str, words)], check=True, capture_output=True)


def can_mount() -> bool:
    """Say whether this process may mount disks of its own."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            _system("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder)
            _system("umount", folder)
        except (OSError, subprocess.CalledProcessError):
            return False
        return True


def _blocking_call(case: Case, chance: random.Random) -> list[str]:
    number = signal.Signals[case.by]
    with Sandbox() as sandbox, gate(sandbox.url) as held:
        held.hold("^POST /applicants$")
        process = subprocess.Popen(
            [sys.executable, "-c", _BLOCKING],
            env=environment(KYCAID_API_KEY=sandbox.api_key, KYCAID_BASE_URL=held.url),
            stderr=subprocess.PIPE,
            text=True,
        )
        problems = [] if held.arrived.acquire(timeout=60) else ["it made no request"]
        for _ in range(case.times):
            process.send_signal(number)
            _wait(chance)
        try:
            _, err = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            return [*problems, "it did not end"]
    if process.returncode != -number:  # as of any program that does not take care of signals
        problems.append(f"it ended with {process.returncode}: {err[-300:]}")
    return problems
