"""A reader who does what a page says: in a folder of their own, with a KYCAID of their own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Self

from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.testing import RunningSandbox, Sandbox
from tests.docs import interpreter
from tests.docs.given import MAKERS
from tests.docs.interpreter import END
from tests.docs.pages import LANGUAGES, ROOT, SHOWN, Block
from tests.oracle.running import free_port

TIME: Final = 120.0
"""Seconds that a block may take."""
_PORT: Final = re.compile(r"\b80[0-9]{2}\b")
_STATE: Final = 'if [ -f "$KYCAID_STATE" ]; then . "$KYCAID_STATE"; fi\n'
_KEEP: Final = '\n{ export -p | grep -v KYCAID_STATE; printf "cd %q\\n" "$PWD"; } > "$KYCAID_STATE"'


class Reader:
    """Runs the blocks of one page in order. ``printed`` is what the last one printed."""

    def __init__(self, folder: Path, sandbox: RunningSandbox, *, installs: bool = False) -> None:
        self.folder, self.sandbox, self.installs = folder, sandbox, installs
        self.counts = {"run": 0, "compared": 0, "shown": 0}
        self._ports: dict[str, str] = {}
        self._printed: str | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._notebook: subprocess.Popen[bytes] | None = None
        account = {"KYCAID_API_KEY": sandbox.api_key, "KYCAID_BASE_URL": sandbox.url, "FORM_ID": FORMS[0].id}
        own = {
            "KYCAID_STATE": str(folder.parent / f"{folder.name}.state"),
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": "80",
        }
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._environment = os.environ | account | own | {"PATH": path, "PYTHONPATH": str(ROOT)}
        if installs:  # nothing but what is installed, and this package from here
            self._environment |= {"PYTHONPATH": "", "PIP_FIND_LINKS": _wheels()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            for pipe in filter(None, (child.stdin, child.stdout)):
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def follow(self, block: Block) -> None:
        """Do what ``block`` says, or compare it with what was printed. Raises `AssertionError`."""
        assert block.language in LANGUAGES, f"{block.place}: not a language of the pages: {block.language!r}"
        if "new account" in block.notes:
            self.sandbox.reset()
        for name in block.notes.get("given", "").split():
            MAKERS[name](self.folder)
        text = _PORT.sub(self._port, block.text)
        if block.language == "text" and "file" not in block.notes:
            self._compare(block, text)
            return
        self._is_all_shown(block)
        if "not run" in block.notes:
            assert block.notes["not run"], f"{block.place}: say why it is not run"
            self.counts["shown"] += 1
        elif "file" in block.notes:
            self._write(block.notes["file"], text)
        elif block.language in SHOWN:
            self.counts["shown"] += 1
        else:
            self._run(block, text)

    def end(self, place: str) -> None:
        """Finish the page: what was printed last has to be shown, too."""
        assert not self._printed, f"{place}: the page does not show what its last block prints:\n{self._printed}"

    def _is_all_shown(self, block: Block) -> None:
        printed, self._printed = self._printed, None
        assert not printed, f"{block.place}: the page does not show what the block before prints:\n{printed}"

    def _port(self, found: re.Match[str]) -> str:
        """Another port for each that a page names, so that pages can be followed at once."""
        return self._ports.setdefault(found[0], str(free_port()))

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.counts["run"] += 1

    def _run(self, block: Block, text: str) -> None:
        if "installs" in block.notes and not self.installs:
            self.counts["shown"] += 1
            return
        self.counts["run"] += 1
        if block.language == "sh":
            printed = self._process(block, ["bash", "-euo", "pipefail", "-c", _STATE + text + _KEEP])
        elif "alone" in block.notes or "asyncio.run(" in text:
            printed = self._process(block, [sys.executable, "-W", "error", "-c", text])
        else:
            printed = self._cell(block, text)
        self._printed = None if {"installs", "output varies", "setup"} & block.notes.keys() else printed.strip("\n")

    def _process(self, block: Block, command: list[str]) -> str:
        """Run ``command`` to its end. What it leaves running is ended with the page."""
        output, errors = self.folder.parent / "printed", self.folder.parent / "errors"
        with output.open("wb") as out, errors.open("wb") as err:
            child = self._start(command, stdout=out, stderr=err)
            status = child.wait(TIME)
        said = errors.read_text(encoding="utf-8")
        assert status == 0, f"{block.place}: ends with {status}:\n{output.read_text(encoding='utf-8')}\n{said}"
        return output.read_text(encoding="utf-8")

    def _cell(self, block: Block, text: str) -> str:
        if self._notebook is None or self._notebook.poll() is not None:  # what raises ends it
            command = [
                "bash",
                "-c",
                f'{_STATE}PYTHONPATH="$PWD:$PYTHONPATH" exec python -W error "$0"',
                interpreter.__file__,
            ]  # as in its shell
            self._notebook = self._start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        notebook = self._notebook
        assert notebook.stdin is not None
        notebook.stdin.write(json.dumps([block.place, text]).encode() + b"\n")
        notebook.stdin.flush()
        return "".join(self._lines(block, notebook))

    def _lines(self, block: Block, notebook: subprocess.Popen[bytes]) -> Iterator[str]:
        assert notebook.stdout is not None
        for line in notebook.stdout:
            if line.decode().rstrip("\n") == END:
                return
            yield line.decode()
        notebook.wait()
        raise AssertionError(f"{block.place}: it raised; see above")

    def _start(self, command: list[str], **pipes: object) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(command, cwd=self.folder, env=self._environment, start_new_session=True, **pipes)  # type: ignore[call-overload]  # as given
        self._children.append(child)
        return child

    def _compare(self, block: Block, text: str) -> None:
        if "not run" in block.notes:
            return
        assert self._printed is not None, f"{block.place}: nothing was run that could print this"
        expected, printed = _comparable(text), _comparable(self._printed)
        pattern = ".*?".join(re.escape(part) for part in expected.split("…"))
        self._printed = None
        self.counts["compared"] += 1
        assert re.fullmatch(pattern, printed, re.DOTALL), f"{block.place}: it prints\n{printed}\nand not\n{expected}"


@cache
def _wheels() -> str:
    """Build the wheel, and return the folders in which pip looks for it, and for what it did before."""
    folder = tempfile.mkdtemp()
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, str(ROOT)], check=True)
    return f"{os.environ.get('PIP_FIND_LINKS', '')} {folder}".strip()


def _comparable(text: str) -> str:
    """Return ``text`` without what differs from run to run: seconds, rates, sizes, ids, spaces at ends of lines."""
    lines = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    lines = re.sub(r"\b[0-9a-f]{32,36}\b", "(id)", lines)
    lines = re.sub(r"\d[\d.,]*(?= (?:s|ms|kB|MB|documents)\b)", "(number)", lines)
    return re.sub(r"(?<=127\.0\.0\.1:)\d+", "(port)", lines)


@contextlib.contextmanager
def reader(folder: Path, *, installs: bool = False) -> Iterator[Reader]:
    """Give a reader in an empty ``folder``, whose key and server are those of a sandbox."""
    folder.mkdir()
    with Sandbox() as sandbox, Reader(folder, sandbox, installs=installs) as it:
        yield it
