import copy
import pickle
import re
from pathlib import Path

import pytest

import kycaid_async
from kycaid_async import errors
from kycaid_async.errors import (
    ApiError,
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    DecodeError,
    FieldError,
    FieldProblem,
    InvalidFileError,
    InvalidRequestError,
    KycaidError,
    RequestTimeoutError,
)


def tree(cls):
    """Return the class and all below it, in the order in which they are declared."""
    return [cls, *(found for child in cls.__subclasses__() for found in tree(child))]


ALL = tree(KycaidError)
COMMON = {"operation": "documents.create", "attempts": 3, "maybe_processed": True, "retryable": True}
OWN = {
    ApiError: {
        "status": 422,
        "type": "validation",
        "errors": (FieldError("dob", "Day of birth is not valid"),),
        "body": b'{"type":"validation"}',
        "retry_after": 1.5,
    },
    DecodeError: {"status": 200, "body": b"<html>"},
    RequestTimeoutError: {"phase": "read"},
}
EACH = pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)


def attributes_of(cls):
    if issubclass(cls, InvalidFileError):
        return {"operation": "files.create", "file": "front.png"}
    if issubclass(cls, InvalidRequestError):
        return {"operation": "documents.create", "problems": (FieldProblem("dob", "a date", "other text"),)}
    return COMMON | {name: value for base, own in OWN.items() if issubclass(cls, base) for name, value in own.items()}


def example(cls):
    return cls("documents.create: it went wrong.", **attributes_of(cls))


COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy} | {
    f"pickle protocol {n}": lambda error, n=n: pickle.loads(pickle.dumps(error, n))  # noqa: S301
    for n in range(pickle.HIGHEST_PROTOCOL + 1)
}


@EACH
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_every_error_survives_copies_with_all_its_attributes(cls, copied):
    """Errors with keyword-only arguments often cannot be unpickled, which kills process pools and task queues."""
    error = example(cls)
    again = copied(error)
    assert type(again) is cls
    assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
    for name, value in attributes_of(cls).items():
        assert getattr(again, name) == value


@EACH
def test_a_text_that_was_extended_later_survives_too(cls):
    """The advice is added to the text once the attempts are over."""
    error = example(cls)
    error.args = (f"{error.message} Tried 3 times.",)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert again.message == "documents.create: it went wrong. Tried 3 times."


@EACH
def test_every_error_can_be_made_with_a_text_alone_and_then_claims_nothing(cls):
    error = cls("text")
    assert error.message == "text"
    assert (error.operation, error.attempts, error.maybe_processed, error.retryable) == (None, 0, False, False)
    assert cls().message == ""


@EACH
def test_the_text_of_every_error_ends_with_what_the_documentation_is_searched_for(cls):
    assert str(cls("It went wrong.")) == f"It went wrong. [{cls.__name__}]"
    assert str(cls()) == f"[{cls.__name__}]"
    page = (Path(kycaid_async.__file__).parent / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    assert f"[`{cls.__name__}`](#kycaid_async.{cls.__name__})" in page


@EACH
def test_every_error_is_public_and_says_so(cls):
    assert getattr(kycaid_async, cls.__name__) is cls
    assert cls.__name__ in kycaid_async.__all__
    assert f"{cls.__module__}.{cls.__qualname__}" == f"kycaid_async.{cls.__name__}"


@EACH
def test_every_error_says_what_it_is(cls):
    assert cls.__doc__
    assert cls.__name__.endswith("Error")


def test_the_tree_drawn_in_the_docs_is_the_real_one():
    lines = re.findall(r"^    ([│ ]*)(?:[├└]── )?(\w+Error)\b", errors.__doc__, re.MULTILINE)
    parents, drawn = {-1: None}, []
    for indent, name in lines:
        depth = 0 if name == "KycaidError" else len(indent) // 4 + 1
        parents[depth] = name
        drawn.append((name, parents[depth - 1] if depth else None))
    real = [(cls.__name__, None if cls is KycaidError else cls.__bases__[0].__name__) for cls in ALL]
    assert sorted(drawn, key=str) == sorted(real, key=str)


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (ConfigurationError, ValueError),
        (InvalidRequestError, ValueError),
        (ConnectionFailedError, ConnectionError),
        (ConnectionLostError, ConnectionError),
        (RequestTimeoutError, TimeoutError),
    ],
)
def test_errors_are_caught_by_the_builtin_they_stand_for(cls, builtin):
    with pytest.raises(builtin):
        raise cls("text")


def test_the_first_field_at_fault_has_a_name_of_its_own():
    problems = [FieldProblem("dob", "a date", "other text"), FieldProblem("email", "text", "null")]
    assert InvalidRequestError("text", problems=problems).field == "dob"
    assert InvalidRequestError("text").field is None


def test_a_problem_reads_as_a_sentence():
    assert str(FieldProblem("dob", "a date", "other text")) == "dob: expected a date, got other text"


def test_the_text_of_the_vendor_is_masked_in_a_field_error():
    assert repr(FieldError("dob", "Jane Canary")) == "FieldError(parameter='dob', message=***)"


@pytest.mark.parametrize("cls", tree(ApiError), ids=lambda cls: cls.__name__)
def test_every_refusal_says_what_to_do(cls):
    assert cls.advice.endswith(".")
    assert cls is ApiError or cls.advice != ApiError.advice


@EACH
def test_the_text_of_every_error_can_be_printed_where_the_output_is_strict(cls):
    """A name with a byte that is no text comes as half of a surrogate pair, at which logging would lose the line."""
    error = cls("passport_\udce9.png: is empty")
    assert error.message == "passport_\\udce9.png: is empty"
    assert str(error).encode()
    assert str(FieldProblem("a\udc80", "text", "a number")).encode()
