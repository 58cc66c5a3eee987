"""The judge of the crash suite: it finds rows that stay uncertain for no reason."""

import random

import pytest

from tests.bulk.crash.calls import judge_calls
from tests.bulk.crash.job import Job
from tests.bulk.crash.modes import MODES
from tests.bulk.crash.runs import Said
from tests.bulk.crash.verdict import Held, Verdict, judge_end

ROWS = [
    {"applicant_id": "a", "type": "PASSPORT", "front_side": "1.png", "document_number": "N0"},
    {"applicant_id": "a", "type": "PASSPORT", "front_side": "1.png", "document_number": "N1"},
    {"applicant_id": "b", "type": "PASSPORT", "front_side": "1.png", "document_number": "N2"},
    {"applicant_id": "b", "type": "TAX_ID_NUMBER", "front_side": "1.png", "additional_number": "N3"},
    {"applicant.external_applicant_id": "E", "type": "PASSPORT", "front_side": "1.png", "document_number": "N4"},
]


@pytest.fixture
def wrong(tmp_path):
    """Return what is found wrong where all rows are uncertain, and some of their documents are there."""
    (tmp_path / "1.png").write_bytes(b"1")
    job = Job(tmp_path, [], random.Random(1), twins=0, rows=ROWS)
    held = Held({}, {}, {None: "E"}, [], {"f": job.digest("1.png")})
    rows = {line: {"status": "uncertain"} for line in range(1, len(ROWS) + 1)}

    def judged(*there, settles=True):
        for number in there:
            owner = ROWS[number].get("applicant_id")
            document = {"applicant_id": owner, "type": ROWS[number]["type"], "front_side_id": "f", "request": number}
            held.by_name[f"N{number}"] = [document]
        verdict = Verdict()
        judge_end(Said(code=1, rows=rows, sums=None, errors=""), job, held, verdict, settles=settles)
        return [text.split(":")[0] for text in verdict.problems]

    return judged


def test_a_document_that_the_server_shows_has_to_be_found_when_its_number_proves_it(wrong):
    assert wrong(0, 1, 2, 3, 4) == ["N0", "N1", "N2", "N4"]


def test_one_that_is_not_there_has_to_be_created_where_no_other_may_be_taken_for_it(wrong):
    assert wrong() == ["N2", "N3"]


def test_nothing_is_settled_where_documents_are_hidden_or_the_ledger_is_not_whole(wrong):
    assert wrong(0, 2, settles=False) == []
    assert {name for name, mode in MODES.items() if not mode.settles} == {
        *("stale", "half", "page", "nulls", "no_ids", "no_files", "no_types", "no_list", "empty"),
        *("wal", "repair", "repeated", "swapped", "too_late"),
    }


@pytest.mark.parametrize(("error", "well", "found"), [("Lost: x", {"n"}, 1), ("Lost: x", set(), 0)])
def test_a_plain_call_that_was_answered_and_raises_is_found(error, well, found):
    verdict, said = Verdict(), {"section": "applicants", "name": "n", "id": None, "maybe": True, "error": error}
    judge_calls([said], {"n": [("a", 1)]}, well, verdict)
    assert len(verdict.problems) == found
