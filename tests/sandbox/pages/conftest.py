"""What the tests of pages share: forms to fill in, and a browser's way of asking."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import aiohttp
import attrs
import pytest

from kycaid_async import AsyncKycaid
from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS

PERSON = {
    "applicant.first_name": "Jane",
    "applicant.last_name": "Example",
    "applicant.dob": "1980-01-01",
    "applicant.residence_country": "DE",
    "document.type": "PASSPORT",
    "document.document_number": "X1234567",
    "document.expiry_date": date(2030, 1, 1).isoformat(),
}


@attrs.frozen
class Page:
    """An answer as a browser sees it."""

    status: int
    text: str
    headers: Any

    @property
    def faults(self) -> dict[str, str]:
        """What stands next to the inputs, by their names."""
        pieces = self.text.split('-fault" class="fault">')[1:]
        names = [piece.rpartition('id="')[2] for piece in self.text.split('-fault" class="fault">')[:-1]]
        found = {name: piece.partition("<")[0] for name, piece in zip(names, pieces, strict=True)}
        return {name: text for name, text in found.items() if text}


Ask = Callable[..., Awaitable[Page]]


@pytest.fixture
async def browse(sandbox: Sandbox) -> AsyncIterator[Ask]:
    """Ask as a browser does, with cookies and without following redirects."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Accept": "text/html"}) as session:

        async def ask(method: str, path: str, **given: Any) -> Page:
            url = path if path.startswith("http") else sandbox.url + path
            async with session.request(method, url, allow_redirects=False, **given) as response:
                return Page(response.status, await response.text(errors="replace"), response.headers)

        yield ask


@pytest.fixture
def form_url(kycaid: AsyncKycaid) -> Callable[..., Awaitable[str]]:
    """Make the URL of the form of a person, or of another one."""

    async def make(number: int = 0, **fields: Any) -> str:
        return (await kycaid.forms.create_url(FORMS[number].id, **fields)).form_url

    return make


@pytest.fixture
def filled(make_picture: Callable[..., bytes]) -> Callable[..., aiohttp.FormData]:
    """Fill in the form of a person; ``None`` leaves a field out, and bytes are a file."""

    def fill(changes: dict[str, Any] | None = None) -> aiohttp.FormData:
        body = aiohttp.FormData(default_to_multipart=True)
        for name, value in (PERSON | {"document.front_side_id": make_picture()} | (changes or {})).items():
            if isinstance(value, bytes):
                body.add_field(name, io.BytesIO(value), filename="front.jpg", content_type="image/jpeg")
            elif value is not None:
                body.add_field(name, value)
        return body

    return fill
