"""A server that shares no code with the package: verifications, their report, and the documents of applicants."""

import asyncio
import json
import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

from tests.serving import Serving

MOST_ROWS = 1000


@attrs.define(eq=False)
class VerdictServer:
    """Keeps verifications in a dict, in the order in which they were created; each with its day."""

    url: str = ""
    day: str = "2026-11-28"
    verifications: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    documents: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict)
    """By applicant."""
    asked: list[tuple[str, dict[str, str]]] = attrs.field(factory=list)
    refused: dict[str, int] = attrs.field(factory=dict)
    """Paths that are answered with a status and no more."""
    newest_first: bool = False
    busy: int = 0
    """So many requests are refused with 429 before the next is answered."""
    others: int = 0
    """Rows of others, before ours in each day."""
    reported: dict[str, Any] = attrs.field(factory=dict)
    """What each row of the report says in place of what it would; a value of ``...`` leaves it out."""
    _serving: Serving = attrs.field(init=False)

    async def __aenter__(self) -> "VerdictServer":
        self._serving = await Serving(self._serve).listen()
        self.url = self._serving.url
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._serving.close()

    def add(self, verification_id: str, applicant_id: str, *, day: str | None = None) -> None:
        self.verifications[verification_id] = {
            "verification_id": verification_id,
            "applicant_id": applicant_id,
            "status": "pending",
            "verified": None,
            "verifications": {},
            "_day": day or self.day,
        }

    def decide(self, verification_id: str, *, tells: bool = True, **checks: Any) -> None:
        """Finish one: a check is its reasons, or all that is said of it. Without ``tells`` it shows no verdict."""
        told = {
            name: check if isinstance(check, dict) else {"verified": not check, "comment": "", "decline_reasons": check}
            for name, check in (checks or {"profile": []}).items()
        }
        verified = all(check["verified"] for check in told.values()) if tells else None
        self.verifications[verification_id] |= {"status": "completed", "verified": verified, "verifications": told}

    def counts(self) -> Counter[str]:
        """How often what was asked for, since the last time it was asked this."""
        counts = Counter("report" if path.endswith("/report") else path.split("/")[1] for path, _ in self.asked)
        self.asked.clear()
        return counts

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            method, place, _ = head.split(b" ", 2)
            target = urlsplit(place.decode())
            if method == b"POST":
                (length,) = re.findall(rb"(?i)\r\ncontent-length: *(\d+)", head)
                status, body = 200, self._start(json.loads(await reader.readexactly(int(length))))
            else:
                status, body = self._answer(target.path, dict(parse_qsl(target.query)))
            text = json.dumps(body).encode()
            writer.write(
                b"HTTP/1.1 %d Reason\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                % (status, len(text))
            )
            writer.write(text)
            await writer.drain()

    def _start(self, said: dict[str, Any]) -> dict[str, str]:
        """Start a verification; its id tells whose it is."""
        made = f"v{said['applicant_id'][1:]}"
        self.add(made, said["applicant_id"])
        return {"verification_id": made}

    def _answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        self.asked.append((path, query))
        if self.busy:
            self.busy -= 1
            return 429, {"type": "limit_exceeded", "errors": []}
        if path in self.refused:
            status = self.refused[path]
            return status, {"type": "not_found" if status == 404 else "refused", "errors": []}
        section, _, name = path.strip("/").partition("/")
        if name == "report":
            return 200, self._report(query)
        if section == "verifications" and name in self.verifications:
            one = self.verifications[name]
            return 200, {key: value for key, value in one.items() if not key.startswith("_")}
        if section == "applicants":
            count = int(f"v{name[1:]}" in self.verifications)
            told = {"verifications_count": str(count), "verification_status": None if not count else "pending"}
            return 200, {"applicant_id": name, "type": "PERSON", "documents": self.documents.get(name, [])} | told
        return 404, {"type": "not_found", "errors": []}

    def _report(self, query: dict[str, str]) -> list[dict[str, Any]]:
        offset, count = int(query.get("offset", 0)), min(int(query.get("count", MOST_ROWS)), MOST_ROWS)
        rows = [{"verification_id": f"other{n:031}", "status": "pending"} for n in range(self.others)]
        rows += [self._row(one) for one in self.verifications.values() if one["_day"] == query["date"]]
        if self.newest_first:
            rows.reverse()
        return rows[offset : offset + count]

    def _row(self, one: dict[str, Any]) -> dict[str, Any]:
        row = {
            "created_at": f"{one['_day']} 12:00:00",
            "verification_id": one["verification_id"],
            "applicant_id": one["applicant_id"],
            "status": one["status"],
            "decline_reasons": [],
            "service": "KYC",
            "mode": "LIVE",
            "price": 1.25,
        }
        return {name: value for name, value in (row | self.reported).items() if value is not ...}
