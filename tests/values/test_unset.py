import copy
import pickle

import pytest

from kycaid_async import UNSET, Unset


def test_unset_is_falsy():
    assert not UNSET


def test_unset_is_not_none():
    assert UNSET is not None
    assert UNSET != None  # noqa: E711 - the comparison itself is what is tested


@pytest.mark.parametrize(
    "copied",
    [
        copy.copy,
        copy.deepcopy,
        lambda value: copy.deepcopy([value])[0],
        lambda value: pickle.loads(pickle.dumps(value)),  # noqa: S301
    ],
    ids=["copy", "deepcopy", "deepcopy inside a list", "pickle"],
)
def test_every_copy_of_unset_is_unset_itself(copied):
    assert copied(UNSET) is UNSET


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_unset_survives_every_pickle_protocol(protocol):
    assert pickle.loads(pickle.dumps(UNSET, protocol)) is UNSET  # noqa: S301


def test_unset_prints_as_its_name():
    assert repr(UNSET) == "UNSET"
    assert f"{[UNSET]}" == "[UNSET]"


def test_unset_is_the_only_value_of_its_type():
    assert isinstance(UNSET, Unset)
    assert list(Unset) == [UNSET]


def test_no_second_unset_can_be_made():
    with pytest.raises(ValueError, match="nothing"):
        Unset("nothing")
