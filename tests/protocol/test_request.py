import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import UNSET, CreditCard, DocumentUpdate, Endpoint, Evidence, InvalidRequestError, Replay
from kycaid_async.api import documents
from kycaid_async.protocol.endpoint import ReturnsJson
from kycaid_async.protocol.request import build
from tests.values.json_values import JSON

ID = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
ANY = Endpoint(
    name="request",
    method="POST",
    path="/{+path}",
    returns=ReturnsJson(),
    replay=Replay.BILLED,
    evidence=Evidence.INFERRED,
)


def problems(caught):
    return {problem.field: (problem.expected, problem.got) for problem in caught.value.problems}


def test_an_id_fills_its_place_in_the_path():
    built = build(documents.GET, path={"document_id": ID})
    assert (built.target, built.body) == (f"/documents/{ID}", None)


@pytest.mark.parametrize(
    ("value", "segment"),
    [("a/b", "a%2Fb"), ("a b", "a%20b"), ("a?b#c", "a%3Fb%23c"), ("%2e", "%252e"), ("ä", "%C3%A4"), ("...", "...")],
)
def test_an_id_never_leaves_its_segment(value, segment):
    assert build(documents.GET, path={"document_id": value}, check=False).target == f"/documents/{segment}"


@given(st.text(min_size=1).filter(lambda text: text.isprintable() and text not in (".", "..")))
def test_whatever_the_id_the_path_has_the_same_segments(value):
    target = build(documents.GET, path={"document_id": value}, check=False).target
    assert target.isascii()
    assert target.startswith("/documents/")
    assert target.count("/") == 2
    assert not set(target) & set("?# \\\r\n")


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", ("an id", "none")),
        (".", ("an id", "none")),
        ("..", ("an id", "none")),
        (None, ("text", "a NoneType")),
        (5, ("text", "a int")),
        (b"x" * 36, ("text", "a bytes")),
    ],
)
def test_ids_that_would_change_the_path_are_refused_also_without_checks(value, problem, check):
    with pytest.raises(InvalidRequestError) as caught:
        build(documents.GET, path={"document_id": value}, check=check)
    assert problems(caught) == {"document_id": problem}


def test_an_id_that_no_url_can_carry_is_refused():
    """A lone surrogate has no UTF-8 form."""
    with pytest.raises(InvalidRequestError) as caught:
        build(documents.GET, path={"document_id": "\ud800" * 36})
    assert caught.value.field == "document_id"


@pytest.mark.parametrize("letter", ["\n", "\r", "\0", "\x7f"])
def test_control_characters_in_an_id_never_reach_the_url_as_they_are(letter):
    try:
        target = build(documents.GET, path={"document_id": letter * 36}).target
    except InvalidRequestError:
        return
    assert letter not in target


def test_an_id_of_another_length_is_refused_unless_checks_are_off():
    with pytest.raises(InvalidRequestError) as caught:
        build(documents.GET, path={"document_id": ID + "0"})
    assert problems(caught) == {"document_id": ("36 characters", "37 characters")}
    assert build(documents.GET, path={"document_id": ID + "0"}, check=False).target == f"/documents/{ID}0"


def test_every_field_at_fault_is_named_at_once():
    body = DocumentUpdate(card_number="1", issue_date="04.11.2020", front_side_id="")
    with pytest.raises(InvalidRequestError) as caught:
        build(documents.UPDATE, path={"document_id": "short"}, body=body)
    assert list(problems(caught)) == ["document_id", "issue_date", "card_number", "front_side_id"]
    assert caught.value.operation == "documents.update"
    assert caught.value.attempts == 0
    assert caught.value.message == (
        "documents.update: nothing was sent. document_id: expected 36 characters, got 5 characters; "
        "issue_date: expected a date as YYYY-MM-DD, got text in another form; "
        "card_number: expected 12 to 19 characters, got 1 characters; "
        "front_side_id: expected 36 characters, got 0 characters. Correct the named fields and call again."
    )


def test_an_empty_update_is_refused():
    """The server answers it with 422 and the parameter ``*``."""
    with pytest.raises(InvalidRequestError) as caught:
        build(documents.UPDATE, path={"document_id": ID}, body=DocumentUpdate())
    assert problems(caught) == {"*": ("at least one field", "none")}


def test_without_checks_the_limits_are_left_to_the_server():
    body = CreditCard(applicant_id="short", card_number=5)
    built = build(documents.CREATE, body=body, check=False)
    assert json.loads(built.body) == {"applicant_id": "short", "type": "CREDIT_CARD", "card_number": 5}


def test_a_body_is_compact_utf8_in_the_order_of_the_fields():
    body = DocumentUpdate(issuing_authority="Müller & Söhne 東京", document_number="1", type="PASSPORT")
    assert build(documents.UPDATE, path={"document_id": ID}, body=body).body == (
        '{"type":"PASSPORT","document_number":"1","issuing_authority":"Müller & Söhne 東京"}'.encode()
    )


def _without_address(value):
    """Return the same name in every process, as pytest-xdist needs it."""
    return re.sub(r" at 0x\w+", "", ascii(value))


ANYTHING = "values that JSON can carry"
HALF = ("text that UTF-8 can carry", "text with half of a surrogate pair")
UNFIT = [
    ({"a": float("nan")}, {"a": ("a finite number", "no finite number")}),
    ({"a": [0, float("inf")]}, {"a[1]": ("a finite number", "no finite number")}),
    ({"a": b"Canary"}, {"a": (ANYTHING, "a bytes")}),
    ({"a": {"b": [{"c": {1, 2}}]}}, {"a.b[0].c": (ANYTHING, "a set")}),
    ([object()], {"[0]": (ANYTHING, "a object")}),
    ({"a": "Canary\ud800", "b": object()}, {"a": HALF, "b": (ANYTHING, "a object")}),
    ({"Canary \ud800": 1}, {"*": ("names that JSON can carry", "others")}),
    ({"a": {(1, 2): 1}}, {"a": ("names that JSON can carry", "others")}),
    ({"Canary's": b""}, {"***": (ANYTHING, "a bytes")}),
    ("Canary\ud800", {"*": HALF}),
    (b"Canary", {"*": (ANYTHING, "a bytes")}),
    (CreditCard(applicant_id=ID, document_number="\ud800"), {"document_number": HALF}),
    (
        CreditCard(applicant_id=ID, transaction_amount=float("nan")),
        {"transaction_amount": ("a finite number", "no finite number")},
    ),
    (CreditCard(applicant_id=ID, card_number=b"375411422962063"), {"card_number": (ANYTHING, "a bytes")}),
    (CreditCard(applicant_id=ID, card_number=object()), {"card_number": (ANYTHING, "a object")}),
]


@pytest.mark.parametrize(("body", "named"), UNFIT, ids=_without_address)
def test_what_json_cannot_carry_is_refused_by_name_without_a_cause_that_could_quote_it(body, named):
    with pytest.raises(InvalidRequestError) as caught:
        build(ANY, path={"path": "documents"}, body=body, check=False)
    assert problems(caught) == named
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "Canary" not in str(caught.value)


@pytest.mark.parametrize("query", ["a=1", [("a", 1)], b"a", 5], ids=repr)
def test_a_query_that_is_no_object_is_refused(query):
    with pytest.raises(InvalidRequestError) as caught:
        build(ANY, path={"path": "documents"}, query=query)
    assert caught.value.field == "query"


def test_a_body_that_contains_itself_is_refused():
    body = {}
    body["again"] = body
    with pytest.raises(InvalidRequestError) as caught:
        build(ANY, path={"path": "documents"}, body=body)
    assert caught.value.field == "again"


def test_a_body_that_is_endlessly_deep_is_refused():
    body = {}
    for _ in range(100_000):
        body = {"a": body}
    with pytest.raises(InvalidRequestError) as caught:
        build(ANY, path={"path": "documents"}, body=body)
    assert caught.value.field == "*"


@pytest.mark.parametrize("arguments", [{"body": {"a": UNSET}}, {"body": [UNSET]}, {"query": {"a": UNSET}}], ids=repr)
def test_unset_never_goes_over_the_wire_as_a_word(arguments):
    """It leaves out a field of a model. In raw JSON it is left out or refused, but never sent as ``"UNSET"``."""
    try:
        built = build(ANY, path={"path": "documents"}, **arguments)
    except InvalidRequestError:
        return
    assert "UNSET" not in built.target
    assert b"UNSET" not in (built.body or b"")


@given(JSON)
def test_raw_json_goes_through_unchanged_or_is_refused(value):
    try:
        built = build(ANY, path={"path": "x"}, body={"value": value})
    except InvalidRequestError:
        return
    assert json.loads(built.body) == {"value": value}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"verification_id": ID}, f"?verification_id={ID}"),
        ({"verification_id": None}, ""),
        ({"offset": 0, "count": 1000}, "?offset=0&count=1000"),
        ({"enabled": True, "force": False}, "?enabled=true&force=false"),
        ({"name": "a b&c=d#e"}, "?name=a+b%26c%3Dd%23e"),
        ({"a": 1.5, "at": date(2024, 11, 16), "word": Replay.SAFE}, "?a=1.5&at=2024-11-16&word=safe"),
        ({"type": ["a", "b c"], "n": (1, True)}, "?type=a&type=b+c&n=1&n=true"),
        ({"type": ["a", None, UNSET, "b"]}, "?type=a&type=b"),
        ({"empty": ""}, "?empty="),
        ({"a": None, "b": UNSET, "c": [], "d": [None, UNSET], "e": ()}, ""),
        ({"a": UNSET, "b": 0}, "?b=0"),
        ({}, ""),
    ],
)
def test_a_query_is_encoded_and_what_is_not_set_is_left_out(query, text):
    assert build(ANY, path={"path": "verifications"}, query=query).target == "/verifications" + text


@pytest.mark.parametrize(
    "value",
    [b"Canary", {"a": "Canary"}, "Canary\ud800", ["fine", b"Canary"], [["Canary"]], {"Canary"}, object()],
    ids=_without_address,
)
@pytest.mark.parametrize("check", [True, False])
def test_what_a_query_cannot_carry_is_refused_without_a_cause_that_could_quote_it(value, check):
    with pytest.raises(InvalidRequestError) as caught:
        build(ANY, path={"path": "verifications"}, query={"name": value}, check=check)
    assert problems(caught) == {"name": ("text, numbers, dates and truth values", "others")}
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert "Canary" not in str(caught.value)
