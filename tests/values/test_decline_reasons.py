import copy
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kycaid_async import DeclineReason, Document, structure, unstructure
from kycaid_async.values.decline_reasons import read_reasons
from kycaid_async.values.mismatch import Mismatch
from tests.values.json_values import JSON

NAMES = {
    1: "OTHER",
    2: "WRONG_NAME",
    3: "WRONG_DOB",
    4: "AGE_RESTRICTION",
    5: "EXPIRED_DOCUMENT",
    7: "BAD_QUALITY",
    8: "FAKE_DOCUMENT",
    9: "WRONG_INFO",
    10: "PROHIBITED_JURISDICTION",
    11: "NO_SELFIE",
    12: "DIFFERENT_FACES",
    13: "WRONG_DOCUMENT",
    24: "DUPLICATE",
    25: "DOCUMENT_DAMAGED",
    26: "DOCUMENT_INCOMPLETE",
    27: "FRAUDULENT",
    28: "TAX_ID_REQUIRED",
    29: "COMPROMISED_PERSON",
    30: "EDITED_DOCUMENT",
    31: "MULTIPLE_PERSON",
    32: "COMPULSION",
    33: "LIMIT_REACHED_OTP",
    34: "IP_MISMATCH",
    35: "ANONYMIZING_NETWORK",
    36: "QES_MISMATCH",
}
WITHOUT_ID = ["EXPIRES_LESS_3_MONTHS", "DEBTOR"]
KNOWN_IDS = {reason.id for reason in DeclineReason}
UNKNOWN_ID = st.integers(0, 10**6).filter(lambda number: number not in KNOWN_IDS)


def test_the_table_holds_the_25_reasons_of_the_reference():
    assert len(NAMES) == 25
    assert {reason.id: reason.value for reason in DeclineReason if reason.id is not None} == NAMES


def test_two_names_have_no_id():
    assert [reason.value for reason in DeclineReason if reason.id is None] == WITHOUT_ID


@pytest.mark.parametrize(("number", "name"), NAMES.items(), ids=NAMES.values())
def test_id_name_and_numeric_text_are_one_member(number, name):
    member = DeclineReason(name)
    assert DeclineReason(number) is member
    assert DeclineReason(str(number)) is member
    assert getattr(DeclineReason, name) is member
    assert (member.id, str(member), member.is_known) == (number, name, True)


@pytest.mark.parametrize("reason", DeclineReason, ids=str)
def test_every_reason_has_a_meaning_of_one_line(reason):
    assert reason.meaning
    assert "\n" not in reason.meaning


@given(UNKNOWN_ID)
def test_an_unknown_id_is_kept_as_a_number(number):
    reason = DeclineReason(number)
    assert (reason.id, reason.value, reason.meaning, reason.is_known) == (number, number, "", False)
    assert str(reason) == str(number)


@given(st.text().filter(lambda text: not text.isdecimal() and text not in list(DeclineReason)))
def test_an_unknown_name_is_kept_as_it_came(name):
    reason = DeclineReason(name)
    assert (reason.id, reason.value, reason.meaning, reason.is_known) == (None, name, "", False)
    assert reason == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("FAKE_DOCUMENT", ["forged", "official format"]),
        ("DOCUMENT_DAMAGED", ["physically damaged", "cannot be recognised"]),
        ("PROHIBITED_JURISDICTION", ["the document is from", "excludes"]),
    ],
)
def test_a_meaning_keeps_all_that_the_reference_says(name, words):
    assert all(word in DeclineReason(name).meaning for word in words)


@pytest.mark.parametrize("value", [7, 99, "BAD_QUALITY", "DEBTOR", "BRAND_NEW"])
@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))],  # noqa: S301
    ids=["copy", "deepcopy", "pickle"],
)
def test_reasons_survive_copies_with_all_they_know(value, copied):
    reason = DeclineReason(value)
    again = copied(reason)
    assert again == reason
    assert (again.id, again.value, again.meaning, again.is_known) == (
        reason.id,
        reason.value,
        reason.meaning,
        reason.is_known,
    )


@pytest.mark.parametrize("value", [True, False, None, 7.0, [7]])
def test_what_is_neither_id_nor_name_is_no_reason(value):
    with pytest.raises(ValueError, match="DeclineReason: expected text"):
        DeclineReason(value)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([], []),
        ([7, 24], ["BAD_QUALITY", "DUPLICATE"]),
        (["BAD_QUALITY", "DUPLICATE"], ["BAD_QUALITY", "DUPLICATE"]),
        (["7", "24"], ["BAD_QUALITY", "DUPLICATE"]),
        ([{"code": "BAD_QUALITY"}, {"code": 24}], ["BAD_QUALITY", "DUPLICATE"]),
        (
            [{"name": "BAD_QUALITY"}, {"reason": "DUPLICATE"}, {"id": 5}],
            ["BAD_QUALITY", "DUPLICATE", "EXPIRED_DOCUMENT"],
        ),
        ([{"id": 1, "code": "BAD_QUALITY", "message": "…"}], ["BAD_QUALITY"]),
        ("BAD_QUALITY", ["BAD_QUALITY"]),
        ("BAD_QUALITY,DUPLICATE", ["BAD_QUALITY", "DUPLICATE"]),
        ("BAD_QUALITY, 24 ,BRAND_NEW,", ["BAD_QUALITY", "DUPLICATE", "BRAND_NEW"]),
        ("", []),
        ([None, "BAD_QUALITY", None, ""], ["BAD_QUALITY"]),
        ([7, "BAD_QUALITY", "7", {"code": 7}], ["BAD_QUALITY"]),
        (["BRAND_NEW", 99], ["BRAND_NEW", "99"]),
    ],
    ids=repr,
)
def test_reasons_are_read_in_every_form_they_come_in(raw, expected):
    assert read_reasons(raw) == expected
    assert all(isinstance(reason, DeclineReason) for reason in read_reasons(raw))


@pytest.mark.parametrize(
    "raw", [None, 7, True, {"other": 7}, [True], [[7]], [{}], [{"code": None}], [7.0], [{"code": [7]}]]
)
def test_anything_else_is_a_mismatch(raw):
    with pytest.raises(Mismatch):
        read_reasons(raw)


@pytest.mark.parametrize(
    ("raw", "good"),
    [
        ([True], []),
        ([7, True, "7", None, "", {"code": None}, 24], ["BAD_QUALITY", "DUPLICATE"]),
        (["BRAND_NEW", [7]], ["BRAND_NEW"]),
    ],
    ids=repr,
)
def test_a_mismatch_carries_the_good_reasons(raw, good):
    with pytest.raises(Mismatch) as caught:
        read_reasons(raw)
    assert caught.value.usable == good
    assert all(isinstance(reason, DeclineReason) for reason in caught.value.usable)


@example(["9" * 5000])
@example("9" * 5000)
@example([{"code": "9" * 5000}])
@given(JSON)
def test_arbitrary_json_is_read_or_is_a_mismatch(raw):
    """int() refuses texts of more than 4,300 digits with an error of its own, which must not get out."""
    try:
        reasons = read_reasons(raw)
    except Mismatch:
        return
    assert all(isinstance(reason, DeclineReason) for reason in reasons)
    assert len(set(reasons)) == len(reasons)


@given(st.lists(st.sampled_from([*NAMES.values(), *WITHOUT_ID, "BRAND_NEW"]), unique=True))
def test_names_go_back_as_names(names):
    assert unstructure(structure({"decline_reasons": names}, Document)) == {"decline_reasons": names}


@given(st.lists(UNKNOWN_ID, unique=True))
def test_unknown_ids_go_back_as_ids(numbers):
    assert unstructure(structure({"decline_reasons": numbers}, Document)) == {"decline_reasons": numbers}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, []),
        ({"decline_reasons_ids": None, "decline_reasons": []}, []),
        ({"decline_reasons_ids": [7, 24], "decline_reasons": None}, ["BAD_QUALITY", "DUPLICATE"]),
        ({"decline_reasons": ["DEBTOR"]}, ["DEBTOR"]),
        ({"decline_reasons_ids": [7], "decline_reasons": ["BAD_QUALITY", "DEBTOR"]}, ["BAD_QUALITY", "DEBTOR"]),
    ],
)
def test_a_document_tells_each_reason_once_whether_it_came_as_id_or_as_name(raw, expected):
    assert structure(raw, Document).reasons == expected
