"""Data of earlier versions, and where SQL stands."""

import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import kycaid_async.sandbox
from kycaid_async import AsyncKycaid, ConfigurationError
from kycaid_async.sandbox import Sandbox

VERSION_4 = Path(__file__).with_name("version_4.sql").read_text("utf-8")
FIRST, SECOND = f"{1:036}", f"{2:036}"
FILE, DOCUMENT = f"{11:036}", f"{21:036}"


@pytest.fixture
def earlier(tmp_path, make_picture):
    """The folder that a sandbox of version 4 left, with a picture of the first of two applicants."""
    picture = make_picture()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / f"kycaid-upload-{FILE}").write_bytes(picture)
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as database:
        database.executescript(VERSION_4.replace("SHA256", hashlib.sha256(picture).hexdigest()))
    return tmp_path


async def test_data_of_the_version_before_are_opened_and_the_pictures_in_them_known(earlier):
    picture = (earlier / "files" / f"kycaid-upload-{FILE}").read_bytes()
    for _ in range(2):
        async with Sandbox(data=earlier) as sandbox, AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            assert (await kycaid.documents.get(DOCUMENT)).status == "valid"
            assert [row.applicant_id for row in await sandbox.applicants(search=FIRST)] == [FIRST]
            assert [document.document_id for document in (await kycaid.applicants.get(FIRST)).documents] == [DOCUMENT]
            front = await kycaid.files.create(picture, filename="a.jpg")
            selfie = await kycaid.documents.create(applicant_id=SECOND, type="SELFIE_IMAGE", front_side_id=front)
            assert (await kycaid.documents.get(selfie)).reasons == ["DUPLICATE"]
            await kycaid.documents.delete(selfie)


async def test_data_of_the_version_before_that_are_refused_stay_as_they_were(earlier):
    with closing(sqlite3.connect(earlier / "sandbox.sqlite3")) as database:
        database.execute("CREATE TRIGGER t AFTER INSERT ON files BEGIN DELETE FROM files; END")
        before = list(database.iterdump())
    with pytest.raises(ConfigurationError):
        await Sandbox(data=earlier).start()
    with closing(sqlite3.connect(earlier / "sandbox.sqlite3")) as database:
        assert list(database.iterdump()) == before
        assert database.execute("PRAGMA user_version").fetchone() == (4,)


async def test_data_of_an_unknown_version_are_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as database:
        database.execute("PRAGMA user_version = 3")
    with pytest.raises(ConfigurationError, match="of version 3; this package reads 6"):
        await Sandbox(data=tmp_path).start()


def test_sql_stands_in_the_room_of_the_storage_only():
    package = Path(kycaid_async.sandbox.__file__).parent
    sql = re.compile(r"\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|PRAGMA) ")
    places = {path.parent.name for path in package.rglob("*.py") if sql.search(path.read_text("utf-8"))}
    assert places == {"storage"}
