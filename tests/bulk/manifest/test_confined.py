"""The rows of a manifest reach files of its folder, and no others, whatever they name and whatever stands there."""

import os
import sys
from pathlib import Path

import pytest

from kycaid_async import InvalidFileError, check_manifest, read_manifest
from kycaid_async.bulk.manifest import places
from kycaid_async.bulk.manifest.places import OutsideError, source_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.cli.app import app
from tests.bulk.manifests import reasons, row, with_pictures, write_csv
from tests.pictures import picture

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links and special files of POSIX")


@pytest.fixture(params=["step by step", "resolved"])
def way(request, monkeypatch):
    """With the calls that only some systems have, and without them."""
    if request.param == "resolved":
        monkeypatch.setattr(places, "_BY_FOLDER", False)


@pytest.fixture
def world(tmp_path):
    """A folder of a manifest, with a secret beside it."""
    with_pictures(tmp_path / "in", "a.png", "scans/b.png", "ünï cødé.png", "..c/d.png")
    with_pictures(tmp_path, "secret.png", "in-2/secret.png", "more/e.png")
    return tmp_path


async def check(world, written, **options):
    path = write_csv(world / "in/people.csv", [row(front_side=str(written))])
    return [found async for found in check_manifest(path, **options)]


GOOD = [
    "a.png",
    "./a.png",
    "scans/b.png",
    "scans//b.png",
    "scans/../a.png",
    "scans/./b.png",
    "ünï cødé.png",
    "..c/d.png",
]


@pytest.mark.parametrize("written", GOOD)
async def test_files_of_the_folder_and_below_are_read(world, written, way):
    assert reasons(await check(world, written)) == {}
    assert reasons(await check(world, world / "in" / written)) == {}


@pytest.mark.parametrize(
    "written",
    [
        "../secret.png",
        "scans/../../secret.png",
        "../in-2/secret.png",
        "./.././secret.png",
        "/etc/passwd",
        "//etc/passwd",
        "/proc/self/fd/0",
        "/dev/stdin",
        "/dev/zero",
        "/proc/self/environ",
        "../in/../secret.png",
        "none/../../secret.png",
    ],
)
async def test_files_elsewhere_are_not(world, written, way):
    for spelt in (written, str(world / "in") + "/" + written if not written.startswith("/") else written):
        (reason,) = reasons(await check(world, spelt)).values()
        assert "it lies outside the manifest's folder; --allow-outside DIR" in reason
        assert str(world) not in reason


@POSIX
@pytest.mark.parametrize("kind", ["file", "folder", "chain", "absolute", "hidden in the middle"])
async def test_no_link_leads_out(world, kind, way):
    inside = world / "in"
    if kind == "file":
        (inside / "link.png").symlink_to("../secret.png")
    elif kind == "absolute":
        (inside / "link.png").symlink_to(world / "secret.png")
    elif kind == "chain":
        (inside / "one").symlink_to("scans/two")
        (inside / "scans/two").symlink_to("../../secret.png")
        (inside / "link.png").symlink_to("one")
    else:
        (inside / "out").symlink_to("..")
    written = {"folder": "out/secret.png", "hidden in the middle": "scans/../out/in/../secret.png"}.get(
        kind, "link.png"
    )
    (reason,) = reasons(await check(world, written)).values()
    assert "outside the manifest's folder" in reason
    assert reasons(await check(world, written, outside=[world])) == {}


@POSIX
async def test_a_link_that_stays_inside_is_followed(world, way):
    (world / "in/link.png").symlink_to("scans/b.png")
    (world / "in/all").symlink_to("scans")
    for written in ("link.png", "all/b.png", "all/../a.png"):
        assert reasons(await check(world, written)) == {}


@POSIX
async def test_a_manifest_whose_folder_is_a_link_is_read(world, way):
    (world / "door").symlink_to("in")
    write_csv(world / "in/people.csv", [row(front_side="a.png"), row(front_side=str(world / "door/scans/b.png"))])
    found = [one async for one in check_manifest(world / "door/people.csv")]
    assert reasons(found) == {}


async def test_folders_that_are_allowed_are_reached_as_they_were_written_or_resolved(world, way):
    (world / "scans").symlink_to("more")
    for outside in ([world / "more"], [world / "scans"], [world / "in-2", world / "more"]):
        assert reasons(await check(world, world / "more/e.png", outside=outside)) == {}
    assert reasons(await check(world, world / "scans/e.png", outside=[world / "scans"])) == {}
    assert reasons(await check(world, "../more/e.png", outside=[world / "more"])) == {}
    (reason,) = reasons(await check(world, "../secret.png", outside=[world / "more"])).values()
    assert "outside" in reason


@POSIX
async def test_pipes_and_folders_are_no_files_and_hold_nobody_up(world, way):
    os.mkfifo(world / "in/pipe.png")
    # Whoever opens a pipe waits for a writer, and none comes.
    for written, words in (("pipe.png", "is not a regular file"), ("scans", "is a directory"), (".", "is a directory")):
        (reason,) = reasons(await check(world, written)).values()
        assert words in reason


@POSIX
@pytest.mark.parametrize("swapped", ["the file", "a folder"])
async def test_a_link_that_is_put_there_after_the_check_leads_nowhere(world, swapped, way, monkeypatch):
    """The worst moment: between the look at the path and the opening."""
    (found,) = read_manifest(write_csv(world / "in/people.csv", [row(front_side="scans/../scans/b.png")]))
    source = source_of(found.front_side, UrlRules())
    await (await source.open()).close()
    realpath = os.path.realpath
    (world / "evil").mkdir()
    (world / "evil/b.png").write_bytes(picture(500))

    def swap(path, **options):
        answer = realpath(path, **options)
        if swapped == "the file":
            (world / "in/scans/b.png").unlink(missing_ok=True)
            (world / "in/scans/b.png").symlink_to(world / "secret.png")
        else:
            (world / "in/scans").rename(world / "in/old")
            (world / "in/scans").symlink_to(world / "evil")
        monkeypatch.setattr(os.path, "realpath", realpath)
        return answer

    monkeypatch.setattr(os.path, "realpath", swap)
    with pytest.raises(InvalidFileError, match="cannot be opened"):
        await source.open()


async def test_on_windows_a_share_is_refused_by_its_letters_and_never_looked_at(monkeypatch):
    """The mere look at one sends a digest of the user's password to whoever keeps it."""
    import ntpath

    monkeypatch.setattr(places, "_BY_FOLDER", False)
    for name in ("join", "abspath", "normcase"):
        monkeypatch.setattr(os.path, name, getattr(ntpath, name))
    monkeypatch.setattr(os.path, "realpath", lambda *_: pytest.fail("it looks"))
    monkeypatch.setattr(os, "open", lambda *_, **__: pytest.fail("it opens"))
    monkeypatch.setattr(os, "sep", "\\")
    folders = ("C:\\work\\in",)
    for path in (r"\\host\share\a.png", "//host/share/a.png", r"\\?\C:\secret.png", r"\\.\pipe\a", "C:\\secret.png"):
        with pytest.raises(OutsideError):
            places.open_within(path, os.O_RDONLY, folders=folders, spelt=folders)
    for path in (r"..\secret.png", r"a\..\..\secret.png", "D:a.png", r"C:\work\in-2\a.png"):
        with pytest.raises(OutsideError):
            places.open_within(path, os.O_RDONLY, folders=folders, spelt=folders)


def test_the_command_line_says_how_to_allow_more(world, monkeypatch):
    from typer.testing import CliRunner

    monkeypatch.delenv("KYCAID_API_KEY", raising=False)
    path = write_csv(world / "in/people.csv", [row(front_side="../more/e.png"), row(front_side="https://[::1]/a.png")])

    def run(*options):
        return CliRunner().invoke(app, ["upload", str(path), "--dry-run", *map(str, options)])

    told = run()
    assert told.exit_code == 2
    assert "line 2: bad: front_side" in told.stdout
    assert "--allow-outside" in told.stdout
    assert "--allow-urls" in told.stdout
    told = run("--allow-outside", world / "more", "--allow-urls")
    assert "line 2" not in told.stdout
    assert "--allow-host" in told.stdout
    for options, words in (
        (["--allow-outside", world / "none"], "--allow-outside: "),
        (["--allow-protocol", "file"], "--allow-protocol: file reads files of this machine"),
        (["--allow-host", "http://x"], "--allow-host: expected names"),
    ):
        told = run(*options)
        assert told.exit_code == 2
        assert words in told.stderr


def test_the_folder_of_a_relative_manifest_is_the_same_when_the_program_moves_on(world, monkeypatch):
    write_csv(world / "in/people.csv", [row(front_side="a.png")])
    monkeypatch.chdir(world / "in")
    (found,) = read_manifest("people.csv")
    monkeypatch.chdir("/")
    assert Path(found.front_side.reach.folders[0]) == world.resolve() / "in"
