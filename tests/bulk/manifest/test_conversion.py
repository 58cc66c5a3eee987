"""What programs made of values is named, and values that look like it are left alone."""

import pytest

from kycaid_async import read_manifest
from tests.bulk.manifests import new, row, write_csv, write_jsonl

PERSON = "applicant.external_applicant_id"
GAPS = "expected all digits and no others, got a number with .0 behind, as programs write it in columns with gaps"


def only(path):
    (found,) = read_manifest(path)
    return found


@pytest.mark.parametrize("column", [PERSON, "document_number", "applicant.phone", "key"])
def test_a_number_with_a_zero_behind_is_refused_where_nobody_calculates_with_it(tmp_path, column):
    path = write_csv(tmp_path / "a.csv", [new("p") | {column: "17.0"}])
    assert only(path).reason == f"{column}: {GAPS}"


def test_a_number_with_a_zero_behind_is_an_amount_a_name_of_a_file_and_free_text(tmp_path):
    fields = {"transaction_amount": "17.0", "front_side": "17.0", "applicant.custom_field_1": "17.0"}
    found = only(write_csv(tmp_path / "a.csv", [new("p") | fields]))
    assert (found.document["transaction_amount"], found.written["front_side"]) == (17.0, "17.0")
    assert found.applicant.custom_field_1 == "17.0"


@pytest.mark.parametrize("text", ["<NA>", "NaN", "NaT", r"\N"])
@pytest.mark.parametrize("column", [PERSON, "applicant.first_name", "applicant.dob"])
def test_what_programs_write_where_there_is_no_value_is_refused(tmp_path, column, text):
    path = write_csv(tmp_path / "a.csv", [new("p") | {column: text}])
    said = f"{column}: expected a value, or an empty cell, got {text}, which programs write where there is none"
    assert only(path).reason == said


@pytest.mark.parametrize("name", ["Null", "NULL", "None", "nan", "Nan"])
def test_people_may_have_names_that_programs_write_where_there_is_no_value(tmp_path, name):
    path = write_csv(tmp_path / "a.csv", [new("p") | {"applicant.last_name": name}])
    assert only(path).applicant.last_name == name


def test_in_json_lines_the_id_of_an_applicant_may_be_a_whole_number(tmp_path):
    rows = [new(17, key="a"), row(applicant_id=None, applicant={"external_applicant_id": 0}, key="b")]
    first, second = read_manifest(write_jsonl(tmp_path / "a.jsonl", rows))
    assert [one.applicant.external_applicant_id for one in (first, second)] == ["17", "0"]
    assert only(write_csv(tmp_path / "a.csv", [new("17", key="a")])).digest == first.digest


@pytest.mark.parametrize(("value", "kind"), [(True, "a boolean"), (17.5, "a number"), (17.0, "a number")])
def test_in_json_lines_an_id_is_neither_a_truth_nor_a_fraction(tmp_path, value, kind):
    found = only(write_jsonl(tmp_path / "a.jsonl", [new(value)]))
    assert found.reason == f"{PERSON}: expected text or a whole number, got {kind}"
