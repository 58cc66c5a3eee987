"""What could not be delivered goes to a file that can be mended and run again."""

import json
import re
import stat
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kycaid_async import BadRow, Manifest, ManifestRow, read_manifest
from kycaid_async.bulk.manifest.format import LONGEST
from kycaid_async.bulk.manifest.rejects import Rejects, origin_of, rejects_of
from kycaid_async.bulk.tables import neutral, original, write_table
from tests.bulk.manifests import APPLICANT, WRITERS, new, row, said, write_csv, write_jsonl
from tests.effort import effort


def reject_all(path: Path, to: Path) -> str:
    manifest = Manifest.open(path)
    with Rejects(to, manifest) as rejects:
        for found in manifest.rows():
            rejects.add(found, found.reason if isinstance(found, BadRow) else "the server refused it")
    return to.read_text(encoding="utf-8-sig", errors="surrogateescape") if to.exists() else ""


def test_csv_rejects_have_line_and_error_before_what_stood_there(tmp_path):
    path = write_csv(tmp_path / "a.csv", [row(key="a"), new(key="b", type="NONE")], delimiter=";", encoding="utf-8-sig")
    assert reject_all(path, tmp_path / "b.csv").splitlines() == [
        "line;error;applicant_id;type;front_side;key;applicant.external_applicant_id",
        f"2;the server refused it;{APPLICANT};PASSPORT;front.png;a;",
        "3;type: expected a document type of the reference, got another word;;NONE;front.png;b;person-1",
    ]


def test_json_rejects_have_line_and_error_before_what_stood_there(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", [row(key="a"), row(key=1)])
    first, second = map(json.loads, reject_all(path, tmp_path / "b.jsonl").splitlines())
    assert first == {"line": 1, "error": "the server refused it"} | row(key="a")
    assert second == {"line": 2, "error": "key: expected text, got a number"} | row(key=1)


@pytest.mark.parametrize("form", WRITERS)
def test_rejects_are_a_manifest_that_says_the_same_however_often_they_are_rejected(tmp_path, form):
    rows = [row(key='ä, "1"'), new(front_side="memory://x/y.png"), row(type="NONE")]
    path = WRITERS[form](tmp_path / f"a.{form}", rows)
    for name in ("b", "c"):
        reject_all(path, tmp_path / f"{name}.{form}")
    reject_all(tmp_path / f"b.{form}", tmp_path / f"d.{form}")
    original, again = (list(read_manifest(tmp_path / f"{name}.{form}")) for name in "ad")
    assert [said(found) for found in original] == [said(found) for found in again]
    assert [found.digest for found in original[:2]] == [found.digest for found in again[:2]]


@pytest.mark.parametrize(
    ("form", "broken", "mended"),
    [
        ("csv", f'{APPLICANT},PASSPORT,"a.png', lambda text: text.replace('"a.png', "a.png")),
        ("csv", f"{APPLICANT},PASSPORT,a.png,7", lambda text: text.replace("a.png,7", "a.png")),
        ("csv", f"{APPLICANT},PASSPORT,\udce9.png", lambda text: text.replace("\udce9", "é")),
        ("jsonl", json.dumps(row())[:-1], lambda text: text.rstrip() + "}"),
        ("jsonl", json.dumps(row())[1:], lambda text: text.replace('"} ', '", ')),
    ],
)
def test_a_line_that_is_no_row_is_kept_as_it_is_and_can_be_mended_in_its_place(tmp_path, form, broken, mended):
    path = tmp_path / f"a.{form}"
    before = "applicant_id,type,front_side\n" if form == "csv" else json.dumps(row()) + "\n"
    path.write_text(before + broken + "\n", errors="surrogateescape")
    text = reject_all(path, tmp_path / f"b.{form}")
    *_, bad = read_manifest(tmp_path / f"b.{form}")
    assert isinstance(bad, BadRow), "as long as nobody has mended it"
    (tmp_path / f"b.{form}").write_text(mended(text), encoding="utf-8")
    *_, good = read_manifest(tmp_path / f"b.{form}")
    assert isinstance(good, ManifestRow)


def test_without_rejects_there_is_no_file(tmp_path):
    with Rejects(tmp_path / "b.csv", Manifest.open(write_csv(tmp_path / "a.csv", [row()]))):
        pass
    assert not (tmp_path / "b.csv").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_nobody_but_the_owner_may_read_them(tmp_path):
    reject_all(write_csv(tmp_path / "a.csv", [row()]), tmp_path / "b.csv")
    assert stat.S_IMODE((tmp_path / "b.csv").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
@pytest.mark.parametrize("target", ["mine.txt", "none.txt", "empty.txt"])
def test_they_are_never_written_through_a_link(tmp_path, target):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "empty.txt").touch()
    manifest = Manifest.open(write_csv(tmp_path / "people.csv", [row()]))
    (tmp_path / "people.rejects.csv").symlink_to(target)
    with pytest.raises(FileExistsError):
        Rejects(tmp_path / "people.rejects.csv", manifest)
    assert rejects_of(manifest.path).name == "people.rejects-2.csv"
    with Rejects(rejects_of(manifest.path), manifest) as rejects:
        rejects.add(next(manifest.rows()), "why")
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert not (tmp_path / "none.txt").exists()
    assert (tmp_path / "empty.txt").read_text() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_left_over_that_others_may_read_is_made_anew(tmp_path):
    (tmp_path / "b.csv").touch(0o644)
    reject_all(write_csv(tmp_path / "a.csv", [row()]), tmp_path / "b.csv")
    assert stat.S_IMODE((tmp_path / "b.csv").stat().st_mode) == 0o600


# A spreadsheet runs no cell of them, and as a manifest they say what stood there.

FORMULAS = [
    *("=1+1", "+1+cmd|' /C calc'!A0", "-1+cmd|' /C calc'!A0", "@SUM(1)", '=HYPERLINK("http://x","y")', "=x"),
    *(
        '"=1"',
        "  =1",
        "x;=1",
        "x,=1",
        "x|=1",
        "x\t=1",
        "'=1",
        "''=1",
        "-a",
        "\uff1d1",
        "\uff0b1+a",
        "\uff0da",
        "\uff20a",
    ),
    *("\u200b=1", "\ufeff=1", "+A1", "-A1", "+49=1", "-5+a", "\u2212a", "\ufe66a", "+(a)", "1;+x()"),
]
DATA = [
    "+49 151 1234567",
    "+49(0)30/123-45",
    "-12.50",
    "-1,5",
    "-2e5",
    "'t Hooft",
    "O'Neil",
    "a=b",
    "x-y",
    "a@b.example",
]
STARTS = re.compile(r"""(^|[,;\t|])[\s"\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe66]""")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_is_one_that_a_spreadsheet_runs(tmp_path, cell, delimiter):
    path = write_csv(tmp_path / "a.csv", [row(document_number=cell, key="k")], delimiter=delimiter)
    _, line = reject_all(path, tmp_path / "b.csv").splitlines()
    assert not STARTS.search(line.replace("+49", "").replace("-5", ""))
    assert [said(found) for found in read_manifest(tmp_path / "b.csv")] == [
        said(found) for found in read_manifest(path)
    ]


@pytest.mark.parametrize("cell", DATA)
def test_phone_numbers_and_amounts_stay_as_they_are(tmp_path, cell):
    path = write_csv(tmp_path / "a.csv", [row(document_number=cell)])
    assert cell in reject_all(path, tmp_path / "b.csv")


def test_a_reason_is_no_formula_either(tmp_path):
    manifest = Manifest.open(write_csv(tmp_path / "a.csv", [row()]))
    for reason in FORMULAS:
        assert not STARTS.search(manifest.reject(next(manifest.rows()), reason).replace("+49", "").replace("-5", ""))


def test_a_broken_line_is_no_formula_either_and_can_be_mended(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f'applicant_id,type,document_number,front_side\n{APPLICANT},PASSPORT,"=1+1,a.png\n')
    text = reject_all(path, tmp_path / "b.csv")
    assert not STARTS.search(text.splitlines()[1])
    (tmp_path / "b.csv").write_text(text.replace("1+1,", '1+1",'))
    (found,) = read_manifest(tmp_path / "b.csv")
    assert found.document["document_number"] == "=1+1"


@given(st.text(st.sampled_from("=+-@'\"\t,;| 1a9.\u200b\uff1d\n()e"), max_size=12))
@example("=\t=")
def test_what_is_made_neutral_is_what_it_was_again(text):
    assert original(neutral(text)) == text


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=12)
TRICKY = st.text(st.sampled_from("=+-@'\",;|1a \u200b\uff1d"), min_size=1, max_size=12)


@given(st.lists(st.tuples(CELLS | TRICKY, CELLS | TRICKY), min_size=1, max_size=4), st.sampled_from(",;\t|"))
def test_whatever_stands_in_a_row_its_reject_says_the_same(tmp_path_factory, cells, delimiter):
    folder = tmp_path_factory.mktemp("cells")
    rows = [row(document_number=one, front_side=other) for one, other in cells]
    path = write_csv(folder / "a.csv", rows, delimiter=delimiter)
    for name, source in (("b.csv", path), ("c.csv", folder / "b.csv")):
        reject_all(source, folder / name)
    first, again = list(read_manifest(path)), list(read_manifest(folder / "c.csv"))
    assert [said(found) for found in first] == [said(found) for found in again]


def test_a_row_of_nothing_but_blanks_and_delimiters_is_quickly_made_neutral():
    for text in (
        "\t" * LONGEST,
        ";" * LONGEST,
        "'" * LONGEST,
        ";-" * (LONGEST // 2),
        "-1" * (LONGEST // 2),
        ",\u200b" * 9999,
    ):
        with effort() as work:
            assert original(neutral(text)) == text
        assert work.pieces < 400  # ten are usual


def test_each_reject_is_on_its_way_to_the_disk_at_once(tmp_path):
    manifest = Manifest.open(write_csv(tmp_path / "a.csv", [row()]))
    with Rejects(tmp_path / "b.csv", manifest) as rejects:
        rejects.add(next(manifest.rows()), "why")
        assert len((tmp_path / "b.csv").read_text().splitlines()) == 2


def test_a_file_that_somebody_may_have_mended_is_never_written_over(tmp_path):
    path = write_csv(tmp_path / "a.csv", [row()])
    reject_all(path, tmp_path / "b.csv")
    with pytest.raises(FileExistsError):
        Rejects(tmp_path / "b.csv", Manifest.open(path))


def test_names_of_rejects_lead_back_to_their_manifest(tmp_path):
    names = []
    for _ in range(3):
        names.append(rejects_of(tmp_path / "people.csv"))
        names[-1].write_text("x")
    assert [name.name for name in names] == ["people.rejects.csv", "people.rejects-2.csv", "people.rejects-3.csv"]
    assert {origin_of(name) for name in names} == {tmp_path / "people.csv"}
    assert rejects_of(names[0]).name == "people.rejects-4.csv"
    assert origin_of("people.csv") == Path("people.csv")


def test_an_empty_file_left_by_a_killed_run_is_used(tmp_path):
    (tmp_path / "people.rejects.csv").touch()
    assert rejects_of(tmp_path / "people.csv").name == "people.rejects.csv"


def test_a_run_that_rejects_what_an_earlier_one_did_leaves_one_file(tmp_path):
    manifest = Manifest.open(write_csv(tmp_path / "people.csv", [row(), row(key="b")]))
    paths = []
    for rows in (1, 2, 1, 2):
        with Rejects(rejects_of(manifest.path), manifest) as rejects:
            for found in islice(manifest.rows(), rows):
                rejects.add(found, "why")
        paths.append(rejects.path.name)
    assert paths == ["people.rejects.csv", "people.rejects-2.csv"] * 2
    assert {path.name for path in tmp_path.iterdir()} == {"people.csv", *paths}


KILLED = """
import os, signal, sys
from kycaid_async import Manifest
from kycaid_async.bulk.manifest.rejects import Rejects, rejects_of
manifest = Manifest.open(sys.argv[1])
with Rejects(rejects_of(manifest.path), manifest) as rejects:
    for row in manifest.rows():
        rejects.add(row, "why")
    os._exit(9)
"""


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_rejects_that_are_whole_at_the_end_only_survive_a_kill_in_a_copy(tmp_path, form):
    path = tmp_path / f"people.{form}"
    write_table(path, list(row()), [list(row().values())] * 3)
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=60)
    copy = tmp_path / f"people.rejects.{form}.csv"
    rows = list(read_manifest(copy))
    assert [said(one) for one in rows] == [said(one) for one in read_manifest(path)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert origin_of(copy) == path
    kept = copy.read_bytes()
    manifest = Manifest.open(path)
    with Rejects(rejects_of(path), manifest) as rejects:
        rejects.add(next(manifest.rows()), "why")
    assert rejects.path.name == f"people.rejects-2.{form}"
    assert copy.read_bytes() == kept
    assert not (tmp_path / f"people.rejects-2.{form}.csv").exists()
