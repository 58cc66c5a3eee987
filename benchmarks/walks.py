"""The six walks of ARCHITECTURE.md: which files of the package one operation passes, once all is warm.

``python -m benchmarks.walks`` prints how many, ``--files`` also names them in the order in which they are entered.
"""

import asyncio
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any

import kycaid_async
from kycaid_async import AsyncKycaid, Document, Kycaid, Passport, Person
from kycaid_async.callbacks import VerificationCompleted
from kycaid_async.sandbox import Sandbox as AsyncSandbox
from kycaid_async.testing import Sandbox, signed_callback

PACKAGE = str(Path(kycaid_async.__file__).parent) + os.sep
KEY = "k" * 36
_FEW, _MORE = 12, 3
"""Rows. The names of columns are looked for in the first ten lines, which is nothing that a row adds."""
_RUNS = 3
COLUMNS = "key,applicant.external_applicant_id,applicant.first_name,applicant.last_name,type,document_number,front_side"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0c"
    b"IDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82"
)


class Walk:
    """The calls of functions of the package, in the threads in which `watched` looks."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            self.calls.append((code.co_filename.removeprefix(PACKAGE), code.co_qualname))

    @property
    def files(self) -> list[str]:
        return list(dict.fromkeys(file for file, _ in self.calls))

    def figures(self) -> str:
        switches = sum(one[0] != next_[0] for one, next_ in zip(self.calls, self.calls[1:], strict=False))
        return f"{len(self.files)} files, {len(set(self.calls))} functions, {switches} switches"


@contextmanager
def watched(*, all_threads: bool = False) -> Iterator[Walk]:
    walk = Walk()
    if all_threads:
        threading.setprofile(walk.note)
    sys.setprofile(walk.note)
    try:
        yield walk
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # as Python's documentation says


async def warm(operation: Callable[[], Awaitable[Any]]) -> Walk:
    """Do it a few times, and watch the last one."""
    for _ in range(3):
        await operation()
    with watched() as walk:
        await operation()
    return walk


async def document_and_file(sandbox: Any, path: Path) -> tuple[Walk, Walk]:
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_retries=0) as client:
        file = await client.files.create(path)

        async def create_document() -> None:
            owner = owners.pop()
            passport = Passport(applicant_id=owner, document_number="AB123456", front_side_id=file)
            await client.documents.create(passport)

        owners = [await client.applicants.create(Person(first_name="Jane", last_name="Example")) for _ in range(4)]
        return await warm(create_document), await warm(lambda: client.files.create(path))


def row(sandbox: Any, folder: Path) -> tuple[Walk, Walk]:
    """Return what each of some rows more adds to a run, and the whole run."""
    from kycaid_async.cli import main

    def upload(rows: int) -> Walk:
        path = folder / f"{next(names)}.csv"
        lines = [f"{path.stem}-{n},A{n},Jane,Example,PASSPORT,AB12345{n},a.png" for n in range(rows)]
        path.write_text("\n".join([COLUMNS, *lines]) + "\n", encoding="utf-8")
        sys.argv = ["kycaid", "upload", str(path)]
        with watched(all_threads=True) as walk, redirect_stdout(StringIO()), suppress(SystemExit):
            main()
        return walk

    names = iter(range(100))
    os.environ.update(KYCAID_API_KEY=sandbox.api_key, KYCAID_BASE_URL=sandbox.url)
    upload(1)
    # What comes now and then, such as progress on the screen, falls into some runs and not into others.
    few, walks = upload(_FEW), [upload(_FEW + _MORE) for _ in range(_RUNS)]
    calls = set.intersection(*({call for call, more in _more(walk, few) if more >= _MORE} for walk in walks))
    per_row = Walk()
    per_row.calls = [call for call in walks[-1].calls if call in calls]
    return per_row, walks[-1]


def _more(walk: Walk, than: Walk) -> Iterable[tuple[tuple[str, str], int]]:
    return (Counter(walk.calls) - Counter(than.calls)).items()


async def callback() -> Walk:
    from starlette.applications import Starlette

    from kycaid_async.web.starlette import callback_route

    async def handle(_: Any) -> None:
        return

    app = Starlette(routes=[callback_route(handle, KEY)])
    signed = signed_callback(VerificationCompleted(verification_id="v" * 36, verified=True), KEY)
    headers = [(name.lower().encode(), value.encode()) for name, value in signed.headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/kycaid", "query_string": b"", "headers": headers}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": signed.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        assert message.get("status", 200) == 200

    return await warm(lambda: app(dict(scope), receive, send))


async def review(path: Path) -> Walk:
    """Return the walk of GET /documents/{id} in the sandbox, at which a review is due."""
    numbers = iter(range(9))
    async with AsyncSandbox() as sandbox:

        def in_client(work: Callable[[Kycaid], Any]) -> Awaitable[Any]:
            return asyncio.to_thread(work, client)

        def create(client: Kycaid) -> str:
            owner = client.applicants.create(Person(first_name="Jane", last_name="Example", dob="1980-01-01"))
            file = client.files.create(path)
            passport = Passport(applicant_id=owner, document_number=f"AB12345{next(numbers)}", front_side_id=file)
            document = client.documents.create(passport)
            client.verifications.create(applicant_id=owner)
            return document

        client = Kycaid(sandbox.api_key, base_url=sandbox.url, max_retries=0)
        walks: list[Walk] = []
        for _ in range(3):
            document: str = await in_client(create)
            with watched() as walk:
                got: Document = await in_client(lambda client, one=document: client.documents.get(one))
            assert got.document_id == document
            walks.append(walk)
        await asyncio.to_thread(client.close)
        return walks[-1]


def blocking_call(sandbox: Any) -> Walk:
    with Kycaid(sandbox.api_key, base_url=sandbox.url) as client:
        owner = client.applicants.create(Person(first_name="Jane"))
        for _ in range(2):
            client.applicants.get(owner)
        with watched() as walk:
            client.applicants.get(owner)
        return walk


def show(title: str, walk: Walk, rooms: tuple[str, ...] = ()) -> None:
    inside = [file for file in walk.files if file.partition("/")[0] in rooms]
    print(f"{title}: {walk.figures()}" + (f"; {len(inside)} files in {' and '.join(rooms)}" if rooms else ""))
    if "--files" in sys.argv:
        print("   ", *walk.files)


def main() -> None:
    files = "--files" in sys.argv
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.png"
        path.write_bytes(PNG)
        with Sandbox() as sandbox:
            document, file = asyncio.run(document_and_file(sandbox, path))
            blocking = blocking_call(sandbox)
            one_row, run = row(sandbox, Path(name))
        walks = [("document", document), ("file", file), ("callback", asyncio.run(callback()))]
        walks += [("sandbox review", asyncio.run(review(path))), ("blocking call, in the calling thread", blocking)]
    sys.argv = [sys.argv[0], *(["--files"] if files else [])]
    for title, walk in walks:
        show(title, walk)
    show("row", one_row, ("bulk", "cli"))
    show(f"the whole run of {_FEW + _MORE} rows", run, ("bulk", "cli"))


if __name__ == "__main__":
    main()
