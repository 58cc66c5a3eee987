"""Objects print, and equal each other, as those of attrs do, by methods that are not compiled for each class."""

import attrs
import pytest

from kycaid_async import FieldProblem, Timeout
from kycaid_async.masking import ValueObject, encodable, hide, mask, shown_name, shown_path


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


class WithoutTruth:
    """Stands for pandas' NA, and for arrays and series: neither they nor their comparison have a truth value."""

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    def __eq__(self, other):
        return self

    __hash__ = None


class Unprintable:
    def __repr__(self):
        raise ValueError("no text")


def test_a_value_without_a_truth_value_is_masked_and_equals_itself_alone():
    value = WithoutTruth()
    assert mask(value) == "***"
    assert repr(hide(value)) == "***"
    assert Ours(value) == Ours(value)
    assert (Ours(value) == Ours(WithoutTruth())) is False
    assert (Ours([value]) == Ours([WithoutTruth()])) is False
    assert Ours(value) != Ours("a")


def test_an_object_prints_although_one_of_its_values_does_not():
    assert repr(Ours(Unprintable())).startswith("Ours(name=<Unprintable>, ")


def test_text_that_is_no_utf8_shows_with_its_bytes_written_out():
    assert encodable("grün") == "grün"
    assert encodable("gr\udcfcn") == "gr\\udcfcn"


@pytest.mark.parametrize("shows", ["", "name", "1"])
def test_a_shown_path_can_always_be_printed(shows, monkeypatch):
    monkeypatch.setenv("KYCAID_SHOW_PATHS", shows)
    assert shown_path("passport_\udce9.png") == shown_name("passport_\udce9.png") == "passport_\\udce9.png"
