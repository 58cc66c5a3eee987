"""Passages of many documents at once: every kind of run on both clients, every end, and what they leave on disk."""

import asyncio
import hashlib
import itertools
import json
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import attrs

from kycaid_async import AsyncKycaid, BulkRow, Kycaid, Person, Timeout
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.testing import Sandbox
from tests.privacy import marked, shown
from tests.privacy.calls import HANGING, SERVERS
from tests.privacy.marked import M
from tests.privacy.watch import Maker

RUNS = ("upload", "upload of a manifest", "audit", "verify", "results")
_ENDS = (
    "422",
    "401",
    "500",
    "502 page",
    "half, lost",
    "lost",
    "no JSON",
    "nobody there",
    "cancelled",
    "rows that fail",
)
_ROWS = 3
_SHORT = Timeout(connect=2, read=0.1, progress=0.1, total=0.2)
_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256")


@attrs.frozen
class Passage:
    """One run: on which client, of which kind, after which earlier ones, and how it ends."""

    client: str
    run: str
    end: str

    def __str__(self) -> str:
        return " · ".join(attrs.astuple(self))


def passages() -> Iterator[Passage]:
    for client, run, end in itertools.product(("async", "blocking"), RUNS, ("success", *_ENDS)):
        yield Passage(client, run, end)


def person() -> Person:
    return Person(
        first_name=M.name, last_name=M.surname, dob=M.born, email=M.email, external_applicant_id=f"{M.secret}-p"
    )


def rows() -> Iterator[BulkRow]:
    sides = (marked.content(), marked.path(), marked.content())
    for number, side in enumerate(sides):
        document = {"type": "PASSPORT", "document_number": f"{M.number}{number}", "issuing_authority": M.answer}
        yield BulkRow(document=document, applicant=person(), front_side=side, key=f"{M.secret}{number}")


def failing_rows() -> Iterator[BulkRow]:
    yield from rows()
    raise ValueError("the rows end")


async def later(made: Iterator[BulkRow]) -> AsyncIterator[BulkRow]:
    for row in made:
        yield row


def write_manifest(folder: Path) -> Path:
    """Write a manifest of marks with its files into ``folder``."""
    names = "type,document_number,front_side,key,applicant.type,applicant.first_name,applicant.dob,"
    lines = [names + "applicant.external_applicant_id"]
    for number in range(_ROWS):
        (folder / f"scan{number}.png").write_bytes(marked.content()[: 9000 + number])
        cells = [f"{M.number}{number}", f"scan{number}.png", f"{M.secret}{number}", "PERSON", M.name, M.born]
        lines.append(",".join(["PASSPORT", *cells, f"{M.secret}-p"]))
    path = folder / "people.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@attrs.define(repr=False)
class Ended:
    """What a run gave, what it raised, and the folder that it worked in. It prints none of that."""

    results: list[Any] = attrs.field(factory=list)
    error: BaseException | None = None
    folder: Path = attrs.field(factory=lambda: Path(tempfile.mkdtemp()))

    @property
    def ledger(self) -> Path:
        return self.folder / "run.ledger"


class Runs(Maker):
    """Makes runs against a sandbox, or against a server that answers each request in one way."""

    def make(self, passage: Passage, chance: random.Random) -> Ended:
        ended = Ended()
        with self._watch.transaction(), Sandbox(api_key=M.key) as sandbox:
            try:
                for earlier in _before(passage.run):
                    self._one(Passage(passage.client, earlier, "success"), sandbox.url, ended)
                ended.results.clear()
                self._one(passage, self._url(passage, sandbox), ended, slow=chance.random() < 0.1)
            except BaseException as error:
                self._watch.report(error)
                ended.error = error
        for result in ended.results:
            if getattr(result, "error", None) is not None:
                self._watch.report(result.error)
        return ended

    def _url(self, passage: Passage, sandbox: Sandbox) -> str:
        if passage.end in ("success", "rows that fail"):
            return sandbox.url
        if passage.end == "nobody there":
            return "http://127.0.0.1:1"
        behave = HANGING["half comes"] if passage.end == "cancelled" else SERVERS[passage.end]
        self._server.behave = behave("documents.get")
        return self._server.url

    def _one(self, passage: Passage, url: str, ended: Ended, *, slow: bool = False) -> None:
        # A ledger is bound to a server, so that of another one has to pass for it.
        ledger = ended.ledger if passage.end in ("success", "rows that fail") else ended.folder / "other.ledger"
        options = {"base_url": url, "max_retries": 0, "hooks": self._watch.telemetry, "timeout": _SHORT}
        if passage.end in ("success", "rows that fail"):
            options.pop("timeout")
        if passage.client == "blocking":
            with Kycaid(M.key, **options) as client:
                for result in _begin(
                    client, passage, ended.folder, ledger, failing_rows if passage.end == "rows that fail" else rows
                ):
                    ended.results.append(result)
            return
        asyncio.run(self._in_loop(passage, options, ended, ledger), debug=slow)

    async def _in_loop(self, passage: Passage, options: dict[str, Any], ended: Ended, ledger: Path) -> None:
        made = failing_rows if passage.end == "rows that fail" else rows
        async with AsyncKycaid(M.key, **options) as client, asyncio.timeout(0.4 if passage.end == "cancelled" else 60):
            async for result in _begin(client, passage, ended.folder, ledger, lambda: later(made())):
                ended.results.append(result)


def _before(run: str) -> tuple[str, ...]:
    return {"audit": ("upload",), "verify": ("upload",), "results": ("upload", "verify")}.get(run, ())


def _begin(client: Any, passage: Passage, folder: Path, ledger: Path, made: Any) -> Any:
    match passage.run:
        case "upload":
            return client.bulk.upload(made(), ledger=ledger, give_up_after=0.1)
        case "upload of a manifest":
            return client.bulk.upload(write_manifest(folder), ledger=ledger, give_up_after=0.1)
        case "audit":
            return client.bulk.audit(made(), ledger=ledger, give_up_after=0.1)
        case "verify":
            return client.bulk.verify(made(), ledger=ledger, form_id=FORMS[0].id, give_up_after=0.1)
        case _:
            return client.bulk.results(made(), ledger=ledger, give_up_after=0.1)


def texts(ended: Ended) -> Iterator[tuple[str, str]]:
    """Yield what may be shown of a run, and the content of each file that it left."""
    if ended.error is not None:
        yield from shown.of_error(ended.error).items()
    for result in ended.results[:2]:
        yield from ((way, show(result)) for way, show in shown.VALUES.items())
        if getattr(result, "error", None) is not None:
            yield from shown.of_error(result.error).items()
    yield from files(ended.folder)
    shutil.rmtree(ended.folder, ignore_errors=True)


MADE_BY_THE_USER = ("people.csv", "scan0.png", "scan1.png", "scan2.png")


def files(folder: Path, *, leave_out: tuple[str, ...] = MADE_BY_THE_USER) -> Iterator[tuple[str, str]]:
    """Yield each file below ``folder`` but those of the user, and what can be guessed from those without the secret."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in leave_out:
            content = path.read_bytes()
            name = "a sandbox" if "data" in path.relative_to(folder).parts else path.name
            yield f"file {name}", content.decode("latin-1")
            yield f"guesses from {name}", "\n".join(guessed(content))


def guesses() -> Iterator[tuple[str, bytes]]:
    """Yield the marks in the forms in which their digests could be told from those of others by trying all."""
    for name in M.NAMES:
        mark = getattr(M, name)
        forms = (mark, mark.lower(), json.dumps(mark), *(f"{mark}{number}" for number in range(_ROWS)), f"{mark}-p")
        yield from ((name, form.encode()) for form in forms)
    for row in rows():
        yield "number", json.dumps(dict(row.document)).encode()
        yield "number", json.dumps(dict(row.document), sort_keys=True, separators=(",", ":")).encode()
    yield "content", marked.content()


def guessed(content: bytes) -> Iterator[str]:
    """Yield each mark of which an unkeyed digest stands in ``content``, whole or in part."""
    for name, form in guesses():
        for algorithm in _DIGESTS:
            digest = hashlib.new(algorithm, form).digest()
            if digest[:10] in content or digest.hex()[:20].encode() in content:
                yield f"{algorithm} of {getattr(M, name)}"
