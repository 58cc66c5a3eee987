"""A manifest is looked at as a whole before anything is sent: every bad row is found, with its line and its reason."""

import subprocess
import sys
import tracemalloc

import pytest

from kycaid_async import ManifestError, ManifestRow, UrlRules, check_manifest
from kycaid_async.bulk.remote import faults
from kycaid_async.uploads.preflight import FileRules
from tests.bulk.manifests import WRITERS, new, reasons, row, with_pictures, write_csv
from tests.bulk.raw_server import RawServer, says
from tests.pictures import picture


@pytest.fixture
def check(tmp_path):
    """Write rows as a manifest, beside a picture, and check them."""

    async def check(rows, form="csv", **options):
        path = WRITERS[form](with_pictures(tmp_path) / f"people.{form}", rows)
        return [found async for found in check_manifest(path, **options)]

    return check


async def test_good_rows_are_given_as_they_are_read(check):
    found = await check([row(key="a"), new("p", back_side="front.png")])
    assert [type(one) for one in found] == [ManifestRow, ManifestRow]
    assert [one.line for one in found] == [2, 3]


IMAGE = "expected an image, a PDF or a video, got one that"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, f"{IMAGE} cannot be opened (No such file or directory)"),
        (lambda path: path.mkdir(), f"{IMAGE} is a directory"),
        (lambda path: path.touch(), f"{IMAGE} is empty"),
        (lambda path: path.write_text("hello"), f"{IMAGE} is none of these by its first bytes"),
        (lambda path: path.write_bytes(b"PK\3\4" + bytes(60)), f"{IMAGE} looks like application/zip"),
        (
            lambda path: path.write_bytes(picture(1001)),
            f"{IMAGE} has 1,001 bytes, the limit is 1,000 (max_file_size of the client)",
        ),
    ],
)
async def test_a_file_that_is_no_document_is_named_by_its_side_and_not_by_its_path(check, tmp_path, make, reason):
    make(tmp_path / "Canary.png")
    found = await check([row(key="a", other_side_2="Canary.png"), row(key="b")], rules=FileRules(max_size=1000))
    assert reasons(found) == {2: f"other_side_2: {reason}"}


async def test_every_bad_side_of_a_row_is_named(check):
    (bad,) = await check([row(front_side="a.png", back_side="b.png")])
    assert [problem.field for problem in bad.problems] == ["front_side", "back_side"]


@pytest.mark.parametrize("form", WRITERS)
async def test_rows_that_say_the_same_and_keys_used_twice_are_found_with_the_line_of_the_first(check, form):
    rows = [row(), row(key="a"), row(key="a", type="VIDEO"), row(), row(type="VIDEO")]
    first = {"csv": 2, "jsonl": 1}[form]
    assert reasons(await check(rows, form)) == {
        first + 2: f"key: expected a key of its own, got that of line {first + 1}",
        first + 3: f"row: expected one row of a kind, got the same as in line {first}",
    }


async def test_an_applicant_that_is_two_different_people_is_found(check):
    ada = {"applicant.first_name": "Ada"}
    rows = [new("p", **ada), new("p", type="VIDEO", **ada), new("p", type="BANK_STATEMENT"), new("q")]
    assert reasons(await check(rows)) == {
        4: "applicant.*: expected what line 2 says of this applicant, got something else"
    }


async def test_a_key_is_never_mistaken_for_an_applicant(check):
    assert reasons(await check([new("p", key="applicant p"), new("q", key="applicant q")])) == {}


async def test_bad_rows_of_all_kinds_come_in_the_order_of_their_lines(check):
    rows = [row(key=str(n)) for n in range(200)]
    for number in range(0, 200, 3):
        rows[number]["front_side"] = "missing.png"
    for number in range(1, 200, 3):
        rows[number]["type"] = "NONE"
    found = await check(rows)
    assert [one.line for one in found] == list(range(2, 202))
    assert len(reasons(found)) == 134


async def test_a_remote_file_is_looked_at_too(check):
    import fsspec

    files = fsspec.filesystem("memory")
    files.pipe("/check/good.png", picture(300_000))
    files.pipe("/check/empty.png", b"")
    names = ["good", "empty", "missing"]
    rows = [row(key=name, front_side=f"memory://check/{name}.png") for name in names]
    found = await check(rows, urls=UrlRules(allow_protocols=["memory"]))
    assert reasons(found) == {
        3: f"front_side: {IMAGE} is empty",
        4: f"front_side: {IMAGE} cannot be opened (no such file)",
    }


async def test_without_the_extra_a_row_with_a_file_of_a_store_says_what_to_install(check, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    found = await check([row(front_side="s3://bucket/a.png"), row()], urls=UrlRules())
    assert reasons(found) == {
        2: "front_side: expected a file that can be read here, got another: "
        "URLs of this kind need another package: pip install 'kycaid-async[fsspec]'"
    }


async def test_a_manifest_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(ManifestError):
        [found async for found in check_manifest(tmp_path / "none.csv")]


async def test_the_check_of_many_rows_takes_no_more_memory_than_that_of_some(tmp_path):
    with_pictures(tmp_path)

    async def most(count):
        """Return the most that is held whenever a row is given: how many files are looked at just then is chance."""
        path, held, good = write_csv(tmp_path / f"{count}.csv", [new(f"p{n}") for n in range(count)]), 0, 0
        tracemalloc.start()
        try:
            async for found in check_manifest(path):
                good += isinstance(found, ManifestRow)
                held = max(held, tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
        assert good == count
        return held

    await most(100)
    # Held rows would be a megabyte.
    assert await most(1000) < await most(300) + 400_000


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take these as the same name")
@pytest.mark.parametrize(
    ("written", "differs"),
    [
        ("Canary\u0308.png", "in another Unicode form of the same letters"),
        ("canar%C3%BF.png", "with its %… written out, in other upper and lower case"),
        ('"scans\\Canar\u00ff.png"', "without quotes"),
    ],
)
async def test_a_path_in_another_spelling_says_how_the_file_is_spelt_but_not_its_name(
    check, tmp_path, written, differs
):
    with_pictures(tmp_path, "Canary\u0308.png".replace("y\u0308", "\u00ff"), "scans/Canar\u00ff.png")
    (reason,) = reasons(await check([row(front_side=written)], "jsonl")).values()
    assert reason == f"front_side: {IMAGE} cannot be opened (No such file or directory; it is there, {differs})"


async def test_a_file_whose_server_is_away_is_not_called_a_bad_one(check, monkeypatch):
    monkeypatch.setattr(faults, "_FIRST_PAUSE", 0.0)
    async with RawServer(says("503 Busy")) as server:
        rules = UrlRules(allow_protocols=["http"], allow_hosts=["127.0.0.1"])
        found = await check([row(front_side=server.url("/a.png?Canary")), row()], urls=rules)
    assert reasons(found) == {
        2: "front_side: expected a file that can be read now, got one that cannot be reached for now "
        "(its server answers 503); try again later"
    }


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_no_room_for_temporary_files_is_one_line(tmp_path):
    """No file may have more than 50 kB: SQLite meets that as it meets a full disk."""
    path = write_csv(tmp_path / "people.csv", [row(key=str(n)) for n in range(3000)])
    code = f"""
import asyncio, resource, sqlite3
from kycaid_async import ManifestError, check_manifest
async def known(row):
    return True
async def main():
    async for row in check_manifest({str(path)!r}, known=known):
        pass
connect = sqlite3.connect
def with_little_memory(*arguments, **options):
    made = connect(*arguments, **options)
    made.execute("PRAGMA cache_size = 10")
    return made
sqlite3.connect = with_little_memory
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    asyncio.run(main())
except ManifestError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    words = "it needs some room for temporary files; name a folder that has it in SQLITE_TMPDIR [ManifestError]\n"
    assert done.stdout.replace("database or disk is full", "disk I/O error") == (
        f"{path}: cannot be checked (disk I/O error): {words}"
    )
