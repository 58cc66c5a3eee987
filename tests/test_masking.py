"""Objects print, and equal each other, as those of attrs do, by methods that are not compiled for each class."""

import attrs
import pytest

from kycaid_async import FieldProblem, Timeout
from kycaid_async.masking import ValueObject, mask


@attrs.frozen
class Theirs:
    name: str
    key: str = attrs.field(default="", repr=mask)
    hidden: int = attrs.field(default=0, repr=False)
    note: object = attrs.field(default=None, eq=False)


@attrs.frozen(eq=False, repr=False)
class Ours(ValueObject):
    name: str
    key: str = attrs.field(default="", repr=mask)
    hidden: int = attrs.field(default=0, repr=False)
    note: object = attrs.field(default=None, eq=False)


@attrs.frozen(eq=False, repr=False)
class Narrower(Ours):
    pass


GIVEN = [("a",), ("b",), ("a", "secret"), ("a", "", 1), ("a", "", 0, [])]


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_an_object_prints_as_one_of_attrs(given):
    assert repr(Ours(*given)) == repr(Theirs(*given)).replace("Theirs", "Ours")


@pytest.mark.parametrize("one", GIVEN, ids=str)
@pytest.mark.parametrize("other", GIVEN, ids=str)
def test_objects_are_equal_when_those_of_attrs_are(one, other):
    assert (Ours(*one) == Ours(*other)) is (Theirs(*one) == Theirs(*other))
    assert (hash(Ours(*one)) == hash(Ours(*other))) is (hash(Theirs(*one)) == hash(Theirs(*other)))


def test_objects_of_different_classes_are_not_equal():
    assert Ours("a") != Narrower("a")
    assert Ours("a") != "a"


def test_classes_inside_functions_print_their_own_name_only():
    @attrs.frozen(eq=False, repr=False)
    class Local(ValueObject):
        name: str

    assert repr(Local("a")) == "Local(name='a')"


def test_public_objects_compare_and_print():
    assert Timeout(read=5) == Timeout(read=5) != Timeout(read=6)
    assert repr(FieldProblem("a", "b", "c")) == "FieldProblem(field='a', expected='b', got='c')"
