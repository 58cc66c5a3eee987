import attrs
import pytest

from kycaid_async import Timeout


def test_the_defaults_are_those_of_the_docs():
    assert Timeout.of(None) == Timeout(connect=10.0, read=30.0, progress=30.0, total=90.0)


def test_a_timeout_is_taken_as_it_is():
    timeout = Timeout(total=None)
    assert Timeout.of(timeout) is timeout


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (5, Timeout(connect=5, read=5, progress=5, total=5)),
        (0.5, Timeout(connect=0.5, read=0.5, progress=0.5, total=0.5)),
        (60, Timeout(connect=10, read=60, progress=60, total=60)),
    ],
)
def test_a_number_sets_every_limit_and_bounds_the_one_to_connect(seconds, expected):
    assert Timeout.of(seconds) == expected


def test_a_timeout_cannot_be_changed_under_way():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Timeout().total = 5


def test_a_timeout_takes_names_only():
    with pytest.raises(TypeError):
        Timeout(5)
