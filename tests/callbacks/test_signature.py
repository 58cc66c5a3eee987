"""Whom a callback is from."""

import hashlib
import hmac
import json
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import ConfigurationError, KycaidError
from kycaid_async.callbacks import (
    MAX_BODY,
    SIGNATURE_HEADER,
    BodyTooLargeError,
    InvalidSignatureError,
    RawBodyRequiredError,
    sign,
    verify,
)
from kycaid_async.callbacks import signature as module
from kycaid_async.values.secret import ApiKey
from tests.callbacks.messages import (
    CANARY,
    COMPLETED,
    KEY,
    OTHER_KEY,
    VECTOR_BODY,
    VECTOR_KEY,
    VECTOR_SIGNATURE,
    signed,
)

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)


class Text(str):
    """A str of somebody else's."""

    __slots__ = ()

    def encode(self, *_):
        raise RuntimeError

    strip = encode


def test_the_vendors_example_is_accepted():
    assert len(VECTOR_BODY) == 282
    verify(VECTOR_BODY, VECTOR_SIGNATURE, VECTOR_KEY)
    assert sign(VECTOR_BODY, VECTOR_KEY) == VECTOR_SIGNATURE
    assert SIGNATURE_HEADER == "x-data-integrity"


@given(st.binary(), KEYS)
def test_what_was_signed_is_accepted_whatever_its_bytes(body, key):
    verify(body, sign(body, key), key)


@given(st.binary(min_size=1), st.data())
def test_one_other_byte_is_always_refused(body, data):
    at = data.draw(st.integers(0, len(body) - 1))
    other = bytes([body[at] ^ data.draw(st.integers(1, 255))])
    with pytest.raises(InvalidSignatureError):
        verify(body[:at] + other + body[at + 1 :], sign(body, KEY), KEY)


@given(st.one_of(st.none(), st.text(), st.text("0123456789abcdef", min_size=128, max_size=128)))
def test_no_other_text_is_a_signature(text):
    with pytest.raises(InvalidSignatureError):
        verify(VECTOR_BODY, text, VECTOR_KEY)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "   ",
        VECTOR_SIGNATURE[:-1],
        VECTOR_SIGNATURE + "0",
        VECTOR_SIGNATURE[::-1],
        VECTOR_SIGNATURE.upper(),
        f"{VECTOR_SIGNATURE}, {VECTOR_SIGNATURE}",
        f"sha512={VECTOR_SIGNATURE}",
        VECTOR_SIGNATURE.replace("f", "ｆ"),  # noqa: RUF001 - a letter that looks alike
        "ä" * 128,
        "\ud800" * 128,
        "?" * 128,
        "\x00",
        VECTOR_SIGNATURE.encode(),
        0,
        [VECTOR_SIGNATURE],
        hmac.new(VECTOR_KEY.encode(), VECTOR_BODY, hashlib.sha512).hexdigest(),
        hmac.new(VECTOR_KEY.encode(), VECTOR_BODY, hashlib.sha256).hexdigest(),
    ],
    ids=repr,
)
def test_a_wrong_missing_or_odd_signature_is_refused(signature):
    with pytest.raises(InvalidSignatureError, match=SIGNATURE_HEADER):
        verify(VECTOR_BODY, signature, VECTOR_KEY)


def test_white_space_around_a_signature_does_no_harm():
    verify(VECTOR_BODY, f" {VECTOR_SIGNATURE}\r\n", VECTOR_KEY)


@pytest.mark.parametrize(
    "signature", [VECTOR_SIGNATURE.encode(), [VECTOR_SIGNATURE], (b"x-data-integrity", VECTOR_SIGNATURE.encode()), 5]
)
def test_a_signature_of_another_type_is_refused_with_its_type_and_not_as_a_missing_one(signature):
    with pytest.raises(InvalidSignatureError, match=f"expected text, got {type(signature).__name__}; pass") as caught:
        verify(VECTOR_BODY, signature, VECTOR_KEY)
    assert VECTOR_SIGNATURE not in str(caught.value)


@pytest.mark.parametrize("limit", [None, "5", 5.0, True, 0])
def test_a_limit_that_is_no_number_of_bytes_is_refused_by_its_name(limit):
    with pytest.raises(ConfigurationError, match="max_body: expected a whole number"):
        verify(VECTOR_BODY, VECTOR_SIGNATURE, VECTOR_KEY, max_body=limit)


def test_a_str_with_methods_of_its_own_is_read_as_text():
    verify(VECTOR_BODY, Text(VECTOR_SIGNATURE), VECTOR_KEY)


@pytest.mark.parametrize("keys", [[KEY, OTHER_KEY], (OTHER_KEY, ApiKey(KEY)), {KEY, OTHER_KEY}, iter([OTHER_KEY, KEY])])
def test_one_of_several_keys_is_enough(keys):
    body, signature = signed(COMPLETED)
    verify(body, signature, keys)


def test_all_keys_are_tried_even_after_one_fits(monkeypatch):
    """How long it takes must not say which key it was."""
    compared = []
    monkeypatch.setattr(module.hmac, "compare_digest", lambda a, b: compared.append(a == b) or a == b)
    body, signature = signed(COMPLETED)
    verify(body, signature, [KEY, OTHER_KEY, OTHER_KEY])
    assert compared == [True, False, False]


def test_the_key_of_another_account_is_refused():
    body, signature = signed(COMPLETED, OTHER_KEY)
    with pytest.raises(InvalidSignatureError, match="none of 1 key"):
        verify(body, signature, KEY)


@pytest.mark.parametrize(
    "keys",
    [
        "",
        [],
        (),
        [""],
        [KEY, ""],
        [None],
        None,
        5,
        KEY.encode(),
        bytearray(KEY.encode()),
        [KEY.encode()],
        {"main account": KEY},
        f"{KEY}\n",
        "ключ",
        "\ud800",
        ApiKey(""),
    ],
    ids=repr,
)
def test_without_a_usable_key_nothing_is_accepted(keys):
    """Least of all a signature made with the empty key, when a variable of the environment is not set."""
    with pytest.raises(ConfigurationError) as caught:
        verify(VECTOR_BODY, VECTOR_SIGNATURE, keys)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("body", [json.loads(VECTOR_BODY), VECTOR_BODY.decode(), None, [], memoryview(VECTOR_BODY)])
def test_anything_but_raw_bytes_is_refused_with_the_reason(body):
    with pytest.raises(RawBodyRequiredError, match="before any parsing") as caught:
        verify(body, VECTOR_SIGNATURE, VECTOR_KEY)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, KycaidError)
    with pytest.raises(RawBodyRequiredError):
        sign(body, VECTOR_KEY)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: json.dumps(json.loads(body)).encode(),
        lambda body: body + b"\n",
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.decode().encode("utf-16"),
        lambda body: body.decode().encode("utf-32-le"),
        lambda _: b"",
    ],
    ids=["written again", "with a line break", "with a BOM", "in UTF-16", "in UTF-32", "empty"],
)
def test_the_same_message_in_other_bytes_is_refused(change):
    with pytest.raises(InvalidSignatureError):
        verify(change(VECTOR_BODY), VECTOR_SIGNATURE, VECTOR_KEY)


def test_an_empty_body_can_be_signed():
    verify(b"", sign(b"", KEY), KEY)
    verify(bytearray(b"{}"), sign(bytearray(b"{}"), KEY), KEY)


def test_a_body_that_is_too_large_is_refused_before_it_is_hashed(monkeypatch):
    body, signature = signed(b" " * 10_000_000)
    monkeypatch.setattr(module.hmac, "new", None)
    with pytest.raises(BodyTooLargeError, match="larger than 1048576 bytes"):
        verify(body, signature, KEY)


def test_the_largest_body_passes_and_the_limit_can_be_moved():
    body, signature = signed(b" " * MAX_BODY)
    verify(body, signature, KEY)
    body, signature = signed(b"12345")
    verify(body, signature, KEY, max_body=5)
    with pytest.raises(BodyTooLargeError):
        verify(body, signature, KEY, max_body=4)


def test_no_refusal_shows_body_signature_or_key():
    body, _ = signed(COMPLETED | {"comment": CANARY})
    wrong = sign(body, OTHER_KEY)
    for args in [(body, wrong, KEY), (body, None, KEY), (body.decode(), wrong, KEY), (body, wrong, f"{KEY} ")]:
        with pytest.raises(KycaidError) as caught:
            verify(*args)
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
        assert not [secret for secret in (CANARY, KEY, wrong) if secret in told]


@pytest.mark.parametrize("key", ["", " ", None, b"key"])
def test_nothing_is_signed_without_a_usable_key(key):
    with pytest.raises(ConfigurationError):
        sign(b"{}", key)


def test_the_errors_have_the_names_that_users_import():
    for cls in (InvalidSignatureError, RawBodyRequiredError, BodyTooLargeError):
        assert (cls.__module__, issubclass(cls, KycaidError)) == ("kycaid_async", True)
