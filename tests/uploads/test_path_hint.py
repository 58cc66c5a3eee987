"""At a path with nothing there, the error names what was found beside it, and how it is spelt."""

import os
import sys
import unicodedata

import pytest

from kycaid_async import InvalidFileError
from kycaid_async.uploads import path_hint
from kycaid_async.uploads.path_hint import hint
from tests.pictures import picture

NAME = "Zo\u00eb scan #1.png"
NFD = unicodedata.normalize("NFD", NAME)
FORM = "in another Unicode form of the same letters"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Scans").mkdir()
    (tmp_path / "Scans" / NAME).write_bytes(picture(60))
    return tmp_path / "Scans"


SPELLINGS = {
    "the other Unicode form": (lambda f: f"{f}/{NFD}", FORM),
    "percent codes": (lambda f: f"{f}/{NAME.replace(' ', '%20').replace('#', '%23')}", "with its %… written out"),
    "Windows' copy as path": (lambda f: f"\u202a{f}/{NAME}", "without invisible characters"),
    "a mark of direction behind": (lambda f: f"{f}/{NAME}\u200e", "without invisible characters"),
    "a byte-order mark": (lambda f: f"\ufeff{f}/{NAME}", "without invisible characters"),
    "quotes": (lambda f: f'"{f}/{NAME}"', "without quotes"),
    "curly quotes": (lambda f: f"\u201c{f}/{NAME}\u201d", "without quotes"),
    "spaces": (lambda f: f"{f}/{NAME} ", "without spaces around it"),
    "a line break": (lambda f: f"{f}/{NAME}\n", "without spaces around it"),
    "backslashes": (lambda f: f"{f}\\{NAME}", "with / between folders"),
    "a URL": (lambda f: f"file://{f}/{NAME.replace(' ', '%20').replace('#', '%23')}", "as a path and no URL"),
    "a URL of a host": (lambda f: f"file://localhost{f}/{NAME.replace(' ', '%20')}", "as a path and no URL"),
    "other case": (lambda f: f"{f}/{NAME.upper()}", "in other upper and lower case"),
    "other case of a folder": (lambda f: f"{f.parent}/scans/{NAME}", "in other upper and lower case"),
    "spaces in a folder": (lambda f: f"{f.parent}/Scans /{NAME}", "with other spaces or marks"),
    "all at once": (
        lambda f: f'\u202a "file://{f}/{NFD.replace(" ", "%20")}" ',
        f"without invisible characters, without spaces around it, without quotes, as a path and no URL, {FORM}",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take some of these as the same name")
@pytest.mark.parametrize(("spell", "differs"), SPELLINGS.values(), ids=SPELLINGS)
async def test_a_path_in_another_spelling_says_which_is_there(folder, client, spell, differs, monkeypatch):
    monkeypatch.setenv("KYCAID_SHOW_PATHS", "name")
    path = spell(folder)
    with pytest.raises(InvalidFileError) as caught:
        await client.files.create(path)
    assert caught.value.message.endswith(f"cannot be opened (No such file or directory; {NAME} is there, {differs})")


@pytest.mark.skipif(sys.platform == "win32", reason="HOME is a thing of POSIX")
def test_a_home_folder_is_named(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("KYCAID_SHOW_PATHS", "name")
    assert hint(f"~/{NAME}") == f"{NAME} is there, with the home folder for ~"


@pytest.mark.parametrize(
    "path", ["none.png", "no/such/folder/a.png", "", "\0", "a" * 5000, "%", "~nobody-has-this/a", "//", "file://", '"']
)
def test_where_there_is_nothing_alike_nothing_is_said(folder, path, monkeypatch):
    monkeypatch.chdir(folder)
    assert hint(path) == ""


def test_a_folder_is_no_file_that_is_meant(folder):
    assert hint(f"{folder.parent}/scans") == ""


def test_the_name_of_what_is_there_is_not_told_where_names_are_not(folder):
    assert hint(str(folder / NAME.lower())) == "***.png is there, in other upper and lower case"


def test_for_a_report_it_says_how_and_not_what(folder):
    assert hint(NAME.lower(), folder=str(folder), named=False) == "it is there, in other upper and lower case"


@pytest.mark.parametrize(
    "path",
    [
        *("~/{0}", "..%2f{0}", "%2e%2e/{0}", "..\\{0}", '"../{0}"', "\u202a{1}/{0}", "file://{1}/{0}", "a/..%5c../{0}"),
        *("%5C%5Chost%5Cshare%5Ca", "C%3A/a", "//host/share/a"),
    ],
)
def test_nothing_beyond_the_folder_of_a_manifest_is_looked_at(tmp_path, path, monkeypatch):
    """A reason goes back to whoever wrote the manifest."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "secret.png").write_bytes(picture(60))
    (tmp_path / "in/a").mkdir(parents=True)
    assert hint(path.format("secret.png", tmp_path), folder=str(tmp_path / "in")) == ""


def test_a_folder_with_very_many_names_is_not_read_to_its_end(folder, monkeypatch):
    monkeypatch.setattr(path_hint, "_ENTRIES", 3)
    for number in range(9):
        os.mkfifo(folder / f"{number}") if hasattr(os, "mkfifo") else (folder / f"{number}").touch()
    assert hint(f"{folder}/none.png") == ""
