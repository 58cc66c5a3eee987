"""Calls of the command line: what people type, what they get, and what programs can rely on."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from kycaid_async import warning
from kycaid_async.cli.calls import run as calls
from kycaid_async.cli.calls.output import Output
from kycaid_async.sandbox import Fault
from tests.conftest import API_KEY
from tests.pictures import picture

UNKNOWN = "0" * 36
PERSON = ["--type", "person", "--first-name", "Jane", "--last-name", "Example", "--dob", "1990-01-02"]
HOSTILE = "\x1b]0;x\x07\u202e\x9b31m"


@pytest.fixture
def applicant(kycaid):
    done = kycaid("applicants", "create", *PERSON, "--residence-country", "DE", "--fields", "applicant_id", "--text")
    assert done.exit_code == 0
    return done.stdout.strip()


@pytest.fixture
def front(tmp_path):
    path = tmp_path / "front.png"
    path.write_bytes(picture(400))
    return path


def test_what_is_made_can_be_read_with_its_id(kycaid, applicant):
    done = kycaid("applicants", "get", applicant)
    assert (done.exit_code, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert json.loads(done.stdout)["first_name"] == "Jane"


def test_files_are_uploaded_before_the_document_that_refers_to_them(kycaid, applicant, front):
    done = kycaid("documents", "create", "--type", "Passport", "--applicant-id", applicant, "--front-side", front)
    assert (done.exit_code, done.stderr) == (0, "")
    made = json.loads(kycaid("documents", "get", json.loads(done.stdout)["document_id"]).stdout)
    assert (made["type"], len(made["front_side_id"])) == ("PASSPORT", 36)


@pytest.mark.parametrize("command", [["documents", "create"], ["call", "documents.create"]])
def test_a_file_may_be_named_in_json_too(command, kycaid, applicant, front):
    fields = {"type": "DRIVERS_LICENSE", "applicant_id": applicant, "front_side": str(front)}
    done = kycaid(*command, "--json", json.dumps(fields))
    assert (done.exit_code, done.stderr) == (0, "")
    fields["front_side"] = 5
    assert "--front-side: this is no name of a file" in kycaid(*command, "--json", json.dumps(fields)).stderr


def test_a_file_that_was_uploaded_is_not_lost_with_the_call(kycaid, front):
    done = kycaid("documents", "create", "--type", "PASSPORT", "--applicant-id", UNKNOWN, "--front-side", front)
    assert (done.exit_code, done.stdout) == (5, "")
    first, second = done.stderr.splitlines()
    assert first.startswith("kycaid: already uploaded: --front-side-id ")
    assert "Check the id" in second


def test_of_two_files_the_first_is_not_lost_with_the_second(odd, server, front, tmp_path):
    other = tmp_path / "back.png"
    other.write_bytes(picture(401))
    server.answer({"file_id": "1" * 36}, (422, {"type": "broken_file"}))
    words = ["--type", "PASSPORT", "--applicant-id", UNKNOWN, "--front-side", front, "--back-side", other]
    done = odd("documents", "create", *words)
    assert (done.exit_code, done.stdout, len(server.requests)) == (7, "", 2)
    assert f"already uploaded: --front-side-id {'1' * 36}" in done.stderr
    assert "--back-side-id" not in done.stderr


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (
            ["--type", "pasport", "--applicant-id", UNKNOWN],
            "did you mean PASSPORT? Expected one of ADDRESS_DOC",
        ),
        (["--type", "xyz", "--applicant-id", UNKNOWN], "--type: expected one of ADDRESS_DOCUMENT"),
        (["--type", "PASSPORT"], "--applicant-id: expected this or affiliated_person_id, and not both, got neither."),
        (["--type", "PASSPORT", "--applicant-id", "12"], "--applicant-id: expected 36 characters, got 2 characters."),
        (
            ["--issue-date", "1.2.2020", "--type", "PASSPORT", "--applicant-id", UNKNOWN],
            "--issue-date: expected a date",
        ),
        (["--json", "{", "--type", "PASSPORT"], "--json: this is no JSON, line 1, column 2"),
        (["--json", "[1]"], "--json: expected an object"),
        (["--json", '{"a": NaN}'], "--json: this is no JSON"),
        (["--json", "@nowhere.json"], "--json @***.json: No such file or directory"),
        (["--front-side", "nowhere.png"], "--front-side: No such file or directory"),
        (["--json", '{"nam": "Secret"}', "--applicant-id", UNKNOWN, "--type", "PASSPORT"], "nam: expected a field of"),
        (["--csv", "--text", "--type", "PASSPORT", "--applicant-id", UNKNOWN], "--csv and --text: choose one"),
        (["--fields", " , ", "--type", "PASSPORT", "--applicant-id", UNKNOWN], "--fields: expected names"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(words, advice, odd, server):
    done = odd("documents", "create", *words)
    assert (done.exit_code, done.stdout, server.requests) == (2, "", [])
    assert done.stderr.count("\n") == 1
    assert advice in done.stderr
    assert "Secret" not in done.stderr


def test_a_file_and_its_id_are_one_too_many(odd, front):
    words = ["--type", "PASSPORT", "--applicant-id", UNKNOWN, "--front-side", front, "--front-side-id", UNKNOWN]
    done = odd("documents", "create", *words)
    assert done.exit_code == 2
    assert "--front-side: --front-side-id names a file, too; choose one" in done.stderr


def test_missing_arguments_and_wrong_names_are_named(odd):
    assert "documents.get: DOCUMENT_ID is missing" in odd("documents", "get").stderr
    assert "did you mean documents.get?" in odd("call", "document.get").stderr
    assert "kycaid operations lists them" in odd("call", "xyz").stderr
    assert "it takes no nam" in odd("call", "phone_numbers.check", "--json", '{"phone": "1", "nam": 1}').stderr
    assert "Give at least one field." in odd("applicants", "update", UNKNOWN).stderr
    assert "Did you mean 'documents'?" in odd("documnts", "get").stderr
    assert "Did you mean 'update-status'?" in odd("verifications", "update-statu").stderr


def test_what_was_typed_wrongly_is_not_repeated(odd, server):
    for words in (
        ["applicants", "create", "--first-name", "Jane", "Roe"],
        ["documents", "create", "--transaction-amount", "Roe"],
        ["applicants", "get", UNKNOWN, "Roe"],
        ["documents", "create", "--json", "@/tmp/Roe.json"],
        ["applicants", "create", "--frist-name=Roe"],
        ["applicants", "create", "--pep=Roe"],
    ):
        done = odd(*words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "Roe" not in done.stderr, words
    assert server.requests == []
    assert "needs quotes around it" in odd("applicants", "create", "--first-name", "Jane", "Roe").stderr
    assert "--transaction-amount" in odd("documents", "create", "--transaction-amount", "Roe").stderr


def test_names_may_have_underscores(odd, server):
    server.answer([])
    assert odd("business_activities", "list").exit_code == 0
    assert odd("call", "business-activities.list").exit_code == 0


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"type": "bad_request", "errors": []}, 7),
        (401, {"type": "unauthorized"}, 4),
        (402, {"type": "insufficient_funds"}, 6),
        (403, {"type": "inactive_account"}, 6),
        (403, {"type": "forbidden_age_restricted_retries"}, 8),
        (404, {"type": "not_found"}, 5),
        (409, {"type": "delete_denied"}, 8),
        (422, {"type": "validation", "errors": [{"parameter": "dob", "message": "Jane's is bad"}]}, 7),
        (429, {"type": "flow", "errors": [{"parameter": "limit_exceeded", "message": "x"}]}, 8),
        (500, {"type": "internal_server"}, 11),
        (200, b"<html>Jane</html>", 11),
    ],
)
def test_the_exit_code_tells_the_kind_of_a_refusal(status, body, code, odd, server):
    server.answer((status, body))
    done = odd("applicants", "get", UNKNOWN)
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.startswith("kycaid: applicants.get: ")
    assert "Jane" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_lost_answer_of_what_costs_is_perhaps_done(kycaid, sandbox, applicant):
    form = kycaid("forms", "list", "--fields", "form_id", "--text").stdout.split()[0]
    sandbox.faults.add(Fault("lost", operations=["verifications.create"], count=1))
    done = kycaid("verifications", "create", "--applicant-id", applicant, "--form-id", form, "--yes")
    assert done.exit_code == 3
    assert "processed" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="it sends a signal to itself")
@pytest.mark.parametrize(("words", "told"), [(["create", *PERSON], True), (["get", UNKNOWN], False)])
def test_ctrl_c_says_of_a_change_that_it_is_perhaps_done(words, told, odd, server):
    is_over = threading.Event()

    def answer():
        os.kill(os.getpid(), signal.SIGINT)
        is_over.wait(20)
        return {}

    server.answer((200, answer))
    done = odd("applicants", *words)
    is_over.set()
    assert (done.exit_code, done.stdout) == (130, "")
    assert ("perhaps it is done: look before you repeat it" in done.stderr) is told
    assert done.stderr.endswith("kycaid: interrupted\n")


def test_no_connection_has_a_code_of_its_own(run):
    done = run("forms", "list", "--base-url", "http://127.0.0.1:9")
    assert done.exit_code == 10
    assert "no connection" in done.stderr


def test_without_a_key_one_sentence_says_where_it_may_stand(odd, monkeypatch):
    monkeypatch.delenv("KYCAID_API_KEY")
    done = odd("forms", "list")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "KYCAID_API_KEY" in done.stderr


def test_a_base_url_that_cannot_be_is_named_as_the_option(run):
    done = run("forms", "list", "--base-url", "http://kycaid")
    assert done.exit_code == 2
    assert done.stderr.startswith("kycaid: --base-url: http://kycaid would send the key")


def test_a_question_is_answered_by_a_person(kycaid, applicant, monkeypatch, sandbox):
    monkeypatch.setattr(calls, "_somebody_is_there", lambda: True)
    form = kycaid("forms", "list", "--fields", "form_id", "--text").stdout.split()[0]
    words = ["verifications", "create", "--applicant-id", applicant, "--form-id", form]
    done = kycaid(*words, input="n\n")
    assert (done.exit_code, done.stdout.strip()) == (1, "n")  # typer's runner shows what was typed
    assert f"verifications.create at {sandbox.url} costs a fee. Go on? [y/N]" in done.stderr
    assert "nothing was sent" in done.stderr
    done = kycaid(*words, input="y\n")
    assert done.exit_code == 0
    assert json.loads(done.stdout.splitlines()[-1])["verification_id"]


def test_a_report_comes_row_by_row_as_lines_or_as_a_table(odd, server):
    server.answer([{"verification_id": "a", "price": 1.5, "name": "=cmd|x"}, {"verification_id": "b", "name": "Ö,\n"}])
    lines = odd("verifications", "report", "2026-11-01").stdout.splitlines()
    assert [json.loads(line)["verification_id"] for line in lines] == ["a", "b"]
    table = odd("verifications", "report", "2026-11-01", "--csv", "--fields", "verification_id,price,name").stdout
    assert table == 'verification_id,price,name\na,1.5,\'=cmd|x\nb,,"Ö,\n"\n'
    text = odd("verifications", "report", "2026-11-01", "--text", "--fields", "name,verification_id").stdout
    assert text == "=cmd|x\ta\nÖ,\tb\n"


def test_a_table_with_half_a_surrogate_pair_is_written_to_the_end(server, command, clean_environment):
    server.answer([{"verification_id": "a", "name": "\ud83d"}, {"verification_id": "b"}])
    words = ["verifications", "report", "2026-11-01", "--csv", "--fields", "verification_id,name"]
    environment = clean_environment | {"KYCAID_API_KEY": "k" * 36, "KYCAID_BASE_URL": server.url}
    done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("verification_id,name\na,?\nb,\n", "")


def test_a_list_without_entries_prints_nothing_and_as_a_table_its_columns(odd, server):
    server.answer([])
    assert odd("forms", "list").output == ""
    assert odd("forms", "list", "--csv").output.startswith("form_id,id,name")


def test_fields_reach_into_objects_and_lists_and_one_that_is_nowhere_is_named(odd, server):
    server.answer({"type": "PERSON", "documents": [{"type": "PASSPORT"}, {"type": "VIDEO", "x": 1}], "a.b": 2})
    done = odd("applicants", "get", UNKNOWN, "--fields", "documents.type,frist_name,documents.x,type.deep")
    assert json.loads(done.stdout) == {
        "documents.type": ["PASSPORT", "VIDEO"],
        "frist_name": None,
        "documents.x": [None, 1],
        "type.deep": None,
    }
    assert "--fields: nothing here has frist_name; did you mean first_name?" in done.stderr
    assert "documents.x" not in done.stderr
    assert done.exit_code == 0


def test_what_is_printed_is_ascii_and_the_same_text_again(odd, server):
    server.answer({"first_name": "Zoë 山田", "last_name": HOSTILE})
    done = odd("applicants", "get", UNKNOWN)
    assert done.stdout.isascii()
    assert json.loads(done.stdout) == {"first_name": "Zoë 山田", "last_name": HOSTILE}


def test_any_path_is_read_and_its_query_may_stand_in_it(odd, server):
    server.answer([{"a": 1}, {"a": 2}])
    done = odd("get", "things?day=2026-11-01&x=", "-q", "date=1&2", "-q", "date=3")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"a": 1}, {"a": 2}]
    method, target, headers, _ = server.requests[0]
    assert (method, target) == ("GET", "/things?date=1%262&date=3&day=2026-11-01&x=")
    assert headers["Authorization"] == f"Token {API_KEY}"
    assert "--query: expected NAME=VALUE" in odd("get", "/x", "-q", "date").stderr
    assert odd("get", "//elsewhere.example/x").exit_code == 2
    server.answer("text")
    assert odd("get", "/x", "--text").stdout == "text\n"


def test_what_is_inferred_says_so_in_one_line(odd, server, monkeypatch):
    monkeypatch.setattr(warning, "_warned", set())  # it is said once in a process
    server.answer({"data": {"valid": True}})
    done = odd("qes", "verify", "--json", '{"a": 1}', "--yes")
    assert done.exit_code == 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("kycaid: note: qes.verify: ")


def test_wait_and_find_are_there_too(odd, server):
    server.answer({"verification_id": UNKNOWN, "status": "completed", "verified": True})
    assert json.loads(odd("verifications", "wait", UNKNOWN).stdout)["verified"] is True
    server.answer([])
    done = odd("verifications", "find", "--applicant-id", UNKNOWN, "--since", "2026-11-01")
    assert (done.exit_code, done.stdout) == (0, "")
    assert odd("verifications", "find", "--applicant-id", UNKNOWN, "--since", "2026-11-01T12:00:00Z").exit_code == 0
    done = odd("verifications", "find", "--applicant-id", UNKNOWN, "--since", "yesterday")
    assert done.stderr.startswith(
        "kycaid: verifications.find: nothing was sent. --since: expected a datetime with a zone"
    )
    given = json.dumps({"applicant_id": UNKNOWN, "since": "2026-11-01"})
    assert odd("call", "verifications.find", "--json", given).exit_code == 0
    for timeout in ("-1", "nan"):
        done = odd("verifications", "wait", UNKNOWN, "--timeout", timeout)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
        assert "--timeout: expected a number of seconds, 0 or more" in done.stderr
    done = odd("call", "verifications.wait", "--json", json.dumps({"verification_id": UNKNOWN, "timeout": "soon"}))
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "--since is missing" in odd("verifications", "find").stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_json_in_lines_and_colours_and_obeys_none_of_it(command, clean_environment, server):
    from tests.cli.terminal import on_a_terminal

    server.answer({"first_name": "山" * 60, "last_name": HOSTILE, "dob": None})
    environment = clean_environment | {"KYCAID_API_KEY": API_KEY, "KYCAID_BASE_URL": server.url}
    shown = on_a_terminal([*command, "applicants", "get", UNKNOWN], environment, columns=80)
    assert "山" * 60 in shown
    assert "\x1b[" in shown
    assert not any(part in shown for part in ("\x1b]0;", "\x07", "\u202e", "\x9b"))
    table = on_a_terminal([*command, "applicants", "get", UNKNOWN, "--csv"], environment, columns=80)
    assert not any(part in table for part in ("\x1b", "\x07", "\u202e", "\x9b"))
    plain = on_a_terminal([*command, "applicants", "get", UNKNOWN], environment | {"NO_COLOR": "1"}, columns=80)
    assert json.loads(plain)["last_name"] == HOSTILE


def test_what_is_done_and_cannot_be_told_is_not_to_be_done_again(kycaid, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Output, "write", full)
    done = kycaid("applicants", "create", *PERSON)
    assert done.exit_code == 3
    assert "applicants.create is done, and its answer could not be written (No space left on device)" in done.stderr
    assert len(done.stderr.split()[-1]) == 36, "its id"
