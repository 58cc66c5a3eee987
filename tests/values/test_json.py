"""JSON is read the same whether or not the quick reader is installed."""

import json
import sys

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from kycaid_async import InvalidRequestError, Person, structure
from kycaid_async.callbacks.events import UnknownEvent
from kycaid_async.values import json as ours
from tests.values.json_values import JSON


def outcome(read, body):
    """Return what ``read`` gives, or that it refuses."""
    try:
        return repr(read(body))
    except (ValueError, RecursionError):
        return "refused"


@given(st.one_of(JSON.map(lambda value: json.dumps(value).encode(errors="surrogatepass")), st.binary()))
@example(b"123456789012345678901234567890")
@example(b"\xef\xbb\xbf{}")
@example(b'"\\ud800"')
@example(b'{"a": 1, "a": 2}')
@example(b"NaN")
@example(b"1e400")
@example(b"-0")
@example(b"[" * 100_000)
@example(b'"\xff"')
@example('{"a": 1}'.encode("utf-16"))
def test_the_quick_reader_gives_what_the_standard_one_gives(body):
    assert outcome(ours.loads, body) == outcome(json.loads, body)


def test_the_standard_reader_is_there_for_those_who_have_no_other(monkeypatch):
    monkeypatch.setitem(sys.modules, "msgspec.json", None)
    ours._quick.cache_clear()
    try:
        assert ours.loads(b'{"a": [1, null]}') == {"a": [1, None]}
        assert ours._quick() is None
    finally:
        ours._quick.cache_clear()


@given(JSON)
def test_what_is_written_is_compact_and_reads_back(value):
    try:
        written = ours.dumps(value)
    except ValueError:  # a half of a surrogate pair has no UTF-8
        return
    assert json.loads(written) == value
    assert written == json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@given(JSON)
@example(2**70)
@example({"a": [1e16, -0.0, 1e-7], "": None})
def test_what_the_quick_writer_writes_reads_back_as_what_the_standard_one_writes(value):
    expected = outcome(lambda one: json.loads(ours.dumps(one)), value)
    assume(expected != "refused")  # of NaN and infinity the quick one says nothing
    assert outcome(lambda one: json.loads(ours.dumps_plain(one)), value) == expected


def test_both_writers_refuse_half_of_a_surrogate_pair():
    for write in (ours.dumps, ours.dumps_plain):
        with pytest.raises(ValueError, match="surrogates"):
            write({"name": "\ud800"})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_has_no_word_for_is_refused(number):
    with pytest.raises(ValueError, match="JSON"):
        ours.dumps({"amount": number})


ODD = [
    b'{"a":"Ren\\ud800e"}',
    b'{"\\udc00":1}',
    b'{"a":1e999,"b":[-1e999],"c":"Infinity \\" -Infinity NaN","d":{"Infinity":0}}',
    '{"a":"grün 😀"}'.encode(),
]


@pytest.mark.parametrize("body", ODD, ids=str)
@pytest.mark.parametrize("indent", [None, 2])
def test_whatever_came_is_written_as_text_that_can_be_stored_and_read_again(body, indent):
    received = structure(json.loads(body), UnknownEvent)
    text = received.to_json(indent=indent)
    assert json.loads(text.encode()) == json.loads(body)
    assert UnknownEvent.from_dict(json.loads(text)).raw == received.raw


def test_what_came_as_no_number_is_written_as_null():
    assert UnknownEvent.from_dict({"a": float("nan")}).to_json() == '{"a":null}'


def test_a_request_with_half_of_a_surrogate_pair_can_be_stored_and_read_again():
    person = Person(first_name="Ren\udce9")
    assert person.to_json().encode()
    assert Person.from_dict(json.loads(person.to_json())) == person


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), object(), b"Canary", {("Canary", 1): 2}],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("indent", [None, 2])
def test_what_cannot_be_written_of_a_request_is_named(value, indent):
    with pytest.raises(InvalidRequestError) as caught:
        Person(first_name=value).to_json(indent=indent)
    assert caught.value.field == "first_name"
    assert "Canary" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
