"""The oracle of the programs: in a process of its own, told over one connection what to do, and asked what it did."""

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from tests.oracle.api import KEY
from tests.oracle.running import ROOT, free_port

PEOPLE = 2


class ChaosOracle:
    """An oracle, and the connection on which it is told what to do."""

    def __init__(self, folder: Path) -> None:
        self.port, self.key = free_port(), KEY
        command = [sys.executable, "-m", "tests.oracle", str(folder), str(self.port), "quick"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self._control = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.people: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self, script: list[dict[str, Any]]) -> None:
        """Forget all, make the people that programs find, and meet the next requests with the faults of a script."""
        self._tell("/_control/wipe")
        self._tell("/_control/settings", {})
        body = {"type": "PERSON", "first_name": "Jane"}
        self.people = [self._tell("/applicants", body)["applicant_id"] for _ in range(PEOPLE)]
        self._tell("/_control/settings", {"script": script})

    def behave(self) -> None:
        """Meet the next requests with no faults, once what is under way has met its own."""
        self._tell("/_control/settings", {})
        self._tell("/_control/idle")

    def be_away(self, seconds: float) -> None:
        """Refuse connections for a while."""
        self._tell("/_control/down", {"seconds": seconds})

    def wait_until_idle(self) -> float:
        """Block until no request waits for an answer. Return the time."""
        self._tell("/_control/idle")
        return time.time()

    def report(self) -> dict[str, Any]:
        """Return what is there and what was asked, once all is done and all clients had time to leave."""
        return self._tell("/_control/settle")

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
