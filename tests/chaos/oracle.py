"""The oracle of the programs: in a process of its own, told over one connection what to do, and asked what it did."""

import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import trustme

from tests.chaos import names
from tests.chaos.program import BulkProgram, Program, as_data
from tests.oracle.api import KEY
from tests.oracle.running import ROOT, ReservedPort

_PEOPLE = 2


class ChaosOracle:
    """An oracle, and the connection on which it is told what to do."""

    def __init__(self, folder: Path) -> None:
        self._reserved, self.key = ReservedPort(), KEY
        self.port = self._reserved.number
        command = [sys.executable, "-m", "tests.oracle", str(folder), str(self.port), "quick"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        self._control = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.people: list[str] = []
        self._trusting = ssl.create_default_context()
        _make_certificates(folder, self._trusting)
        self._doors = self._tell("/_control/doors", {"certificates": str(folder)})

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    def address(self, way: str) -> dict[str, Any]:
        """Return the options of a client that comes this way."""
        if way == "http":
            return {"base_url": f"http://127.0.0.1:{self.port}"}
        options = {"base_url": f"https://{names.NAME}:{self._doors['tls']}", "ssl_context": self._trusting}
        return options | ({"proxy": f"http://127.0.0.1:{self._doors['proxy']}"} if way == "proxy" else {})

    def begin(self, program: Program | BulkProgram | None = None) -> None:
        """Forget all, make the people that programs find, and do next what goes wrong in ``program``."""
        said = {"people": _PEOPLE, "script": [], "doors": []}
        names.script[:] = names.met[:] = []
        if program is not None:
            said |= {"script": [as_data(fault) for fault in program.script], "doors": list(program.doors)}
            names.script[:] = program.names
        if isinstance(program, Program):
            said["people"] = len(program.steps())  # one for each that reads, so that the log tells who read
        self.people = self._tell("/_control/begin", said)

    def behave(self) -> None:
        """Let nothing go wrong from now on, once what is under way has met its faults."""
        names.script[:] = []
        self._tell("/_control/behave")

    def be_away(self, seconds: float) -> None:
        """Refuse connections for a while."""
        self._tell("/_control/down", {"seconds": seconds})

    def stop_this_process(self, seconds: float) -> float:
        """Have this process stopped and continued. Return the time until which it stood."""
        self._tell("/_control/stop", {"pid": os.getpid(), "seconds": seconds})
        return time.time()

    def wait_until_idle(self) -> float:
        """Block until no request waits for an answer. Return the time."""
        self._tell("/_control/idle")
        return time.time()

    def report(self) -> dict[str, Any]:
        """Return what is there and what was asked, once all is done and all clients had time to leave."""
        return self._tell("/_control/settle") | {"names": list(names.met)}

    def _tell(self, path: str, body: object = None) -> Any:
        self._control.request("POST", path, json.dumps(body or {}), {"Authorization": f"Token {self.key}"})
        answer = self._control.getresponse()
        found = json.loads(answer.read())
        assert answer.status == 200, found
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()
        self._process.kill()
        self._process.communicate()
        self._reserved.close()


def _make_certificates(folder: Path, trusting: ssl.SSLContext) -> None:
    authority, past = trustme.CA(), datetime.now(UTC) - timedelta(days=1)
    made = {
        "good": authority.issue_cert(names.NAME),
        "other_host": authority.issue_cert("other.example"),
        "expired": authority.issue_cert(names.NAME, not_before=past - timedelta(days=1), not_after=past),
    }
    for name, certificate in made.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))
    authority.configure_trust(trusting)
