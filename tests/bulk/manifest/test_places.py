"""Only URLs of kinds that are allowed ever reach a library, however they are spelt."""

import base64
import json
import pickle
import sys
import types

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
from kycaid_async.bulk.manifest.places import Place
from kycaid_async.bulk.remote.source import RemoteSource
from tests.bulk.manifests import reasons, row, with_pictures, write_csv
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
