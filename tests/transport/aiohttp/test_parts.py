"""What is used of aiohttp beyond its documentation may be gone or changed tomorrow, and calls go on."""

import ast
import builtins
import collections
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest

import kycaid_async
from kycaid_async import AsyncKycaid, ConfigurationError, ConnectionLostError, KycaidError, UploadSourceError
from kycaid_async.transport.aiohttp import backends, direct, parts
from kycaid_async.transport.aiohttp import session as session_backend
from kycaid_async.transport.aiohttp.parts import OPTIONAL, PARTS, look_at
from kycaid_async.uploads.path_source import QUICK_FOLDERS
from tests.pictures import picture
from tests.serving import Serving
from tests.transport.conftest import passing_on

ID = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
CHANGES = ("gone", "another signature", "another kind")
CASES = [
    ("", ""),
    *((part.name, change) for part in PARTS for change in CHANGES if part.takes is not None or change != CHANGES[1]),
]
PROGRAM = Path(__file__).parent / "hidden.py"
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the cases run in forks")


class Storing(BaseHTTPRequestHandler):
    """Stores an object for each request that came whole, and then answers."""

    protocol_version = "HTTP/1.1"
    stored: ClassVar[collections.Counter[tuple[str, str]]] = collections.Counter()

    def handle_one(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        assert len(self.rfile.read(length)) == length
        _, case, section, *_ = self.path.split("/")
        self.stored[case, section] += 1
        name = {"documents": "document_id", "applicants": "applicant_id", "files": "file_id", "addresses": "address_id"}
        body = json.dumps({name[section]: ID}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = handle_one  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[tuple[str, str], dict[str, Any]]]:
    """What came of the calls of each case, and how many objects each left behind."""
    Storing.stored.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Storing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        cases = [(path, change) for path, change in CASES]
        run = [sys.executable, str(PROGRAM), url, json.dumps(cases)]
        done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=PROGRAM.parents[2])
        server.shutdown()
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(CASES), done.stderr[-3000:]
    return {case: {**one, "number": number} for number, (case, one) in enumerate(zip(CASES, found, strict=True))}


CALLS = {"get": "documents", "post": "applicants", "upload": "files", "theirs": "addresses"}


@needs_fork
def test_whatever_part_of_aiohttp_is_gone_or_changed_calls_succeed_once_or_say_truly_what_happened(outcomes):
    for case, found in outcomes.items():
        assert "died" not in found, case
        for call, section in CALLS.items():
            stored = Storing.stored[f"case{found['number']}", section]
            outcome = found[call]
            if outcome["error"] is None:
                assert stored == 1, (case, call)
            else:
                assert outcome["ours"], (case, call, outcome)
                assert stored == 0 or (stored == 1 and outcome["perhaps"]), (case, call, outcome)


@needs_fork
def test_all_that_fails_is_a_session_of_the_user_that_does_not_tell_its_proxy(outcomes):
    failed = {case[0] for case, found in outcomes.items() for call in CALLS if found[call]["error"] is not None}
    assert failed == {"ClientSession._default_proxy"}
    errors = {found["theirs"]["error"].split(":")[0] for case, found in outcomes.items() if case[0] in failed}
    assert errors == {"ConfigurationError"}


@needs_fork
def test_the_log_says_once_which_part_is_missing_from_which_version(outcomes):
    assert outcomes["", ""]["log"] == []
    needed = {part.name for part in PARTS} - {part.name for part in OPTIONAL} - {"ClientRequest.headers"}
    for (name, change), found in outcomes.items():
        if name in needed:
            [*lines] = found["log"]
            assert 1 <= len(lines) <= 3, (name, lines)
            assert len(set(lines)) == len(lines)
            assert all(f"aiohttp {aiohttp.__version__}" in line for line in lines)
            assert any(name.rsplit(".", 1)[-1] in line or "does not do" in line for line in lines) or change != "gone"
    assert "StreamWriter.drain" in outcomes["http.StreamWriter.drain", "gone"]["log"][0]


# Table and source.

DOCUMENTED = {
    "abc.AbstractResolver",
    *(
        "ClientSession",
        "ClientSession.close",
        "ClientSession.closed",
        "ClientSession.connector",
        "ClientSession.detach",
        "ClientSession.headers",
    ),
    *("ClientSession.request", "ClientSession.trace_configs", "ClientSession.trust_env"),
    *("ClientTimeout", "DummyCookieJar", "TCPConnector", "TCPConnector.__init__", "ClientRequest", "__file__"),
    "BaseConnector",
    *("DefaultResolver", "ThreadedResolver", "ThreadedResolver.__init__"),
    *("ClientResponse", "ClientResponse.closed", "ClientResponse.content", "ClientResponse.headers"),
    *("ClientResponse.release", "ClientResponse.status", "__version__", "abc.AbstractStreamWriter"),
    *("StreamReader", "StreamReader.is_eof", "StreamReader.iter_any", "StreamReader.read_nowait"),
    *("BytesPayload", "Payload"),
    *("ClientSession.__init__", "ClientTimeout.__init__", "DummyCookieJar.__init__"),
}
"""Beside exceptions. `BytesPayload` and `Payload` are exported, and what is used of them stands in the table."""

OBJECTS = {
    "aiohttp": "",
    "protocol": "client_proto.ResponseHandler",
    "connection": "connector.Connection",
    "content": "StreamReader",
    "receiving": "StreamReader",
    "message": "http_parser.RawResponseMessage",
    "writer": "http.StreamWriter",
    "session": "ClientSession",
    "connector": "BaseConnector",
    "response": "ClientResponse",
    "_template": "ClientRequest",
}
"""What the names of variables and attributes in the transport stand for. Parts are used under these names only."""

OURS = {
    *("BaseConnector.expect", "BaseConnector.forget", "BaseConnector.refuse_repeats"),  # of `Connector`
    "http.StreamWriter.ready",  # of `BodyWriter`
    "client_proto.ResponseHandler.connection_made",  # of asyncio
}


def _tail(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class Uses(ast.NodeVisitor):
    """The names below ``aiohttp`` that a module uses."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._base = ""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if (node.module or "").split(".")[0] == "aiohttp":
            self.found |= {".".join([*node.module.split(".")[1:], one.name]) for one in node.names}

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        [base] = [
            one.attr for one in node.bases if isinstance(one, ast.Attribute) and _tail(one.value) == "aiohttp"
        ] or [""]
        if [_tail(one) for one in node.bases] == ["ResponseHandler"]:
            base = "client_proto.ResponseHandler"
        before, self._base = self._base, base
        self.generic_visit(node)
        self._base = before

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if self._base and hasattr(attrgetter(self._base)(aiohttp), node.name):
            self.found.add(f"{self._base}.{node.name}")
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the same

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._use(node.value, node.attr)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if _tail(node.func) in ("getattr", "hasattr") and isinstance(node.args[1], ast.Constant):
            self._use(node.args[0], node.args[1].value)
        if isinstance(node.func, ast.Attribute) and _tail(node.func.value) == "aiohttp":
            self.found.add(f"{node.func.attr}.__init__")
        if _tail(node.func) == "_exception":
            self.found.add(f"http_exceptions.{node.args[0].value}")
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if _tail(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)

    def _use(self, of: ast.expr, name: str) -> None:
        if isinstance(of, ast.Attribute) and _tail(of.value) == "aiohttp":
            self.found.add(f"{of.attr}.{name}")
        if (_tail(of), name) == ("error", "message"):
            self.found.add("http_exceptions.BadHttpMessage.message")
        if _tail(of) == "self" and self._base.startswith("client_proto.") and name[0] != "_":
            self.found.add(f"{self._base}.{name}")
        if _tail(of) in OBJECTS:
            self.found.add(f"{OBJECTS[_tail(of)]}.{name}".lstrip("."))


def _is_exception(name: str) -> bool:
    found = getattr(aiohttp, name.removesuffix(".__init__"), None)
    return isinstance(found, type) and issubclass(found, Exception)


def test_every_part_of_aiohttp_that_the_source_uses_stands_in_the_table_and_no_other():
    uses = Uses()
    package = Path(kycaid_async.__file__).parent
    for path in sorted([*(package / "transport").rglob("*.py"), *(package / "uploads").rglob("*.py")]):
        uses.visit(ast.parse(path.read_text(encoding="utf-8")))
    undocumented = {name for name in uses.found - DOCUMENTED - OURS if not _is_exception(name)}
    table = {part.name for part in PARTS}
    assert undocumented == table
    assert uses.found >= DOCUMENTED | OURS


def test_what_is_private_in_aiohttp_is_reached_in_one_module():
    room = Path(kycaid_async.__file__).parent / "transport"
    private = re.compile(r"\b(?:session|connector|connection|protocol|response|content|message)\._[a-z]")
    assert {path.name for path in room.rglob("*.py") if private.search(path.read_text(encoding="utf-8"))} == {
        "parts.py"
    }


def test_all_parts_are_there_today():
    look_at(PARTS)


# What no look at the parts can foresee.


@pytest.mark.parametrize(
    "name", ["AttributeError", "TypeError", "ValueError", "RuntimeError", "KeyError", "AssertionError"]
)
async def test_an_unknown_error_after_the_server_acted_is_one_of_ours_and_the_next_call_goes_through_the_session(
    name, client, server, monkeypatch, caplog
):
    async def broken(*_):
        raise getattr(builtins, name)("secret of the answer")

    server.answer(200, {"applicant_id": ID})
    server.answer(200, {"applicant_id": ID})
    monkeypatch.setattr(parts, "_verdicts", {})
    with monkeypatch.context() as patch:
        patch.setattr(direct, "whole_of", broken)
        with pytest.raises(ConnectionLostError, match=f"unknown way.*{name}.*aiohttp") as caught:
            await client.applicants.create(type="PERSON")
        assert caught.value.maybe_processed
        assert not caught.value.retryable
        assert "secret" not in str(caught.value)
        assert len(server.requests) == 1
        assert await client.applicants.create(type="PERSON") == ID
    assert len(server.requests) == 2
    [told] = [record.getMessage() for record in caplog.records if record.name == "kycaid_async"]
    assert name in told
    assert "secret" not in told


async def test_an_unknown_error_before_anything_was_sent_leads_to_the_session_at_once(client, server, monkeypatch):
    def broken(*_):
        raise TypeError

    monkeypatch.setattr(parts, "_verdicts", {})
    monkeypatch.setattr(direct.DirectBackend, "_head", broken)
    server.answer(200, {"applicant_id": ID})
    server.answer(200, {"file_id": ID})
    assert await client.applicants.create(type="PERSON") == ID
    assert (await client.files.create(picture(1000))) == ID
    assert len(server.requests) == 2


@pytest.mark.parametrize("size", [900, 900_000, 3_000_000])
async def test_a_file_that_was_made_ready_before_an_unknown_error_goes_through_the_session_whole(
    size, make_client, uploads, monkeypatch, tmp_path
):
    def broken(*_):
        raise AttributeError

    path = tmp_path / "a.png"
    path.write_bytes(picture(size))
    monkeypatch.setattr(parts, "_verdicts", {})
    monkeypatch.setattr(direct, "_open_transport", broken)
    QUICK_FOLDERS.note(str(tmp_path), 0.0)
    async with make_client(uploads.url, max_retries=0) as client:
        await client.files.create(path)
    (received,) = uploads.received
    assert received.digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("error", [ValueError, TypeError, RuntimeError, ImportError, KeyError])
@pytest.mark.parametrize(("owner", "name"), [(direct.DirectBackend, "__init__"), (backends.Connector, "__init__")])
async def test_what_cannot_be_built_leads_to_the_session_and_the_log_says_so_once(
    error, owner, name, server, monkeypatch, caplog
):
    def broken(*_: object, **__: object) -> None:
        raise error("secret")

    monkeypatch.setattr(parts, "_verdicts", {})
    monkeypatch.setattr(owner, name, broken)
    for _ in range(2):
        async with AsyncKycaid("k" * 36, base_url=server.url) as client:
            server.answer(200, {"applicant_id": ID})
            assert await client.applicants.create(type="PERSON") == ID
    [told] = [record.getMessage() for record in caplog.records if record.name == "kycaid_async"]
    assert (error.__name__ in told, "through the session" in told, "secret" in told) == (True, True, False)


@pytest.mark.parametrize("sent", [False, True])
async def test_an_unknown_error_of_the_session_says_truly_whether_anything_was_sent(sent, client, server, monkeypatch):
    real = aiohttp.ClientSession._request

    async def broken(self, *args, **options):
        if sent:
            await real(self, *args, **options)
        raise TypeError("unexpected keyword")

    monkeypatch.setattr(aiohttp.ClientSession, "_request", broken)
    server.answer(200, {"applicant_id": ID})
    with pytest.raises(KycaidError, match="unknown way") as caught:
        await client.with_options(max_retries=0).applicants.create(type="PERSON")
    assert caught.value.maybe_processed is sent
    assert isinstance(caught.value, ConnectionLostError if sent else ConfigurationError)
    assert len(server.requests) == sent


# The ways without a part.


@pytest.mark.parametrize("refused", [True, False])
async def test_without_its_switch_aiohttp_does_not_repeat_what_must_not_be_repeated(refused, make_client, monkeypatch):
    seen = []

    async def serve(reader, writer):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            seen.append(1)
            if len(seen) > 1:
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    monkeypatch.setattr(aiohttp.ClientSession, "_request", passing_on([]))
    async with await Serving(serve).listen() as server:
        client = make_client(server.url, max_retries=0)
        await client.request("DELETE", "/x", replay="billed")
        backend = client._shared.resources.current().backend
        backend.own.session._retry_connection = True
        if refused:
            backend.own.connector.refuse_repeats()
        with pytest.raises(ConnectionLostError) as caught:
            await client.request("DELETE", "/x", replay="billed")
        await client.aclose()
    assert caught.value.maybe_processed
    assert len(seen) == (2 if refused else 3)


@pytest.fixture
def without_own_bodies(monkeypatch):
    monkeypatch.setattr(aiohttp.ClientSession, "_request", passing_on([]))
    monkeypatch.setattr(session_backend, "own_bodies_fit", lambda: False)


@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_files_go_whole_without_bodies_of_our_own(size, uploads, make_client, without_own_bodies):
    content = picture(size)
    await make_client(uploads.url).files.create(content)
    [received] = uploads.received
    assert received.whole
    assert received.digest == hashlib.sha256(content).hexdigest()


async def test_a_file_that_changes_meanwhile_is_cut_off_without_bodies_of_our_own(
    uploads, make_client, without_own_bodies, tmp_path
):
    class Shrinking(io.BytesIO):
        def read(self, size=-1):
            return super().read(size) if self.tell() < 500_000 else b""

    with pytest.raises(UploadSourceError, match="changed"):
        await make_client(uploads.url).files.create(Shrinking(picture(2_000_000)))
    assert not [one for one in uploads.received if one.whole]
