"""A running sandbox whose clock is under control, clients for it, and real files."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import attrs
import blockbuster
import pytest
from PIL import Image

from kycaid_async import AsyncKycaid
from kycaid_async.sandbox import Sandbox

Answer = tuple[int, Any]


@attrs.define
class FakeClock:
    """A clock that moves only when it is told to."""

    now: datetime = datetime(2025, 6, 15, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@contextmanager
def nothing_blocks(*, in_memory: bool = True) -> Iterator[None]:
    """Raise where the sandbox holds up its event loop.

    Only `SandboxState.look` may read the database in it, and only `SandboxState.change` write to one in memory.
    """
    with blockbuster.blockbuster_ctx("kycaid_async.sandbox") as watchdog:
        for name in ("sqlite3.Cursor.fetchall", "sqlite3.Cursor.fetchmany", "sqlite3.Connection.execute"):
            watchdog.functions[name].can_block_in("kycaid_async/sandbox/state.py", "look")
            if in_memory:
                watchdog.functions[name].can_block_in("kycaid_async/sandbox/state.py", "change")
        yield


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock, max_file_size=1 << 20) as running:
        yield running


@pytest.fixture
async def kycaid(sandbox: Sandbox) -> AsyncIterator[AsyncKycaid]:
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_retries=0) as client:
        yield client


@pytest.fixture
async def call(sandbox: Sandbox) -> AsyncIterator[Callable[..., Awaitable[Answer]]]:
    """Send a request as it is, and return status and decoded body."""
    async with aiohttp.ClientSession(sandbox.url) as session:

        async def send(method: str, path: str, *, key: str | None = f"Token {sandbox.api_key}", **given: Any) -> Answer:
            headers = given.pop("headers", {}) | ({"Authorization": key} if key is not None else {})
            async with session.request(method, path, headers=headers, **given) as response:
                assert response.headers["Content-Type"] == "application/json; charset=utf-8"
                return response.status, await response.json()

        yield send


def picture(width: int = 400, height: int = 300, kind: str = "JPEG", colour: str = "red") -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((width, height), 50).convert("RGB").save(stream, kind)
    return stream.getvalue()


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n42\n%%EOF\n"


@pytest.fixture
def applicant(kycaid: AsyncKycaid) -> Callable[..., Awaitable[str]]:
    """Make a grown-up."""

    async def make(**fields: Any) -> str:
        given = {"first_name": "Jane", "last_name": "Example", "dob": "1980-01-01"} | fields
        return await kycaid.applicants.create(type="PERSON", **given)

    return make


@pytest.fixture
def company(kycaid: AsyncKycaid) -> Callable[[], Awaitable[str]]:
    async def make() -> str:
        return await kycaid.applicants.create(
            type="COMPANY", company_name="Example Ltd", registration_country="GB", business_activity_id="0" * 36
        )

    return make


@pytest.fixture
def person(kycaid: AsyncKycaid, company: Callable[[], Awaitable[str]]) -> Callable[..., Awaitable[str]]:
    """Make a person of a company."""

    async def make(of: str | None = None, **fields: Any) -> str:
        given = {"type": "AUTHORISED", "first_name": "Ann"} | fields
        return await kycaid.affiliated_persons.create(applicant_id=of or await company(), **given)

    return make


@pytest.fixture
def fields() -> Callable[[Answer], list[str]]:
    """Return the parameters that a refusal with 422 names."""

    def named(answer: Answer) -> list[str]:
        status, body = answer
        assert (status, body["type"]) == (422, "validation")
        return [error["parameter"] for error in body["errors"]]

    return named


@pytest.fixture
def make_picture() -> Callable[..., bytes]:
    return picture


@pytest.fixture
def pdf() -> bytes:
    return PDF


@pytest.fixture(name="nothing_blocks")
def _nothing_blocks() -> Callable[[], AbstractContextManager[None]]:
    return nothing_blocks
