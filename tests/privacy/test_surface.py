"""Whatever is exported raises nothing that holds what it was given, in frames, texts or arguments of errors."""

import itertools
import pkgutil
import random

import attrs
import pytest

import kycaid_async
from kycaid_async import (
    DecodeError,
    InvalidRequestError,
    ManifestError,
    Person,
    PersonApplicant,
    structure,
)
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.testing import signed_callback
from tests.privacy import odd, surface
from tests.privacy.marked import M

TRIES = 4


def by_name():
    entries = sorted(surface.entries(), key=lambda entry: entry.name)
    return {name: [*group] for name, group in itertools.groupby(entries, lambda e: ".".join(e.name.split(".")[:3]))}


ENTRIES = by_name()


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.filterwarnings("ignore")
def test_what_is_exported_raises_nothing_that_holds_what_it_was_given(name, monkeypatch):
    monkeypatch.delenv("KYCAID_SHOW_PATHS", raising=False)
    found = set()
    for entry, number in itertools.product(ENTRIES[name], range(TRIES)):
        try:
            entry.call(random.Random(f"{number} {entry.name}"))
        except odd.NotMadeError:
            pytest.fail(f"tests/privacy/odd.py: _MADE has to say how a {name} is made", pytrace=False)
        except BaseException as error:
            found |= {f"{entry.name}: {leak}" for leak in surface.leaks_of(error, entry.name)}
    assert found == set()


def test_all_that_is_exported_is_tried():
    exported = {name for name in kycaid_async.__all__ if isinstance(getattr(kycaid_async, name), type)}
    tried = {name.split(".")[1] for name in ENTRIES if name.startswith("kycaid_async.")}
    errors = {name for name in exported if issubclass(getattr(kycaid_async, name), BaseException)}
    words = {name for name in exported if hasattr(getattr(kycaid_async, name), "__members__")}
    assert exported - tried - errors - words == surface.GIVEN.keys() & exported


def test_each_public_module_is_tried():
    internal = {"api", "bulk", "cli", "examples", "protocol", "sync", "transport", "uploads", "values"}
    packages = {module.name for module in pkgutil.iter_modules(kycaid_async.__path__) if module.ispkg} - internal
    tried = {name.split(".")[1] for name in surface.MODULES if "." in name}
    assert packages <= tried, "tests/privacy/surface.py: MODULES has to name it"


def test_what_is_added_later_is_tried_too(monkeypatch):
    def added(data):
        raise ValueError(repr(data))

    monkeypatch.setattr("kycaid_async.callbacks.added", added, raising=False)
    monkeypatch.setattr("kycaid_async.callbacks.__all__", ["added"])
    (entry,) = [entry for entry in surface.entries() if entry.name == "callbacks.added"]
    with pytest.raises(ValueError, match="Zq") as caught:
        entry.call(random.Random(1))
    monkeypatch.setattr(surface, "_HARNESS", "/privacy/odd.py")
    assert {leak.partition("> in ")[2][:10] for leak in surface.leaks_of(caught.value)} == {"what a Val", "a variable"}


def leaks_of(call):
    """Return what the error of ``call`` shows, if it raises one."""
    try:
        call()
    except Exception as error:
        return [*surface.leaks_of(error)]
    return []


REFUSED = {
    "a misspelt key": (lambda: Person.from_dict({"first_name": M.name, "dobb": M.born}), InvalidRequestError),
    "text for an object": (lambda: Person.from_dict(M.name), InvalidRequestError),
    "a key that is no text": (lambda: Person.from_dict({("a", M.name): M.name}), InvalidRequestError),
    "a list for an answer": (lambda: PersonApplicant.from_dict([M.name]), DecodeError),
    "a list to structure": (lambda: structure([M.name], PersonApplicant), DecodeError),
}


@pytest.mark.parametrize(("call", "kind"), REFUSED.values(), ids=REFUSED)
def test_data_of_another_form_is_refused_with_a_public_error(call, kind):
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value).__name__ in kycaid_async.__all__
    assert [*surface.leaks_of(caught.value)] == []


@pytest.mark.parametrize("path", odd.manifests(), ids=lambda path: path.name if path.suffix else "a folder")
def test_a_manifest_that_cannot_be_read_leaves_no_content_in_frames(path):
    assert leaks_of(lambda: [*kycaid_async.read_manifest(path)]) == []


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_a_row_of_a_manifest_that_is_no_text_has_no_line_to_reject(ending):
    (path,) = [path for path in odd.manifests() if path.name == f"good.{ending}"]
    manifest = Manifest.open(path)
    with pytest.raises(ManifestError, match="kycaid upload") as caught:
        manifest.reject(next(manifest.rows()), M.name)
    assert [*surface.leaks_of(caught.value)] == []


@pytest.mark.parametrize("row", odd._ROWS)
@pytest.mark.parametrize("name", ["digest", "says", "problems"])
def test_a_row_of_odd_values_shows_none_of_them(row, name):
    def look():
        value = getattr(row(), name)
        assert M.found_in(repr(value() if callable(value) else value)) == []

    assert leaks_of(look) == []


def test_a_key_that_is_no_text_is_a_problem_of_its_row():
    row = odd._ROWS[2]()
    assert {problem.expected.partition(" (")[0] for problem in row.problems()} >= {"a field of Passport"}


def test_a_callback_that_cannot_be_written_leaves_no_key_in_frames():
    with pytest.raises(TypeError) as caught:
        signed_callback({"type": M.name, "x": object()}, M.key)
    assert [*surface.leaks_of(caught.value)] == []


def test_a_frozen_object_says_no_value_that_was_to_be_set():
    with pytest.raises(attrs.exceptions.FrozenInstanceError) as caught:
        Person(first_name="x").first_name = M.name
    assert M.found_in(f"{caught.value} {caught.value!r}") == []
