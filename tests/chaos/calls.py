"""What the operations of programs call, on the async or the blocking client, and what came of them."""

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attrs

from kycaid_async import ApplicantDocument, AsyncKycaid, Kycaid, KycaidError, Person, Timeout
from kycaid_async.protocol.retry import RetryPolicy
from tests.chaos.oracle import ChaosOracle
from tests.chaos.program import Step
from tests.pictures import PNG_START

READ, TOTAL = 0.05, 0.3
TIMEOUT = Timeout(connect=0.1, read=READ, progress=READ, total=TOTAL)
FILLER = "-"
_CHUNK = 1 << 16


@attrs.define
class Outcome:
    """What a caller was told."""

    returned: Any = None
    error: BaseException | None = None
    cancelled: bool = False
    held_until: float = 0.0
    """The time until which the loop was held up, while this call was under way."""
    ended: float = 0.0
    """The time at which the caller was told."""
    is_over: bool = False

    def end(self) -> None:
        """Note that the call is over now."""
        self.ended, self.is_over = time.time(), True

    @property
    def maybe(self) -> bool:
        return isinstance(self.error, KycaidError) and self.error.maybe_processed


def hurried(settings: Any) -> Any:
    """Return ``settings`` whose pauses between attempts are short."""
    return attrs.evolve(settings, retries=RetryPolicy(max_retries=2, base=0.004))


def make_async(oracle: ChaosOracle, way: str = "http", connections: int = 8) -> AsyncKycaid:
    client = AsyncKycaid(oracle.key, timeout=TIMEOUT, max_connections=connections, **oracle.address(way))
    client._settings = hurried(client._settings)
    return client


def make_blocking(oracle: ChaosOracle, way: str = "http", connections: int = 8) -> Kycaid:
    client = Kycaid(oracle.key, timeout=TIMEOUT, max_connections=connections, **oracle.address(way))
    client._target._settings = hurried(client._target._settings)
    return client


def call(client: Any, oracle: ChaosOracle, name: str, step: Step, folder: Path) -> Any:
    """Begin the call of a step; it is to be awaited where ``client`` is the async one."""
    someone = oracle.people[0]
    if step.limit is not None:
        client = client.with_options(timeout=step.limit)
    match step.do:
        case "applicants.create":
            return client.applicants.create(Person(external_applicant_id=name))
        case "applicants.get":
            return client.applicants.get(oracle.people[int(name[1:])])
        case "applicants.update":
            return client.applicants.update(someone, external_applicant_id=name)
        case "documents.create":
            document = ApplicantDocument(applicant_id=someone, type="PASSPORT", document_number=name)
            return client.documents.create(document)
        case "verifications.create":
            return client.verifications.create(applicant_id=someone, form_id=name.ljust(36, FILLER))
        case _:
            return _upload(client, name, step, folder)


@cache
def content(name: str, size: int) -> bytes:
    """Return the content of a file, another one for each name."""
    return (PNG_START + name.encode()).ljust(size, b"x")


@cache
def digest(name: str, size: int) -> str:
    return hashlib.sha256(content(name, size)).hexdigest()


@cache
def path_of(folder: Path, name: str, size: int) -> Path:
    path = folder / f"{name}-{size}.png"
    path.write_bytes(content(name, size))
    return path


def prepare(name: str, step: Step, folder: Path) -> None:
    """Make the file of a step, so that Ctrl-C meets the client, and not what is written here."""
    if step.do == "files.create" and step.source == "path":
        path_of(folder, name, step.size)
    elif step.do == "files.create":
        content(name, step.size)


def _upload(client: Any, name: str, step: Step, folder: Path) -> Any:
    if step.source == "path":
        return client.files.create(path_of(folder, name, step.size))
    if step.source == "bytes":
        return client.files.create(content(name, step.size), filename=f"{name}.png")
    make: Callable[[], Any] = _chunks_later if isinstance(client, AsyncKycaid) else _chunks
    return client.files.create(lambda: make(content(name, step.size)), filename=f"{name}.png", size=step.size)  # type: ignore[call-arg]


def _chunks(whole: bytes) -> Iterator[bytes]:
    for at in range(0, len(whole), _CHUNK):
        yield whole[at : at + _CHUNK]


async def _chunks_later(whole: bytes) -> AsyncIterator[bytes]:
    for chunk in _chunks(whole):
        yield chunk
