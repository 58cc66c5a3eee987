"""JSON is read the same whether or not the quick reader is installed."""

import json
import sys

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

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
