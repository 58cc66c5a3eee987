"""A server of five operations that shares no code with the package, and does what a test tells it."""

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

import attrs

from tests.faults import reply
from tests.serving import Serving

Meddle = Callable[[str, str], "Meddling | None"]


@attrs.frozen(kw_only=True)
class Meddling:
    """What comes of one request in place of the right answer."""

    answer: bytes | None = None
    """None: the connection is closed without one."""
    acted: bool = False
    """Whether the server did what it was asked to, all the same."""


@attrs.define(eq=False)
class PlainServer:
    """Keeps applicants, files and documents in dicts, and commits before it answers."""

    url: str = ""
    query: str = ""
    """That of the request which is looked at now."""
    applicants: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    documents: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    files: dict[str, bytes] = attrs.field(factory=dict)
    seen: list[tuple[str, str]] = attrs.field(factory=list)
    meddle: Meddle = lambda _method, _path: None
    shown: Callable[[list[dict[str, Any]]], Any] = lambda documents: documents
    """How the documents of an applicant are shown."""
    steps: Callable[[str, str], int] = lambda _method, _path: 1
    """How many steps of the loop it takes to answer."""
    at_once: dict[str, int] = attrs.field(factory=dict)
    most_at_once: dict[str, int] = attrs.field(factory=dict)
    answering: asyncio.Event = attrs.field(factory=asyncio.Event)
    """Answers wait while it is cleared."""
    _numbers: Any = attrs.field(factory=itertools.count)
    _serving: Serving = attrs.field(init=False)

    async def __aenter__(self) -> "PlainServer":
        self.answering.set()
        self._serving = await Serving(self._serve).listen()
        self.url = self._serving.url
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._serving.close()

    def count(self, path: str) -> int:
        return sum(seen == ("POST", path) for seen in self.seen)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
            path, _, self.query = path.partition("?")
            answer = await self._answer(method, path, body)
            if answer is None:
                break
            writer.write(answer)
            await writer.drain()

    async def _answer(self, method: str, path: str, body: bytes) -> bytes | None:
        self.seen.append((method, path))
        self.at_once[path] = self.at_once.get(path, 0) + 1
        self.most_at_once[path] = max(self.most_at_once.get(path, 0), self.at_once[path])
        meddling = self.meddle(method, path)
        right = self._act(method, path, body) if meddling is None or meddling.acted else b""
        await self.answering.wait()
        for _ in range(self.steps(method, path)):
            await asyncio.sleep(0)
        self.at_once[path] -= 1
        return right if meddling is None else meddling.answer

    def _act(self, method: str, path: str, body: bytes) -> bytes:
        section, _, key = path.strip("/").partition("/")
        if method == "GET":
            kept = {"applicants": self.applicants, "documents": self.documents}[section].get(key)
            if kept is None:
                return _json(404, {"type": "not_found"})
            if section == "applicants":
                own = [document for document in self.documents.values() if document.get("applicant_id") == key]
                return _json(200, {**kept, "documents": self.shown([dict(document) for document in own])})
            return _json(200, kept)
        made = f"{section[0]}{next(self._numbers):035}"
        if section == "files":
            self.files[made] = body
        elif section == "applicants":
            self.applicants[made] = {**json.loads(body), "applicant_id": made}
        else:
            if json.loads(body).get("applicant_id") not in self.applicants:
                return _json(404, {"type": "not_found"})
            sides = ("front_side", "back_side", "other_side_1", "other_side_2", "other_side_3")
            self.documents[made] = {**{f"{side}_id": None for side in sides}, **json.loads(body), "document_id": made}
        return _json(200, {f"{section[:-1]}_id": made})


def _json(status: int, body: Any) -> bytes:
    text = json.dumps(body)
    return (
        f"HTTP/1.1 {status} Reason\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}"
    ).encode()


def closing(status: int, body: str, *, kind: str = "text/html") -> bytes:
    """Return the bytes of an answer, which may stand for that of a gateway."""
    return reply(status, body, content_type=kind).replace(b"Connection: close\r\n", b"")
