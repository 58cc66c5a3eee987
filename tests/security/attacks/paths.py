"""No path of a caller leaves the base URL, however often it is decoded; no id leaves its segment."""

import random
from urllib.parse import quote, unquote

from kycaid_async import InvalidRequestError
from kycaid_async.api import documents
from kycaid_async.protocol.request import build, undeclared_endpoint
from tests.security.outcome import Outcome

NAME = "Ways out of a path, plain and encoded"
DOTS = (
    "..",
    ".",
    "%2e%2e",
    ".%2e",
    "%2E.",
    "..;",
    "..;a=b",
    "\uff0e\uff0e",
    "‥",
    "%c0%ae%c0%ae",
    "%u002e%u002e",
    "%ef%bc%8e\uff0e",
    "..%00",
)
SLASHES = ("/", "%2f", "%5c", "\\", "//", "\uff0f", "%2F", "%252f", "/%09/", "%c0%af")


def attack(chance: random.Random, cases: int) -> Outcome:
    outcome = Outcome()
    for _ in range(cases * 10):
        parts = [chance.choice((*DOTS, "documents", "a" * 36, "%41")) for _ in range(chance.randint(1, 5))]
        text = "".join(part + chance.choice(SLASHES) for part in parts).rstrip("/")
        for _ in range(chance.choice((0, 0, 0, 1, 2, 3))):
            text = quote(text, safe="/" if chance.random() < 0.5 else "")
        path = "/" + text
        try:
            target = build(undeclared_endpoint("GET", path, None), path={"path": path[1:]}).target
        except InvalidRequestError:
            outcome.count(True, "")
        else:
            outcome.count(not _leaves(target), f"path {path!r} was sent as {target!r}")
        try:
            target = build(documents.GET, path={"document_id": text}, check=False).target
        except InvalidRequestError:
            outcome.count(True, "")
        else:
            last = target.removeprefix("/documents/")
            held = target.startswith("/documents/") and "/" not in last and last not in (".", "..") and "?" not in last
            outcome.count(held, f"id {text!r} was sent as {target!r}")
    return outcome


def _leaves(target: str) -> bool:
    for _ in range(12):
        if target.startswith("//") or any(
            part.split(";")[0] in (".", "..") for part in target.replace("\\", "/").split("/")
        ):
            return True
        target = unquote(target)
    return False
