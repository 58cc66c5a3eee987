"""Only URLs of kinds that are allowed ever reach a library, however they are spelt."""

import base64
import json
import pickle
import sys
import types

import attrs
import fsspec
import pytest

from kycaid_async import (
    BadRow,
    BulkRow,
    BulkStatus,
    ConfigurationError,
    InvalidFileError,
    UrlRules,
    check_manifest,
    read_manifest,
)
from kycaid_async.bulk.manifest.format import trimmed
from kycaid_async.bulk.manifest.places import Place, Reach
from kycaid_async.bulk.remote.source import RemoteSource
from tests.bulk.manifests import reasons, row, with_pictures, write_csv
from tests.effort import effort
from tests.pictures import picture

RUNS = base64.b64encode(
    json.dumps({"version": 1, "templates": {"f": "{{x}}"}, "refs": {"x.jpg": ["{{f(x='id')}}", 0, 1]}}).encode()
).decode()
HOSTILE = [
    f"reference://x.jpg::data:application/json;base64,{RUNS}",
    f"REFERENCE://x.jpg::data:application/json;base64,{RUNS}",
    f" reference://x.jpg::data:application/json;base64,{RUNS}",
    "reference://x.jpg",
    "reference::data://x",
    "simplecache::reference://x",
    "simplecache::s3://bucket/x.png",
    "filecache::https://example.com/x.png",
    "blockcache://x::s3://y",
    "zip://a.png::https://example.com/a.zip",
    "zip://a.png",
    "tar://a::/etc/passwd",
    "libarchive://a",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file://localhost/etc/passwd",
    "local:///etc/passwd",
    "asynclocal:///etc/passwd",
    "dir://etc::file:///",
    "git://x:main@/repo",
    "generic://x",
    "dask://x",
    "github://org:repo@main/x",
    "gist://x",
    "jupyter://host/x",
    "jlab://host/x",
    "ssh://host/x",
    "sftp://host/x",
    "ftp://host/x",
    "smb://host/share/x",
    "webdav://host/x",
    "webhdfs://host/x",
    "hdfs://host/x",
    "arrow_hdfs://x",
    "memory://x",
    "data://x",
    "http://example.com/x.png",
    "hf://x",
    "dropbox://x",
    "dbfs://x",
    "oss://x",
    "lakefs://x",
    "root://x",
    "pyscript://x",
    "nonsense://x",
    "s3://bucket/x.png::file:///etc/passwd",
    "S3://bucket/x::reference://y",
    "s3+https://x/y",
    "s3%3A//x://y",
    "://x",
    "s3://",
    "s3:// ",
    "\u200bs3://x",
    "\uff533://x",
    "\u017f3://x/y",
    "s3\n://x/y",
    "1s3://x/y",
    "-s3://x/y",
    "s3 ://x/y",
]


@pytest.fixture
def untouched(monkeypatch):
    """Fail when fsspec is asked for anything."""
    for name in ("filesystem", "get_filesystem_class", "url_to_fs", "open"):
        for module in (fsspec, fsspec.core, fsspec.registry):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("fsspec is asked"))


@pytest.mark.parametrize("url", HOSTILE)
async def test_a_url_of_another_kind_is_refused_and_no_library_sees_it(url, untouched):
    with pytest.raises(InvalidFileError, match="cannot be opened"):
        await RemoteSource(url).open()


# What has no ink is taken off the edges of a cell, so that these are plain URLs in it.
@pytest.mark.parametrize("url", [url for url in HOSTILE if trimmed(url) == url.strip()])
async def test_such_a_cell_is_a_bad_row_and_the_others_are_read(url, untouched, tmp_path):
    with_pictures(tmp_path)
    path = tmp_path / "people.jsonl"
    path.write_text("\n".join(map(json.dumps, [row(key="a"), row(front_side=url), row(key="b")])))
    for urls in (None, UrlRules()):
        found = [one async for one in check_manifest(path, urls=urls)]
        assert list(reasons(found)) == [2]
        assert "front_side: expected an image, a PDF or a video" in found[1].reason


async def test_a_row_of_a_program_keeps_to_the_same_rules_unless_it_allows_more(bulk_client, row, sandbox):
    fsspec.filesystem("memory").pipe("/program/a.png", picture(600))
    rows = [row(front_side="memory://program/a.png")]
    ((refused,), _) = await bulk_client.bulk.upload_all(rows)
    assert (refused.status, type(refused.error)) == (BulkStatus.FAILED, InvalidFileError)
    assert "a URL of a kind that is not allowed" in str(refused.error)
    ((done,), _) = await bulk_client.bulk.upload_all(rows, urls=UrlRules(allow_protocols=["memory"]))
    assert done.status is BulkStatus.CREATED


async def test_a_row_of_a_manifest_keeps_to_the_rules_it_was_read_with(bulk_client, applicant, tmp_path):
    with_pictures(tmp_path, "../secret.png")
    rows = [{"applicant_id": applicant, "type": "PASSPORT", "front_side": "memory://program/a.png"}]
    rows.append(rows[0] | {"front_side": "../secret.png", "type": "VIDEO"})
    path = write_csv(tmp_path / "people.csv", rows)
    results, _ = await bulk_client.bulk.upload_all(read_manifest(path), urls=UrlRules(allow_protocols=["memory"]))
    assert [result.status for result in results] == [BulkStatus.FAILED] * 2
    fsspec.filesystem("memory").pipe("/program/a.png", picture(600))
    rules = UrlRules(allow_protocols=["memory"])
    again, _ = await bulk_client.bulk.upload_all(read_manifest(path, urls=rules, outside=[tmp_path.parent]))
    assert [result.status for result in again] == [BulkStatus.CREATED] * 2


def test_protocols_and_hosts_are_read_however_they_are_spelt():
    rules = UrlRules(allow_protocols=["SFTP://", " ftp "], allow_hosts=["MinIO.internal", "10.0.0.0/8"])
    assert rules.allow_protocols == {"sftp", "ftp"}
    assert rules.allow_hosts == {"minio.internal", "10.0.0.0/8"}
    for url in ("sftp://h/a", "SFTP://h/a", "ftp://h/a"):
        assert rules.protocol_of(url) in {"sftp", "ftp"}


@pytest.mark.parametrize(
    "options",
    [{"allow_protocols": [name]} for name in ("file", "LOCAL://", "reference", "zip", "simplecache", "", "a b", "a::b")]
    + [{"allow_protocols": "sftp"}, {"allow_hosts": "localhost"}, {"allow_hosts": ["http://localhost"]}]
    + [{"allow_hosts": [""]}],
)
def test_what_can_never_be_allowed_is_an_error_at_once(options):
    with pytest.raises(ConfigurationError, match="allow_"):
        UrlRules(**options)


@pytest.mark.parametrize("version", ["2025.3.0", "2026.5.9", "0.8.7", "unknown", "2026.5.0.post1"])
async def test_an_fsspec_that_runs_what_stands_in_a_url_is_not_used(version, monkeypatch):
    old = types.ModuleType("fsspec")
    old.__version__ = version
    monkeypatch.setitem(sys.modules, "fsspec", old)
    with pytest.raises(
        ConfigurationError, match=rf"fsspec {version} is not safe .* pip install -U 'kycaid-async\[fsspec\]'"
    ):
        await RemoteSource("s3://bucket/a.png").open()


def test_a_place_is_text_and_keeps_its_reach_when_it_is_copied(tmp_path):
    (found,) = read_manifest(write_csv(tmp_path / "a.csv", [row()]), outside=[tmp_path / "more"])
    place = found.front_side
    assert isinstance(place, Place)
    again = pickle.loads(pickle.dumps(place))  # noqa: S301 - our own
    assert (again, again.written, again.reach) == (str(place), "front.png", place.reach)
    assert place == str(tmp_path / "front.png")
    assert isinstance(found, BulkRow)


@pytest.fixture
def folders(tmp_path):
    """A manifest's folder, reached through a link too, with a link in it, and a folder beside it."""
    with_pictures(tmp_path, "people/scans/0.png", "people/0.png", "beside/deep/0.png", "beside/0.png")
    (tmp_path / "people/link").symlink_to(tmp_path / "beside/deep")
    (tmp_path / "way").symlink_to(tmp_path / "people")
    return tmp_path


def digests_of(folders, *paths, through="people"):
    manifest = write_csv(folders / "people/a.csv", [row(front_side=path.format(folders)) for path in paths])
    return [found.digest for found in read_manifest(folders / through / manifest.name, outside=[folders / "beside"])]


SPELLINGS = [
    "./scans/0.png",
    "scans//0.png",
    "scans/../scans/0.png",
    "scans\\0.png",
    ".\\scans\\\\0.png",
    "../people/scans/0.png",
    "gone/../scans/0.png",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_a_file_in_the_folder_of_its_manifest_is_known_however_its_path_is_spelt(path, folders):
    plain, other = digests_of(folders, "scans/0.png", path)
    assert other == plain
    assert BulkRow(document={"type": "PASSPORT"}, applicant_id="1" * 36, front_side="scans/0.png").digest == plain


def test_a_file_is_known_by_its_relative_path_also_where_its_folder_is_reached_through_a_link(folders):
    plain, other = digests_of(folders, "scans/0.png", "../way/./scans/0.png", through="way")
    assert other != plain, "what a link leads to is not guessed"
    assert digests_of(folders, "./scans/0.png", through="way") == [plain]


def test_absolute_paths_of_two_folders_are_never_one_file(folders, tmp_path):
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = write_csv(tmp_path / name / "m.csv", [row(front_side=str(tmp_path / name / "0.png"))])
        digests += [found.digest for found in read_manifest(path)]
    assert digests[0] != digests[1]


def test_a_row_with_an_absolute_path_is_known_by_it_wherever_its_manifest_stands(folders, tmp_path):
    (tmp_path / "ledgers").mkdir()
    path = str(folders / "people/scans/0.png")
    places = (folders / "people/a.csv", tmp_path / "ledgers/a.uncertain.csv")
    manifests = [write_csv(place, [row(front_side=path)]) for place in places]
    found = [next(iter(read_manifest(one, outside=[folders / "people"]))).digest for one in manifests]
    assert found[0] == found[1]


def test_a_long_path_is_no_more_work_than_its_letters(folders):
    """Each part was put together with all before it."""
    reach = Reach.of(str(folders / "people"), [], None)
    with effort() as work:
        reach.known_as("../" + "a/" * 30_000 + "x")
    assert work.pieces < 30


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("../beside/./deep/../0.png", "../beside/0.png"),
        ("scans/../../beside/0.png", "../beside/0.png"),
        ("{}/beside/deep/../0.png", "{}/beside/0.png"),
        ("link/../0.png", "link/../0.png"),
        ("./link/../0.png", "link/../0.png"),
    ],
)
def test_elsewhere_a_file_is_known_by_a_path_without_detours(path, plain, folders):
    (found,) = read_manifest(
        write_csv(folders / "people/a.csv", [row(front_side=path.format(folders))]), outside=[folders / "beside"]
    )
    assert found.digest == attrs.evolve(found, written={"front_side": plain.format(folders)}).digest
    assert found.written == {"front_side": path.format(folders)}, "a message shows what stands in the manifest"


def test_where_a_link_leads_is_another_file_than_the_letters_say(folders):
    through_link, plain = digests_of(folders, "link/../0.png", "0.png")
    assert through_link != plain


def test_a_backslash_that_is_a_part_of_a_name_stays_one(folders):
    (folders / "people/scans\\0.png").write_bytes(picture(400))
    plain, other = digests_of(folders, "scans/0.png", "scans\\0.png")
    assert other != plain


@pytest.mark.parametrize("path", SPELLINGS)
async def test_a_row_that_comes_again_with_another_spelling_is_no_second_row(path, folders):
    rows = [row(front_side=one.format(folders)) for one in ("scans/0.png", path)]
    checked = check_manifest(write_csv(folders / "people/a.csv", rows), outside=[folders / "beside"])
    found = [one async for one in checked]
    assert reasons(found) == {3: "row: expected one row of a kind, got the same as in line 2"}


@pytest.mark.parametrize("path", SPELLINGS)
async def test_a_row_whose_spelling_changed_between_runs_is_done(path, folders, bulk_client, applicant):
    results = []
    for one in ("scans/0.png", path, "scans/0.png"):
        manifest = write_csv(folders / "people/a.csv", [row(applicant_id=applicant, front_side=one.format(folders))])
        results += (await bulk_client.bulk.upload_all(manifest, ledger=folders / "l", outside=[folders / "beside"]))[0]
    assert [str(result.status) for result in results] == ["created", "done_before", "done_before"]


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("https://example.com/a.png", "a URL; --allow-urls"),
        ("s3://bucket/a.png", "a URL; --allow-urls"),
        ("ftp://example.com/a.png", "--allow-protocol NAME"),
        ("http://example.com/a.png", "--allow-protocol NAME"),
        ("file:///etc/passwd", "write the path of a local one without a protocol"),
        ("zip::https://example.com/a.zip", "a URL within a URL, which is never read"),
    ],
)
async def test_a_url_is_refused_with_advice_that_helps(url, advice, tmp_path):
    path = write_csv(tmp_path / "people.csv", [{"applicant_id": "0" * 36, "type": "PASSPORT", "front_side": url}])
    (bad,) = [row async for row in check_manifest(path)]
    assert isinstance(bad, BadRow)
    assert advice in bad.reason
    assert ("--allow-urls" in bad.reason) == ("--allow-urls" in advice)
