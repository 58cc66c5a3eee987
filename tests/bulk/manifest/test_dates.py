"""Dates are read in the format that is named, or in the only one that a whole column can have."""

import pytest

from kycaid_async import ConfigurationError, ManifestError, read_manifest
from kycaid_async.bulk.manifest.dates import KNOWN, DateColumn, DateFormat
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from tests.bulk.manifests import new, write_csv


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("dd.mm.yyyy", "01.02.1990"),
        ("d.m.yyyy", "1.2.1990"),
        ("DD.MM.YYYY", "1.2.1990"),
        ("mm/dd/yyyy", "02/01/1990"),
        ("yyyy/mm/dd", "1990/02/01"),
        ("yyyymmdd", "19900201"),
        ("ddmmyyyy", "01021990"),
        ("dd-mm-yyyy", "1990-02-01"),
        ("dd.mm.yyyy", "1990-02-01T00:00:00"),
        ("dd.mm.yyyy", "1990-02-01 00:00:00.000"),
    ],
)
def test_a_date_is_read_in_the_format_that_is_named_or_in_iso_8601(tmp_path, form, text):
    path = write_csv(tmp_path / "a.csv", [new(**{"applicant.dob": text}, issue_date=text)])
    (found,) = read_manifest(path, date_format=form)
    assert (found.applicant.dob, found.document["issue_date"]) == ("1990-02-01", "1990-02-01")


@pytest.mark.parametrize("text", ["31.02.1990", "1990-01-02 13:00:00", "01/02/1990", "01.02.90", "x"])
def test_what_is_no_date_in_it_is_bad(tmp_path, text):
    (found,) = read_manifest(write_csv(tmp_path / "a.csv", [new(issue_date=text)]), date_format="dd.mm.yyyy")
    assert found.reason == "issue_date: expected a date as dd.mm.yyyy, or as YYYY-MM-DD, got text in another form"


@pytest.mark.parametrize(
    "form", ["", "dd.mm", "dd.mm.yy", "dd.mm.yyyy hh", "dd.dd.yyyy", "%d.%m.%Y", "dmy", "ddmmyyyyy"]
)
def test_a_format_that_is_none_is_refused(form):
    with pytest.raises(ConfigurationError, match=r"such as dd\.mm\.yyyy \[ConfigurationError\]$"):
        DateFormat.of(form)


def column(*texts):
    found = DateColumn()
    for text in texts:
        found.see(text)
    return found


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["01.02.1990"], "dd.mm.yyyy"),
        (["1990-02-01"], None),
        (["01/02/1990", "13/02/1990"], "dd/mm/yyyy"),
        (["01/02/1990", "02/13/1990"], "mm/dd/yyyy"),
        (["13/02/1990", "02/13/1990"], None),
        (["01/02/1990", "unknown", "31/01/1990", "1990-02-01"], "dd/mm/yyyy"),
        (["05/05/1990"], "dd/mm/yyyy"),
        (["03.04.1990", "05.06.1990"], "dd.mm.yyyy"),
        (["03.04.1990", "12.31.1990"], None),
        (["31.12.1990", "12.31.1990"], None),
        (["19900201"], "yyyymmdd"),
        (["1990/02/01"], "yyyy/mm/dd"),
    ],
)
def test_the_only_format_of_a_column_is_found(texts, form):
    found = column(*texts)
    assert (found.format and found.format.name) == form
    assert found.candidates == ()


def test_a_column_that_can_be_read_in_two_ways_is_refused(tmp_path):
    rows = [new("p", **{"applicant.dob": "01/02/1990"}), new("q", **{"applicant.dob": "05/05/1991"})]
    path = write_csv(tmp_path / "a.csv", rows)
    guess = ManifestOptions(guess=True)
    with pytest.raises(ManifestError, match=r"applicant.dob: its dates can be read as dd/mm/yyyy and mm/dd/yyyy"):
        Manifest.of(path, guess)
    assert len([*Manifest.of(path, ManifestOptions(guess=True, date_format="mm/dd/yyyy")).rows()]) == 2
    write_csv(path, [*rows, new("r", **{"applicant.dob": "31/12/1990"})])
    manifest = Manifest.of(path, guess)
    assert manifest.notes == ["dates of applicant.dob are read as dd/mm/yyyy"]
    assert [one.applicant.dob for one in manifest.rows()] == ["1990-02-01", "1991-05-05", "1990-12-31"]


def test_dates_with_dots_and_the_month_first_are_read_only_when_that_is_named(tmp_path):
    """Without the row that shows it the others would be read as other days: among rejects, or when it is deleted."""
    rows = [new("p", issue_date="02.01.2021"), new("q", issue_date="01.25.2021")]
    path = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(ManifestError, match=r"dates with dots are read as dd.mm.yyyy, and .* --date-format"):
        Manifest.of(path, ManifestOptions(guess=True))
    named = ManifestOptions(guess=True, date_format="mm.dd.yyyy")
    assert [one.document["issue_date"] for one in Manifest.of(path, named).rows()] == ["2021-02-01", "2021-01-25"]
    write_csv(path, rows[:1])
    assert [one.document["issue_date"] for one in Manifest.of(path, named).rows()] == ["2021-02-01"]


def test_every_known_format_reads_its_own_dates():
    for name in KNOWN:
        text = name.replace("dd", "29").replace("mm", "02").replace("yyyy", "2000")
        assert DateFormat.of(name).read(text) == "2000-02-29"
