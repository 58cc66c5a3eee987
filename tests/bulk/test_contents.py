"""What files are known by: both ends, until another comes with the same; then the whole of both, read once each."""

import os
from datetime import UTC, datetime, timedelta

import attrs
import fsspec
import pytest

from kycaid_async import BulkRow, BulkStatus, LedgerError, UploadSourceError, UrlRules
from kycaid_async.bulk import contents
from kycaid_async.bulk.ledger import Ledger
from kycaid_async.bulk.ledger.repair import repair, show
from kycaid_async.uploads.path_source import Origin, PathSource
from kycaid_async.uploads.preflight import FileRules
from tests.bulk.ledger.formats import format_4, picture_of_format_4
from tests.bulk.manifest.test_files import pdf
from tests.bulk.plain_server import Meddling, PlainServer, closing
from tests.bulk.raw_server import RawServer, gives, header
from tests.conftest import API_KEY
from tests.pictures import PNG_START

OWNER = "a" * 36
SMALL, MIDDLE, LARGE = 20_000, 200_000, 3_000_000
SIZES = pytest.mark.parametrize("size", [MIDDLE, LARGE])


@pytest.fixture
async def plain():
    async with PlainServer() as server:
        server.applicants[OWNER] = {"applicant_id": OWNER, "type": "PERSON"}
        yield server


@pytest.fixture
def client(plain, make_client, fake_time):
    """A client for which all files were written an hour ago."""
    client = make_client(plain.url)
    client._shared.timing = attrs.evolve(fake_time.timing(), now=lambda: datetime.now(UTC) + timedelta(hours=1))
    return client


@pytest.fixture
def hashed(monkeypatch):
    """Sizes of the files that are read for a digest of the whole."""
    sizes = []
    digest_of = contents._digest_of

    async def watched(reading, hashing):
        sizes.append(reading.size)
        return await digest_of(reading, hashing)

    monkeypatch.setattr(contents, "_digest_of", watched)
    return sizes


def picture(size, *, first=0, middle=0, last=0):
    """Return a picture that says so at its start, in its middle and at its end."""
    half = (size - len(PNG_START) - 3) // 2
    return PNG_START + bytes([first]) + bytes(half) + bytes([middle]) + bytes(half) + bytes([last])


def stored(plain, file_id):
    """Return the content of a file as the server got it, without what is around it in the body."""
    return plain.files[file_id].partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]


def row(number, side, **fields):
    document = {"type": "PASSPORT", "document_number": f"N{number}"}
    return BulkRow(**{"applicant_id": OWNER, "document": document, "front_side": side, "key": f"{number}"} | fields)


def write(folder, name, content):
    (folder / name).write_bytes(content)
    return folder / name


async def deliver(client, rows, ledger=None):
    results, summary = await client.bulk.upload_all(rows, ledger=ledger, concurrency=1)
    assert [result.status for result in results] == [BulkStatus.CREATED] * len(rows), results
    return [plain_id for result in results for plain_id in result.file_ids.values()], summary


@SIZES
async def test_a_file_whose_ends_no_other_has_is_not_read_for_its_digest(client, plain, hashed, tmp_path, size):
    paths = [write(tmp_path, f"{n}.png", picture(size, first=n)) for n in range(3)]
    ids, summary = await deliver(client, [row(n, path) for n, path in enumerate(paths)])
    assert (len(set(ids)), summary.files_shared, hashed) == (3, 0, [])
    assert [stored(plain, file_id) for file_id in ids] == [path.read_bytes() for path in paths]


@SIZES
async def test_a_copy_is_uploaded_once_and_files_that_differ_in_the_middle_are_all(
    client, plain, hashed, tmp_path, size
):
    pictures = [picture(size, middle=n % 3) for n in range(6)]
    paths = [write(tmp_path, f"{n}.png", content) for n, content in enumerate(pictures)]
    ids, summary = await deliver(client, [row(n, path) for n, path in enumerate(paths)])
    assert (ids[:3], len(set(ids)), summary.files, summary.files_shared) == (ids[3:], 3, 3, 3)
    assert [stored(plain, file_id) for file_id in ids] == pictures
    assert hashed == [size] * 6, "the first once, when the second comes, and each other once"


async def test_copies_are_one_file_however_they_are_given(client, plain, tmp_path):
    content = picture(LARGE)
    path, other = write(tmp_path, "a.png", content), write(tmp_path, "b.png", content)
    for order in ([path, content, other], [content, path, other]):
        ids, summary = await deliver(client, [row(n, side) for n, side in enumerate(order)])
        assert (len(set(ids)), summary.files) == (1, 1)
        assert stored(plain, ids[0]) == content


async def test_a_run_that_goes_on_knows_the_files_that_were_uploaded_before_without_reading_them(
    client, plain, hashed, tmp_path
):
    paths = [write(tmp_path, f"{n}.png", picture(size, first=n)) for n, size in enumerate((SMALL, MIDDLE, LARGE))]
    refused = closing(422, '{"type": "validation"}', kind="application/json")
    plain.meddle = lambda _method, path: Meddling(answer=refused) if path == "/documents" else None
    rows = [row(n, path) for n, path in enumerate(paths)]
    _, summary = await client.bulk.upload_all(rows, ledger=tmp_path / "l")
    assert (summary.failed, summary.files, summary.files_unused) == (3, 3, 3)
    plain.meddle = lambda _method, _path: None
    _, again = await deliver(client, rows, tmp_path / "l")
    assert (again.files, again.files_shared, len(plain.files), hashed) == (0, 3, 3, [])


@pytest.mark.parametrize("fate", ["deleted", "rewritten", "replaced"])
async def test_a_copy_of_what_is_gone_or_changed_by_now_is_sent_again(client, plain, tmp_path, fate):
    content = picture(MIDDLE)
    path = write(tmp_path, "a.png", content)
    await deliver(client, [row(0, path)], tmp_path / "l")
    copy = write(tmp_path, "b.png", content)
    if fate == "deleted":
        path.unlink()
    elif fate == "rewritten":
        path.write_bytes(picture(MIDDLE, middle=1))
    else:
        os.replace(write(tmp_path, "c.png", picture(MIDDLE, middle=1)), path)
    ids, _ = await deliver(client, [row(1, copy), row(2, path if path.exists() else copy)], tmp_path / "l")
    assert [stored(plain, file_id) for file_id in ids] == [content, content if fate == "deleted" else path.read_bytes()]
    third = write(tmp_path, "third.png", content)
    [again], summary = await deliver(client, [row(3, third)], tmp_path / "l")
    assert (again, summary.files) == (ids[0], 0), "from now on it is known by the whole"


HERE = UrlRules(allow_protocols=["http"], allow_hosts=["127.0.0.1"])


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_large_remote_file_is_sent_as_it_is_and_known_again(client, plain, tmp_path, ranges):
    content, other = picture(LARGE), picture(LARGE, middle=1)
    copy = write(tmp_path, "a.png", content)
    async with RawServer(gives(content, ranges=ranges)) as server, RawServer(gives(other, ranges=ranges)) as second:
        sides = [server.url("/1.png"), second.url("/2.png"), copy, server.url("/3.png")]
        for known in (0, 4):
            rows = [row(10 * known + n, side) for n, side in enumerate(sides)]
            results, summary = await client.bulk.upload_all(rows, ledger=tmp_path / "l", urls=HERE, concurrency=1)
            ids = [result.file_ids["front_side"] for result in results]
            assert [stored(plain, file_id) for file_id in ids] == [content, other, content, content]
            assert (ids[0], ids[0], summary.files) == (ids[2], ids[3], 2 if known == 0 else 0)


async def test_a_large_remote_file_is_fetched_once_when_no_other_has_its_ends(client, plain):
    async with RawServer(gives(picture(LARGE))) as server:
        rows = [row(0, server.url("/1.png"))]
        [result], _ = await client.bulk.upload_all(rows, urls=HERE)
    assert stored(plain, result.file_ids["front_side"]) == picture(LARGE)
    fetched = [header(request, "Range").removeprefix("bytes=").split("-") for request in server.requests]
    sizes = [int(last or LARGE - 1) + 1 - int(first) for first, last in fetched]
    assert sum(sizes) < LARGE + 2**19


async def test_a_large_remote_file_that_is_another_by_the_time_it_is_sent_is_looked_at_again(client, plain):
    looked_at, sent = gives(picture(LARGE)), gives(picture(LARGE, last=1), etag='"2"')
    async with RawServer(looked_at, looked_at, sent) as server:
        [result], summary = await client.bulk.upload_all([row(0, server.url("/1.png"))], urls=HERE)
    assert stored(plain, result.file_ids["front_side"]) == picture(LARGE, last=1)
    assert summary.created == 1


@SIZES
async def test_a_file_that_is_rewritten_before_it_is_sent_is_recorded_as_what_was_sent(client, plain, tmp_path, size):
    """Also when its time is put back afterwards, as programs that copy files do."""
    paths = [write(tmp_path, f"{n}.png", picture(size, middle=n)) for n in range(2)]
    copies = [write(tmp_path, f"copy {n}.png", picture(size, middle=n)) for n in (1, 2)]
    upload = client.bulk.upload([row(n, path) for n, path in enumerate(paths)], ledger=tmp_path / "l", concurrency=1)
    call, sent = upload._caller.caller, []

    async def caller(endpoint, **given):
        sent.append(endpoint.name)
        if sent.count("files.create") == 2 and endpoint.name == "files.create":
            before = paths[1].stat()
            with paths[1].open("r+b") as file:
                file.write(picture(size, middle=2))
            os.utime(paths[1], ns=(before.st_atime_ns, before.st_mtime_ns))
        return await call(endpoint, **given)

    upload._caller.caller = caller
    first = [result async for result in upload]
    ids, _ = await deliver(client, [row(n + 2, copy) for n, copy in enumerate(copies)], tmp_path / "l")
    assert [result.status for result in first] == [BulkStatus.CREATED] * 2
    assert [stored(plain, file_id) for file_id in ids] == [picture(size, middle=1), picture(size, middle=2)]


async def test_a_small_file_that_grows_while_it_is_read_is_not_taken_for_whole(tmp_path):
    path = write(tmp_path, "a.png", picture(SMALL))

    def grow():
        with path.open("ab") as file:
            file.write(b"more")
        return 0

    source = PathSource(os.fspath(path), clock=grow)
    with pytest.raises(UploadSourceError, match="changed while it was read"):
        await contents.read_content(source, FileRules(), contents.as_many_as_cores())


async def test_a_file_that_was_written_a_moment_ago_is_known_by_the_whole_at_once(client, plain, tmp_path, fake_time):
    """It could be written again within the same tick of the clock of the file system."""
    path = write(tmp_path, "a.png", picture(MIDDLE))
    written = path.stat().st_mtime
    client._shared.timing = attrs.evolve(fake_time.timing(), now=lambda: datetime.fromtimestamp(written, UTC))
    await deliver(client, [row(0, path)], tmp_path / "l")
    path.write_bytes(picture(MIDDLE, middle=1))
    ids, _ = await deliver(client, [row(1, write(tmp_path, "b.png", picture(MIDDLE))), row(2, path)], tmp_path / "l")
    assert [stored(plain, file_id) for file_id in ids] == [picture(MIDDLE), picture(MIDDLE, middle=1)]
    assert len(plain.files) == 2


async def test_a_file_that_the_server_lost_is_sent_again_whether_or_not_its_whole_is_known(client, plain, tmp_path):
    first = write(tmp_path, "a.png", picture(MIDDLE))
    await deliver(client, [row(0, first)], tmp_path / "l")
    for lost, sides in enumerate(([first], [write(tmp_path, "b.png", picture(MIDDLE)), first])):
        plain.files.clear()
        refusals = iter([closing(404, '{"type": "not_found"}', kind="application/json")])
        plain.meddle = lambda _method, path, refusals=refusals: (
            Meddling(answer=answer) if path == "/documents" and (answer := next(refusals, None)) else None
        )
        for number, side in enumerate(sides):
            [file_id], _ = await deliver(client, [row(10 * (lost + 1) + number, side)], tmp_path / "l")
            assert stored(plain, file_id) == picture(MIDDLE)
        assert len(plain.files) == 1


async def test_the_place_of_a_file_stands_in_the_ledger_for_nobody_to_read(client, tmp_path):
    path = write(tmp_path, "Jane Doe passport.png", picture(MIDDLE))
    await deliver(client, [row(0, path)], tmp_path / "l")
    for part in tmp_path.glob("l*"):
        assert b"Jane" not in part.read_bytes()
        assert b"png" not in part.read_bytes()
    assert "Jane" not in repr(Origin.of(os.fspath(path), path.stat()))
    assert show(tmp_path / "l").files == 1


async def test_a_ledger_of_the_format_before_knows_its_files_still(client, plain, hashed, tmp_path):
    format_4(tmp_path / "l")
    ledger = await Ledger.open(tmp_path / "l", server="https://api.kycaid.com", read_only=True)
    assert ledger.knows_whole_files_only
    assert await ledger.first_file(b"p" * 32) is None
    await ledger.close()
    for _ in range(2):
        ledger = await Ledger.open(tmp_path / "l", server="https://api.kycaid.com")
        assert ledger.knows_whole_files_only
        assert [entry.document_id async for entry in ledger.rows()].count("d" * 36) == 1
        await ledger.close()
    report = show(tmp_path / "l")
    assert (report.format, report.files, report.rows, report.problem) == ("5", 2, {"created": 1, "sent": 1}, None)


async def test_files_of_a_ledger_of_the_format_before_are_not_uploaded_again(make_client, plain, tmp_path, monkeypatch):
    format_4(tmp_path / "l")
    client = make_client("https://api.kycaid.com")
    sides = [write(tmp_path, f"{n}.png", picture_of_format_4(n)) for n in (1, 2)]
    sent = []

    async def caller(endpoint, **given):
        sent.append(endpoint.name)
        return f"{len(sent):036}"

    upload = client.bulk.upload([row(n + 7, side) for n, side in enumerate(sides)], ledger=tmp_path / "l")
    upload._caller.caller = caller
    results = [result async for result in upload]
    assert {result.file_ids["front_side"] for result in results} == {f"{1:036}", f"{2:036}"}
    assert sent == ["documents.create"] * 2


async def test_a_ledger_of_the_format_before_can_be_repaired(tmp_path):
    format_4(tmp_path / "l")
    content = (tmp_path / "l").read_bytes()
    (tmp_path / "l").write_bytes(content[:60] + (1).to_bytes(4, "big") + content[64:])
    with pytest.raises(LedgerError):
        await Ledger.open(tmp_path / "l", server="https://api.kycaid.com")
    report, _ = repair(tmp_path / "l")
    assert report.files == 2
    ledger = await Ledger.open(tmp_path / "l", server="https://api.kycaid.com", api_key=API_KEY)
    assert ledger.knows_whole_files_only
    await ledger.close()


# What no check of a manifest looked into: bytes, and files behind URLs.


def long_pdf(size, *password):
    """Return a PDF with so many bytes before its last line."""
    content = pdf(*password)
    at = content.rindex(b"startxref")
    return content[:at] + b"%" + bytes(size) + b"\n" + content[at:]


@pytest.fixture
def in_a_store():
    """Keep a file where a row can name it by a URL."""
    store = fsspec.filesystem("memory")

    def keep(content):
        store.pipe("/scans/a.pdf", content)
        return "memory://scans/a.pdf"

    yield keep
    store.store.clear()


@pytest.mark.parametrize("size", [0, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("is_remote", [True, False], ids=["by a URL", "as bytes"])
async def test_a_pdf_with_a_password_is_refused_before_it_is_sent(client, plain, in_a_store, size, is_remote):
    locked, open_to_all = long_pdf(size, "secret", "AES-128"), long_pdf(size, "", "AES-128", "owner")
    for content, told in ((locked, "opens without a password"), (open_to_all, "None"), (long_pdf(size), "None")):
        one = row(0, in_a_store(content) if is_remote else content)
        rules = UrlRules(allow_protocols=["memory"])
        (result,), _ = await client.bulk.upload_all([one], urls=rules)
        assert told in str(result.error)
    assert len(plain.files) == 2
