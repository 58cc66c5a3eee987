"""What prints objects in ways of its own, past their ``repr``, shows no personal data: rich, pytest, IPython."""

import io
import json
import pprint
import subprocess
import sys
import traceback

import pytest
import rich
import rich.pretty
from rich.console import Console
from rich.traceback import Traceback

from kycaid_async import (
    ApiError,
    AsyncKycaid,
    BulkRow,
    Company,
    CreditCard,
    FieldError,
    Form,
    InvalidFileError,
    Kycaid,
    Person,
    UploadSourceError,
    structure,
)
from kycaid_async.api.applicants import PersonApplicant
from kycaid_async.bulk.manifest.row import ManifestRow
from kycaid_async.bulk.row import BulkResult, BulkStatus
from kycaid_async.callbacks import parse
from kycaid_async.masking import shown_path
from kycaid_async.protocol.request import BuiltRequest
from kycaid_async.protocol.response import Answer
from kycaid_async.transport.settings import Settings
from kycaid_async.uploads.multipart import Upload
from kycaid_async.uploads.sources import source_of
from kycaid_async.values.secret import ApiKey, HiddenText
from tests.security.marks import Marks

M = Marks()
ID = "a" * 36


def answer():
    return {
        "applicant_id": ID,
        "first_name": M.name,
        "dob": M.born,
        "email": M.email,
        "unknown": M.answer,
        "documents": [{"card_number": M.card, "document_number": M.number, "unknown": M.answer}],
    }


def event():
    said = {"type": "VERIFICATION_COMPLETED", "applicant": answer(), "comment": M.answer, "form_token": M.secret}
    return parse(json.dumps(said).encode())


def row(kind=BulkRow, **more):
    person = Person(first_name=M.name, email=M.email, external_applicant_id=M.number)
    sides = {"front_side": f"/{M.folder}/{M.name}.png", "back_side": M.content.encode()}
    return kind(document={"document_number": M.number}, applicant=person, key=M.secret, **sides, **more)


OBJECTS = {
    "a person": lambda: Person(
        first_name=M.name, last_name=M.surname, dob=M.born, email=M.email, custom_field_1=M.answer
    ),
    "a company": lambda: Company(
        company_name=M.name, registration_country="GB", business_activity_id=ID, registration_number=M.number
    ),
    "a card": lambda: CreditCard(applicant_id=ID, card_number=M.card, document_number=M.number),
    "an applicant": lambda: structure(answer(), PersonApplicant),
    "an event": event,
    "a row": row,
    "a row of a manifest": lambda: row(ManifestRow, raw={"a": M.name}, written={"front_side": M.folder}),
    "a result": lambda: BulkResult(row=row(), status=BulkStatus.FAILED, error=refused(M.answer)),
    "an error": lambda: refused(M.answer),
    "a field's error": lambda: FieldError(f"{M.name} is", M.answer),
    "an upload of bytes": lambda: Upload(source=source_of(M.content.encode()), filename=M.name),
    "an upload by path": lambda: Upload(source=source_of(f"/{M.folder}/{M.name}.png"), filename=f"{M.name}.png"),
    "a request": lambda: BuiltRequest(f"/x/{M.number}?q={M.secret}", M.content.encode()),
    "an answer": lambda: Answer(200, {"X": M.secret}, M.answer.encode()),
    "settings": lambda: Settings(
        api_key=ApiKey(M.key), base_url="https://x.example", proxy=f"http://u:{M.secret}@p.example"
    ),
    "a key": lambda: ApiKey(M.key),
    "a header": lambda: {"Authorization": HiddenText(f"Token {M.key}")},
    "a client": lambda: AsyncKycaid(M.key),
    "a blocking client": lambda: Kycaid(M.key),
    "a section": lambda: AsyncKycaid(M.key).applicants,
    "many": lambda: [row(), event(), structure(answer(), PersonApplicant)],
}


def refused(said):
    errors = [FieldError("dob", said)]
    return ApiError("documents.create: refused", status=422, errors=errors, body=said.encode())


def printed(show, value):
    console = Console(file=io.StringIO(), width=200)
    show(console, value)
    return console.file.getvalue()


def inspected(console, value):
    rich.inspect(value, console=console, private=False, methods=False)


def in_a_traceback(console, value):
    def fail():
        local = value
        raise RuntimeError(str(len(repr(local))))

    try:
        fail()
    except RuntimeError as error:
        console.print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True))


def in_ipython(console, value):
    from IPython.lib.pretty import pretty

    console.print(pretty(value))


def from_the_standard_library(console, value):
    error = RuntimeError("it failed")
    captured = traceback.TracebackException(RuntimeError, error, None, capture_locals=True)
    console.print(pprint.pformat(value) + f"{value} {value!r}" + "".join(captured.format()))


WAYS = {
    "rich.print": lambda console, value: console.print(value),
    "rich.pretty": lambda console, value: console.print(rich.pretty.Pretty(value, expand_all=True)),
    "rich.inspect": inspected,
    "rich.traceback": in_a_traceback,
    "IPython": in_ipython,
    "pprint and str": from_the_standard_library,
}


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_printer_shows_a_mark(way, make):
    assert M.found_in(printed(way, make())) == []


def test_rich_shows_what_may_be_seen():
    text = printed(WAYS["rich.pretty"], Person(first_name=M.name, gender="F", pep=True))
    assert ("first_name=***" in text, "pep=True" in text) == (True, True)


def test_an_error_of_a_source_shows_neither_folder_nor_name_of_its_file_unless_asked_for(monkeypatch):
    from kycaid_async.uploads.reader import read_error

    error = read_error(f"/scans/{M.folder}/{M.name}.png", OSError())
    assert isinstance(error, UploadSourceError)
    assert str(error).startswith("***.png: ")
    monkeypatch.setenv("KYCAID_SHOW_PATHS", "name")
    assert M.found_in(str(read_error(f"/scans/{M.folder}/{M.name}.png", OSError()))) == ["name"]
    monkeypatch.setenv("KYCAID_SHOW_PATHS", "1")
    assert str(read_error(f"/scans/{M.folder}/{M.name}.png", OSError())).startswith(f"/scans/{M.folder}/")


def test_a_type_of_an_error_that_is_no_code_is_not_listed_and_one_that_is_stays():
    assert "type" not in dir(ApiError("refused", type=f"{M.name} is wrong"))
    assert {"type"} <= {*dir(ApiError("refused", type="validation"))} & {*dir(ApiError("refused"))}


def test_text_in_place_of_a_code_is_masked_and_a_label_of_a_list_is_not():
    person = structure(answer() | {"residence_country": f"{M.name} x", "profile_status": M.email}, PersonApplicant)
    assert M.found_in(f"{person!r} {person} {[getattr(person, name) for name in dir(person) if name[0] != '_']}") == []
    form = structure({"form_id": ID, "name": "Sign up, short"}, Form)
    assert "name='Sign up, short'" in repr(form)
    assert "residence_country='GB'" in repr(structure({"residence_country": "GB"}, PersonApplicant))


FAILING_TESTS = """
import pytest
from tests import test_printers as p
from tests.security.marks import Marks

def test_two_of_a_kind():
    one, other = p.OBJECTS[{name!r}](), make_other({name!r})
    assert one == other

def make_other(name):
    kept, p.M._texts = p.M._texts, Marks()._texts
    try:
        return p.OBJECTS[name]()
    finally:
        MARKS.extend([*kept.values(), *p.M._texts.values()])
        p.M._texts = kept

MARKS = []

@pytest.fixture(scope="module", autouse=True)
def tell():
    yield
    import json, pathlib
    pathlib.Path({marks!r}).write_text(json.dumps(MARKS))
"""
COMPARED = (
    "a person",
    "a card",
    "an applicant",
    "an event",
    "a row",
    "a row of a manifest",
    "a result",
    "a field's error",
)


def test_a_failing_comparison_under_pytest_shows_no_mark(tmp_path):
    """One run for all kinds, with all that pytest shows when it is asked for everything."""
    for number, name in enumerate(COMPARED):
        file = tmp_path / f"test_failing_{number}.py"
        file.write_text(FAILING_TESTS.format(name=name, marks=str(tmp_path / f"{number}.json")))
    command = [sys.executable, "-m", "pytest", "-vv", "--showlocals", "--tb=long", "-p", "no:cacheprovider", "-o"]
    command += ["asyncio_mode=auto", "-o", "addopts=--import-mode=importlib", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert f"{len(COMPARED)} failed" in done.stdout, done.stdout + done.stderr
    marks = {mark for n in range(len(COMPARED)) for mark in json.loads((tmp_path / f"{n}.json").read_text())}
    assert len(marks) > len(COMPARED)
    assert [mark for mark in marks if mark in done.stdout] == []


@pytest.mark.parametrize(
    "name",
    [
        "Zebfile99_1977-03-19.png",
        "Jane Doe.pdf",
        "jane.doe",
        "passport.jane",
        "19-03-77.jpg",
        "j_d.png",
        "IMG_20240101.heic",
        "(jane).png",
        "Зоя.png",
        "passport_Jane.png",
        "front 1977.png",
        "p\u0430ssport.png",
        "Jane\x1b[2J.png",
        "Jane",
    ],
)
@pytest.mark.parametrize("place", ["", "/scans/", "C:\\scans\\", "s3://bucket/scans/", "https://host/"])
def test_the_name_of_a_file_that_may_be_a_persons_is_not_shown(place, name):
    shown = shown_path(place + name)
    assert shown.rpartition("/")[2] in {"***", f"***.{name.rpartition('.')[2]}"}
    assert shown_path(shown) == shown
    assert not any(part in shown for part in ("Zeb", "ane", "doe", "77", "j_d", "2024", "scans", "Зоя"))


@pytest.mark.parametrize("name", ["passport_front.png", "Scan 001.JPG", "id-card.back.pdf", "selfie", "a.png", "2.png"])
def test_a_name_of_words_that_tell_nothing_is_shown(name):
    assert shown_path(f"/home/jane/{name}") == name


@pytest.mark.parametrize("error", [refused(M.answer), InvalidFileError("is empty", file=f"/{M.folder}/{M.name}.png")])
def test_what_lists_the_attributes_of_an_error_finds_neither_body_nor_path(error):
    listed = {name: getattr(error, name) for name in dir(error)}
    assert M.found_in(repr(listed)) == []
