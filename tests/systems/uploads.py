"""A program: sends files by their path in every way there is, and looks at what arrived."""

import asyncio
import hashlib
import sys
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path

from kycaid_async import AsyncKycaid, BulkRow, Kycaid, Person
from kycaid_async.testing import Sandbox

SIZES = (1000, 900_000, 3_000_000)


def made(folder):
    for size in SIZES:
        path = folder / f"{size}.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(n * size % 251 for n in range(size)))
        yield path


def is_whole(sandbox, file_id, path):
    return sandbox.file_digest(file_id) == hashlib.sha256(path.read_bytes()).hexdigest()


async def asynchronous(sandbox, paths):
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        # Twice: the second time, the folder is known to be quick.
        for _ in range(2):
            ids = await asyncio.gather(*map(client.files.create, paths))
            assert all(map(is_whole, [sandbox] * len(paths), ids, paths))


def blocking(sandbox, paths):
    with Kycaid(sandbox.api_key, base_url=sandbox.url) as client:
        for path in paths:
            file_id = client.files.create(path)
            assert is_whole(sandbox, file_id, path)
        with ExitStack() as stack:  # a file that somebody reads can be deleted all the same
            for stored in sandbox._sandbox._require_running().state.folder.iterdir():
                stack.enter_context(stored.open("rb"))
            with warnings.catch_warnings(action="ignore"):  # its form is inferred
                assert client.files.delete(file_id) == file_id


def rows(paths):
    for n, path in enumerate(paths):
        person = Person(first_name="Jane", external_applicant_id=str(n))
        yield BulkRow(document={"type": "PASSPORT"}, applicant=person, front_side=path)


async def bulk(sandbox, paths, ledger):
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        for expected in ("created", "done_before"):
            async with client.bulk.upload(rows(paths), ledger=ledger) as upload:
                assert [result.status async for result in upload] == [expected] * len(paths)
            assert upload.summary.files == (len(paths) if expected == "created" else 0)
        for path in paths:
            path.unlink()  # nothing has it open any more
        ledger.replace(ledger.with_name("moved.ledger"))


async def manifest(sandbox, folder):
    """Upload what a manifest names with the backslashes of Windows."""
    (folder / "scans").mkdir()
    path = next(made(folder / "scans"))
    columns = "type,applicant.external_applicant_id,applicant.first_name,applicant.last_name,front_side"
    text = f"{columns}\nPASSPORT,of a manifest,Jane,Example,scans\\{path.name}\n"
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    async with (
        AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client,
        client.bulk.upload(folder / "rows.csv", ledger=folder / "rows.ledger") as upload,
    ):
        assert [result.status async for result in upload] == ["created"]


def main():
    # Errors are not ignored here: nothing of ours may be open when the folder goes.
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        paths = list(made(Path(name)))
        asyncio.run(asynchronous(sandbox, paths))
        blocking(sandbox, paths)
        asyncio.run(bulk(sandbox, paths, Path(name) / "run.ledger"))
        asyncio.run(manifest(sandbox, Path(name)))
    sys.stdout.write("fine\n")


if __name__ == "__main__":
    main()
