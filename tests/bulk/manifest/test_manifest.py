"""Manifests are read a row at a time, whatever their dialect; a bad row is a value, and the reading goes on."""

import csv
import io
import json
import os
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import BadRow, Company, Manifest, ManifestError, ManifestRow, Person, read_manifest
from kycaid_async.bulk.manifest.format import LONGEST, trimmed
from kycaid_async.bulk.manifest.rejects import Rejects
from kycaid_async.bulk.manifest.row import COLUMNS
from tests.bulk.manifests import APPLICANT, WRITERS, new, reasons, row, said, write_csv, write_jsonl

EITHER = pytest.mark.parametrize("form", WRITERS)


@pytest.fixture
def read(tmp_path):
    """Write rows, or a text, as a manifest and read it."""

    def read(content, form="csv", columns=None, **options):
        path = tmp_path / f"people.{form}"
        if isinstance(content, list):
            WRITERS[form](path, content, **options)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_manifest(path, columns=columns or {}))

    return read


@EITHER
def test_a_row_says_whose_document_it_is_what_it_says_and_which_files_it_has(read, form, tmp_path):
    (found,) = read([row(key="7", issue_date="2020-01-31", back_side="papers/back.png")], form)
    assert found.document == {"type": "PASSPORT", "issue_date": "2020-01-31"}
    assert (found.applicant_id, found.applicant, found.key) == (APPLICANT, None, "7")
    assert dict(found.sides()) == {
        "front_side": str(tmp_path / "front.png"),
        "back_side": str(tmp_path / "papers/back.png"),
    }
    assert found.line == {"csv": 2, "jsonl": 1}[form]


@EITHER
def test_columns_of_an_applicant_make_a_person_or_a_company(read, form):
    person = {"applicant.first_name": "Ada", "applicant.dob": "1990-01-31", "applicant.pep": "true"}
    company = {
        "applicant.type": "COMPANY",
        "applicant.company_name": "Quill Ltd",
        "applicant.registration_country": "GB",
        "applicant.business_activity_id": "2" * 36,
    }
    found = read([new("p", **person), new("c", **company)], form)
    assert [one.applicant for one in found] == [
        Person(external_applicant_id="p", first_name="Ada", dob="1990-01-31", pep=True),
        Company(
            external_applicant_id="c",
            company_name="Quill Ltd",
            registration_country="GB",
            business_activity_id="2" * 36,
        ),
    ]


def test_in_json_lines_an_applicant_may_be_an_object(read):
    (found,) = read([row(applicant_id=None, applicant={"external_applicant_id": "p", "pep": False})], "jsonl")
    assert found.applicant == Person(external_applicant_id="p", pep=False)


@EITHER
def test_text_becomes_the_type_of_its_field(read, form):
    (found,) = read([row(transaction_amount="12.5", income_sources="SALARY, LOAN|OTHER")], form)
    assert found.document["transaction_amount"] == 12.5
    assert found.document["income_sources"] == ["SALARY", "LOAN", "OTHER"]


def test_in_json_lines_values_have_their_own_types_and_null_is_nothing(read):
    (found,) = read(
        [row(transaction_amount=3, income_sources=["SALARY"], comment=None) | {"issue_date": None}], "jsonl"
    )
    assert found.document == {"type": "PASSPORT", "transaction_amount": 3, "income_sources": ["SALARY"]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_of_any_common_dialect_is_read(read, delimiter, encoding, end):
    written = new(**{"applicant.external_applicant_id": 'ü, "7"; 8|9'}, document_number="A-1")
    (found,) = read([written], encoding=encoding, delimiter=delimiter, lineterminator=end)
    assert found.applicant.external_applicant_id == 'ü, "7"; 8|9'
    assert found.document["document_number"] == "A-1"


def test_blank_lines_rows_without_content_and_empty_nameless_columns_are_read_over(read):
    text = f"\r\napplicant_id,type,front_side,,\r\n\r\n,,,,\r\n {APPLICANT} ,PASSPORT, front.png ,,\r\n\r\n"
    (found,) = read(text)
    assert (found.line, found.applicant_id, found.written) == (5, APPLICANT, {"front_side": "front.png"})


def test_a_quote_never_swallows_the_row_below(read):
    start = f"{APPLICANT},PASSPORT,front.png"
    lines = [f'{start},"1', f'{start},2"', f'{start},"3', '3" 3', f"{start},4", f'{start},"5', '5"']
    found = read("\n".join(["applicant_id,type,front_side,key", *lines]))
    assert [one.line for one in found] == [2, 3, 4, 5, 6, 7]
    assert reasons(found) == {
        2: "row: expected one line, with quotes in pairs around whole cells, got others",
        4: "row: expected one line, with quotes in pairs around whole cells, got others",
        5: "front_side: expected a path or a URL, got nothing; type: expected a value, got nothing; "
        "applicant_id: expected 36 characters, got 4 characters",
    }
    assert [one.key for one in found if isinstance(one, ManifestRow)] == ['2"', "4", "5\n5"]


LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n")
TEXT = st.text(LETTERS, min_size=1, max_size=50).filter(lambda t: t == trimmed(t))
RECORDS = st.fixed_dictionaries(
    {"applicant.external_applicant_id": TEXT, "type": st.sampled_from(["PASSPORT", "VIDEO"]), "front_side": TEXT},
    optional={
        "key": TEXT,
        "document_number": TEXT,
        "issuing_authority": TEXT,
        "issue_date": st.dates().map(str),
        "transaction_amount": st.floats(0, 1e9).map(lambda number: f"{number:.2f}"),
        "income_sources": st.lists(st.sampled_from(["SALARY", "LOAN"]), min_size=1).map(" ".join),
        "applicant.first_name": st.sampled_from(["Ada", "O'Neil", "Anne-Marie, Jr."]),
        "applicant.pep": st.sampled_from(["true", "false"]),
        "applicant.custom_field_1": TEXT,
    },
)


@given(st.lists(RECORDS, min_size=1, max_size=5), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_the_same_rows_are_read_from_both_forms_and_from_their_rejects(tmp_path_factory, records, delimiter, end):
    folder = tmp_path_factory.mktemp("round")
    one = write_csv(folder / "a.csv", records, delimiter=delimiter, lineterminator=end)
    other = write_jsonl(folder / "a.jsonl", records)
    found = {path: list(read_manifest(path)) for path in (one, other)}
    assert [said(row) for row in found[one]] == [said(row) for row in found[other]]
    assert [row.digest for row in found[one]] == [row.digest for row in found[other]]
    for path, rows in found.items():
        manifest = Manifest.open(path)
        again = path.with_stem("again")
        text = manifest.form.header() + "".join(manifest.reject(row, 'a "reason", of any; kind') for row in rows)
        again.write_text(text, encoding="utf-8", newline="")
        assert [said(row) for row in read_manifest(again)] == [said(row) for row in rows]


@given(st.binary(max_size=300))
def test_no_content_whatever_ends_the_reading(tmp_path_factory, content):
    for name, head in (("a.csv", b"applicant_id,type,front_side\n"), ("a.jsonl", b"")):
        path = tmp_path_factory.mktemp("any") / name
        path.write_bytes(head + b"\n{}\n" + content)
        assert all(isinstance(found, ManifestRow | BadRow) for found in read_manifest(path))


# What is wrong with a row is said by line and column, and never by its content.


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": None}, "type: expected a value, got nothing"),
        (
            {"type": "PASPORT"},
            "type: expected a document type of the reference (did you mean PASSPORT?), got another word",
        ),
        ({"front_side": None}, "front_side: expected a path or a URL, got nothing"),
        ({"applicant_id": "123"}, "applicant_id: expected 36 characters, got 3 characters"),
        (
            {"applicant_id": None},
            "applicant_id: expected this or applicant.external_applicant_id, and not both, got neither",
        ),
        (
            {"applicant.external_applicant_id": "x"},
            "applicant_id: expected this or applicant.external_applicant_id, and not both, got both",
        ),
        ({"issue_date": "31.01.2020"}, "issue_date: expected a date as YYYY-MM-DD, got text in another form"),
        ({"transaction_amount": "12,50"}, "transaction_amount: expected a number, got other text"),
        ({"document_number": "9" * 51}, "document_number: expected at most 50 characters, got 51 characters"),
        (
            {"applicant_id": None, "applicant.first_name": "Ada"},
            "applicant.external_applicant_id: expected your own id of the applicant, got nothing",
        ),
        (
            {"applicant_id": None, "applicant.external_applicant_id": "x", "applicant.type": "ROBOT"},
            "applicant.type: expected PERSON or COMPANY, got another word",
        ),
        (
            {"applicant_id": None, "applicant.external_applicant_id": "x", "applicant.company_name": "Quill"},
            "applicant.company_name: expected nothing for a person, got a value",
        ),
    ],
)
@EITHER
def test_a_row_that_cannot_be_delivered_is_a_value_with_its_reason(read, form, changes, reason):
    good, bad, after = read([row(key="a"), row(**changes), row(key="b")], form)
    assert isinstance(good, ManifestRow)
    assert isinstance(after, ManifestRow)
    assert bad.reason == reason


def test_every_problem_of_a_row_is_named(read):
    (bad,) = read([row(type="X", issue_date="x", applicant_id="1")])
    assert [problem.field for problem in bad.problems] == ["type", "issue_date", "applicant_id"]


A_COLUMN, ANOTHER = "expected a column of a manifest", "got another name"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "row: expected a JSON object, got other text"),
        ("[1]", "row: expected an object, got a list"),
        ('{"type": "PASSPORT", "type": "VIDEO"}', "row: expected each name once, got one twice"),
        ('{"transaction_amount": NaN}', "row: expected a JSON object, got other text"),
        ("[" * 100_000, f"row: expected at most {LONGEST:,} characters, got more"),
        ("[" * 50_000, "row: expected a JSON object, got other text"),
        ('{"a": "' + "b" * 200_000 + '"}', f"row: expected at most {LONGEST:,} characters, got more"),
        (json.dumps(row(key=5)), "key: expected text, got a number"),
        (json.dumps(row(applicant_id=5)), "applicant_id: expected text, got a number"),
        (json.dumps(row(front_side=["a"])), "front_side: expected text, got a list"),
        (json.dumps(row(document_number=5)), "document_number: expected text, got a number"),
        (json.dumps(row(document_numer="5")), f"document_numer: {A_COLUMN} (did you mean document_number?), {ANOTHER}"),
        (
            json.dumps(row(front_side="\0.png")),
            "front_side: expected text without NUL characters, got one",
        ),
        (json.dumps(row(issuing_authority="\ud800")), "issuing_authority: expected text in UTF-8, got other bytes"),
        (
            json.dumps(new(applicant={"external_applicant_id": "x"})),
            "row: expected each name once, got a field of the applicant twice",
        ),
        (json.dumps(row(applicant="x")), f"applicant: {A_COLUMN} (did you mean applicant_id?), {ANOTHER}"),
    ],
)
def test_a_line_that_is_no_row_is_a_value_with_its_reason_and_the_next_is_read(read, line, reason):
    before, bad, after = read(f"{json.dumps(row())}\n{line}\n{json.dumps(row())}\n", "jsonl")
    assert (before.line, bad.line, bad.reason, after.line) == (1, 2, reason, 3)


def test_a_quote_that_is_never_closed_costs_its_own_row_and_no_other(read):
    lines = [f'{APPLICANT},PASSPORT,"front.png', *[f"{APPLICANT},PASSPORT,{n}.png" for n in range(3000)]]
    lines[2000] = f'{APPLICANT},PASSPORT,"in quotes.png"'
    found = read("applicant_id,type,front_side\n" + "\n".join(lines))
    assert reasons(found) == {2: "row: expected one line, with quotes in pairs around whole cells, got others"}
    assert [one.line for one in found] == list(range(2, 3003))


BROKEN = 'Hauptstr. 5, links\nBerlin\n\nbei "Meier"'


def as_csv(rows, **dialect):
    out = io.StringIO(newline="")
    csv.writer(out, **dialect).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("dialect", [{}, {"delimiter": ";", "lineterminator": "\n"}, {"quoting": csv.QUOTE_ALL}])
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_cells_may_have_line_breaks_as_spreadsheets_export_them(read, dialect, breaks):
    names = ["applicant_id", f"doc{breaks}type", "front_side", "issuing\nauthority"]
    rows = [[APPLICANT, "PASSPORT", f"{n}.png", BROKEN.replace("\n", breaks) if n % 2 else "Berlin"] for n in range(4)]
    columns = {"doc type": "type", "issuing authority": "issuing_authority"}
    found = read(as_csv([names, *rows], **dialect), columns=columns)
    assert [(one.line, dict(one.written)) for one in found] == [
        (line, {"front_side": f"{n}.png"}) for n, line in enumerate((4, 5, 9, 10))
    ]
    assert [one.raw for one in found] == rows


@pytest.mark.parametrize(
    "lines",
    [
        [f'{APPLICANT},PASSPORT,a.png,"stray', f'{APPLICANT},PASSPORT,b.png,stray"'],
        [f'{APPLICANT},"PASSPORT,a.png,x', f'{APPLICANT},PASSPORT",b.png,x'],
        [f'{APPLICANT},PASSPORT,a.png,"x', "y", 'z" z'],
        [f'{APPLICANT},PASSPORT,"a.png', 'x"'],
        [f'{APPLICANT},PASSPORT,a.png,"x', *["y"] * 60, '"'],
    ],
    ids=["two strays", "strays in the middle", "a quote within", "too few cells", "too many lines"],
)
def test_a_stray_quote_joins_no_rows(read, lines):
    found = read("\n".join(["applicant_id,type,front_side,key", *lines, f"{APPLICANT},PASSPORT,c.png,good"]) + "\n")
    assert reasons(found)[2] == "row: expected one line, with quotes in pairs around whole cells, got others"
    assert [one.line for one in found] == list(range(2, len(lines) + 3)), "each line is told of"
    assert found[-1].key == "good"


def test_rows_with_line_breaks_come_back_from_a_file_of_rejects(tmp_path):
    path = tmp_path / "a.csv"
    broken = "=1+1\n=2,x"
    path.write_text(as_csv([["applicant_id", "type", "front_side", "key"], [APPLICANT, "PASPORT", "a.png", broken]]))
    manifest = Manifest.open(path)
    (bad,) = manifest.rows()
    with Rejects(tmp_path / "a.rejects.csv", manifest) as rejects:
        rejects.add(bad, "wrong type")
    text = (tmp_path / "a.rejects.csv").read_text()
    assert "'=1+1\n'=2" in text, "no line of it is a formula"
    (tmp_path / "a.rejects.csv").write_text(text.replace("PASPORT", "PASSPORT"))
    (mended,) = read_manifest(tmp_path / "a.rejects.csv")
    assert mended.key == broken


def test_a_row_with_more_cells_than_columns_is_bad(read):
    (bad,) = read(f"applicant_id,type,front_side\n{APPLICANT},PASSPORT,a,b\n")
    assert bad.reason == "row: expected 3 cells, got 4"


def test_empty_cells_at_the_end_may_be_missing_or_too_many(read):
    found = read(f"applicant_id,type,front_side,key\n{APPLICANT},PASSPORT,a.png\n{APPLICANT},PASSPORT,b.png,,, ,\n")
    assert [(row.line, dict(row.written), row.key) for row in found] == [
        (2, {"front_side": "a.png"}, None),
        (3, {"front_side": "b.png"}, None),
    ]


def test_a_cell_below_no_name_is_bad(read):
    (bad,) = read(f"applicant_id,type,front_side,\n{APPLICANT},PASSPORT,a,b\n")
    assert bad.reason == "column 4: expected no content, for it has no name, got some"


def test_bytes_that_are_no_utf_8_are_bad_in_their_row_alone(read):
    text = f"applicant_id,type,front_side\n{APPLICANT},PASSPORT,caf\xe9.png\n{APPLICANT},PASSPORT,a.png\n"
    bad, good = read(text.encode("latin-1"))
    assert bad.reason == "front_side: expected text in UTF-8, or else --encoding, such as cp1252, got other bytes"
    assert isinstance(good, ManifestRow)


def test_nothing_that_stands_in_a_bad_row_stands_in_its_repr_or_reason(read):
    fields = dict.fromkeys(COLUMNS, "Canary") | {"": "Canary"}
    found = [*read([fields]), *read([fields | {"Canary": 1, "transaction_amount": {"Canary": "Canary"}}], "jsonl")]
    found += read("{Canary", "jsonl")
    assert len(found) == 3
    for bad in found:
        assert isinstance(bad, BadRow)
        assert "Canary" not in repr(bad).replace("field='Canary'", "")
        assert "Canary" not in bad.reason.replace("Canary: expected a column", "")


# A file that cannot be a manifest is an error.


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (
            "applicant_id,dob,type\n",
            "dob: expected a column of a manifest (did you mean applicant.dob?), got another name",
        ),
        ("applicant_id,typ,front_sid\n", "typ: expected a column of a manifest (did you mean type?), got another name"),
        ("type,front_side,type\n", "type: expected one column, got two"),
        ("Jane,Example,1990-01-01\n", "the first line has no column of a manifest"),
        ("applicant_id,type\n".encode("utf-16-le"), "is not text in UTF-8"),
        ("PK\x03\x04\x14\0\x06\0", "is not text in UTF-8"),
        ('[{"type": "PASSPORT"}]', "is one JSON list"),
    ],
)
def test_a_file_that_is_no_manifest_says_why(read, tmp_path, content, reason):
    with pytest.raises(ManifestError) as caught:
        read(content, "json" if reason.endswith("list") else "csv")
    assert str(caught.value).startswith("people.")
    assert reason in str(caught.value)
    assert "Jane" not in str(caught.value)


def test_a_missing_manifest_and_a_folder_say_so(tmp_path):
    for path, reason in ((tmp_path / "none.csv", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ManifestError, match=reason):
            read_manifest(path)


@pytest.mark.skipif(sys.platform == "win32", reason="there a folder in which a program works stays")
def test_a_working_folder_that_is_gone_is_an_error_that_says_what_cannot_be_read(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "people.csv", [row()])
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ManifestError, match=r"people.csv: cannot be read \(No such file or directory\)"):
        read_manifest("people.csv")
    with pytest.raises(ManifestError, match=r"outside \(--allow-outside\): cannot be found"):
        read_manifest(path, outside=["scans"])
    assert len(list(read_manifest(path))) == 1


# The ledger knows a row by what stands in the manifest.


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe with a name is a thing of POSIX")
def test_a_manifest_from_a_pipe_is_refused_before_a_row_of_it_is_lost(tmp_path):
    os.mkfifo(tmp_path / "people.csv")
    with pytest.raises(ManifestError, match=r"people.csv: is no regular file; write the rows to one"):
        read_manifest(tmp_path / "people.csv")


def test_a_manifest_that_moved_has_the_same_rows(tmp_path):
    digests = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        digests += [found.digest for found in read_manifest(write_csv(tmp_path / place / "a.csv", [row()]))]
    assert digests[0] == digests[1]


def test_the_working_directory_has_no_part_in_a_row(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "a.csv", [row()])
    (absolute,) = read_manifest(path)
    monkeypatch.chdir(tmp_path)
    (relative,) = read_manifest("a.csv")
    assert absolute.digest == relative.digest


def test_a_manifest_of_any_length_is_read_in_the_same_memory(tmp_path):
    def peak(count):
        path = tmp_path / f"{count}.csv"
        write_csv(path, [row(document_number="9" * 40)] * count)
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_manifest(path)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    # Held rows would be five megabytes; what other tests left for the collector may come and go.
    assert peak(5000) < peak(100) + 1_000_000


def test_the_reject_of_a_row_keeps_its_dialect(tmp_path):
    path = write_csv(tmp_path / "a.csv", [row(document_number='a;"b"')], delimiter=";")
    manifest = Manifest.open(path)
    text = manifest.form.header() + "".join(manifest.reject(found, "why") for found in manifest.rows())
    assert list(csv.DictReader(io.StringIO(text), delimiter=";")) == [
        {"line": "2", "error": "why"} | row(document_number='a;"b"')
    ]


def test_of_ten_thousand_columns_that_no_manifest_has_the_error_names_few(read):
    with pytest.raises(ManifestError) as caught:
        read("type," + ",".join(f"x{n}" for n in range(10_000)) + "\n", "csv")
    assert caught.value.message.endswith("and 9,990 more")
    assert len(str(caught.value)) < 1000
    assert caught.value.field == "x0"
