import copy
import pickle

import pytest

from kycaid_async.values.secret import ApiKey

TEXT = "28c6f7cc0345a04eee0b535039b1c5a62547"


@pytest.mark.parametrize(
    "shown",
    [str, repr, "{}".format, "{!r}".format, "%s".__mod__, lambda key: repr([key]), lambda key: str({"key": key})],
)
def test_the_key_never_shows(shown):
    text = shown(ApiKey(TEXT))
    assert TEXT not in text
    assert "***" in text


def test_reveal_is_the_way_to_the_text():
    assert ApiKey(TEXT).reveal() == TEXT


def test_the_length_of_the_key_does_not_show_either():
    assert repr(ApiKey("a")) == repr(ApiKey(TEXT))


def test_equal_keys_are_equal_and_one_dictionary_key():
    assert ApiKey(TEXT) == ApiKey(TEXT)
    assert hash(ApiKey(TEXT)) == hash(ApiKey(TEXT))
    assert ApiKey(TEXT) != ApiKey(TEXT[::-1])


def test_a_key_is_not_equal_to_its_text():
    assert ApiKey(TEXT) != TEXT


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))],  # noqa: S301
    ids=["copy", "deepcopy", "pickle"],
)
def test_copies_hold_the_same_key(copied):
    assert copied(ApiKey(TEXT)) == ApiKey(TEXT)


def test_a_key_has_no_dictionary_that_a_debugger_could_dump():
    with pytest.raises(TypeError):
        vars(ApiKey(TEXT))
