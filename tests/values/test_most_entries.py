"""How much of one answer is read."""

import json
import threading

import pytest

from kycaid_async import DeclineReason, DecodeError, Document, ValidationError, structure
from kycaid_async.api import documents, verifications
from kycaid_async.api.applicants import GET, CompanyApplicant, PersonApplicant
from kycaid_async.callbacks import VerificationCompleted
from kycaid_async.protocol.response import MOST_ERRORS, Answer, decode
from kycaid_async.values.mismatch import MOST_ENTRIES


def test_of_a_list_without_end_the_first_entries_are_read_and_all_are_kept():
    given = {"document_id": "d", "decline_reasons": [f"R{n}" for n in range(MOST_ENTRIES + 10)]}
    document = structure(given, Document)
    assert len(document.decline_reasons) == MOST_ENTRIES
    assert document.extra == {"decline_reasons": given["decline_reasons"]}
    assert document.document_id == "d"


def test_all_lists_of_an_answer_count_together():
    entries = [{"decline_reasons": [f"R{n}" for n in range(1000)]}] * (MOST_ENTRIES // 500)
    read = structure({"documents": entries}, PersonApplicant)
    assert sum(len(document.decline_reasons or ()) for document in read.documents) < MOST_ENTRIES


def test_each_answer_has_as_many_as_the_one_before():
    given = {"decline_reasons": ["OTHER"] * MOST_ENTRIES}
    for _ in range(3):
        assert structure(given, Document).extra == {}


def test_a_company_is_read_once_and_not_as_a_person_before():
    """Twice would use up what may be read, and leave the documents out."""
    company = {"type": "COMPANY", "documents": [{}] * (MOST_ENTRIES * 3 // 4)}
    for read in (structure({"applicant": company}, VerificationCompleted).applicant, GET.returns.read(company)):
        assert type(read) is CompanyApplicant
        assert (len(read.documents), read.extra) == (len(company["documents"]), {})


def test_threads_do_not_count_for_each_other():
    read = []

    def run():
        read.extend(structure({"decline_reasons": ["OTHER"] * (MOST_ENTRIES // 2)}, Document).extra for _ in range(5))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [{}] * 20


def test_a_list_as_an_answer_is_refused_when_it_is_longer():
    body = json.dumps({"data": [{}] * (MOST_ENTRIES + 1)}).encode()
    with pytest.raises(DecodeError, match="at most 20,000 entries"):
        decode(verifications.REPORT, Answer(200, {}, body))


def test_of_many_errors_the_first_are_read_and_few_are_named():
    errors = [{"parameter": f"field_{n}"} for n in range(MOST_ERRORS * 3)]
    body = json.dumps({"type": "validation", "errors": errors}).encode()
    with pytest.raises(ValidationError, match=r"field_19 and 980 more\)") as caught:
        decode(documents.GET, Answer(422, {}, body))
    assert len(caught.value.errors) == MOST_ERRORS
    assert caught.value.body == body
    assert len(str(caught.value)) < 1000


def test_the_numbers_of_reasons_find_them_as_before():
    assert [structure({"decline_reasons": [n]}, Document).decline_reasons for n in (7, "7", 999)] == [
        [DeclineReason.BAD_QUALITY],
        [DeclineReason.BAD_QUALITY],
        [DeclineReason(999)],
    ]
