import copy
import importlib
import json
import pickle
import pkgutil
from typing import Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import AnnualIncome, DocumentStatus, DocumentType, Gender, OpenEnum, api

COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda value: pickle.loads(pickle.dumps(value))}  # noqa: S301


def test_a_known_word_is_the_member_itself():
    assert DocumentStatus("valid") is DocumentStatus.VALID
    assert DocumentStatus.VALID.is_known


@given(st.text())
def test_any_text_becomes_a_member_that_equals_it(text):
    member = DocumentType(text)
    assert isinstance(member, DocumentType)
    assert member == text
    assert str(member) == text
    assert member.value == text
    assert hash(member) == hash(text)
    assert member.is_known == (text in list(DocumentType))
    assert json.loads(json.dumps(member)) == text


@pytest.mark.parametrize("text", ["VALID", "Valid", "valid ", "", "mro"])
def test_what_only_looks_like_a_known_word_is_unknown(text):
    member = DocumentStatus(text)
    assert not member.is_known
    assert member == text
    assert member != DocumentStatus.VALID


def test_unknown_words_do_not_join_the_list():
    before = list(DocumentType)
    DocumentType("VEHICLE_PASSPORT")
    assert list(DocumentType) == before
    assert "VEHICLE_PASSPORT" not in DocumentType.__members__


def test_two_unknown_members_of_one_text_are_equal_and_one_key():
    assert DocumentType("VISA") == DocumentType("VISA")
    assert len({DocumentType("VISA"), DocumentType("VISA"), "VISA"}) == 1


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_known_members_stay_themselves_through_copies(copied):
    assert copied(DocumentType.VIDEO) is DocumentType.VIDEO


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_unknown_members_keep_text_and_type_through_copies(copied):
    again = copied(DocumentType("VISA"))
    assert again == "VISA"
    assert type(again) is DocumentType
    assert again.value == "VISA"
    assert not again.is_known


def test_repr_says_when_a_word_is_unknown():
    assert repr(DocumentType.VIDEO) == "<DocumentType 'VIDEO'>"
    assert repr(DocumentType("VISA")) == "<DocumentType VISA (unknown)>"


@pytest.mark.parametrize(
    "text", ["Jane Canary", "jane@canary.example", "4111111111111111", "", "a\nb", "x" * 65, "ДОК"]
)
def test_repr_of_an_unknown_text_that_is_no_code_shows_nothing_of_it(text):
    assert repr(DocumentType(text)) == "<DocumentType *** (unknown)>"


@pytest.mark.parametrize("value", [None, 5, True, 1.5, b"VIDEO", ["VIDEO"]])
def test_only_text_becomes_a_member(value):
    with pytest.raises(ValueError, match="DocumentType: expected text"):
        DocumentType(value)


@pytest.mark.parametrize(("enum", "count"), [(DocumentType, 20), (AnnualIncome, 4), (Gender, 2), (DocumentStatus, 3)])
def test_the_lists_are_those_of_the_reference(enum, count):
    assert issubclass(enum, OpenEnum)
    assert len(enum) == count
    assert all(member.is_known for member in enum)


API = [module.name for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}.")]
LITERALS = [
    (getattr(module, name.removesuffix("Name")), literal)
    for module in map(importlib.import_module, API)
    for name, literal in vars(module).items()
    if name.endswith("Name") and get_origin(literal) is Literal and hasattr(module, name.removesuffix("Name"))
]


@pytest.mark.parametrize(("enum", "literal"), LITERALS)
def test_type_checkers_take_the_texts_that_the_enum_lists(enum, literal):
    assert {enum(text) for text in get_args(literal)} == set(enum)
    assert all(enum(text).is_known for text in get_args(literal))


def test_there_are_texts_of_every_enum_that_requests_take():
    assert len({enum for enum, _ in LITERALS}) == 12
