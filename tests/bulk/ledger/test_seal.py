"""Texts of others in a ledger: only its secret opens them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async.bulk.ledger.secret import Secret

SECRET = Secret.new()


@given(st.text(max_size=500))
def test_what_is_sealed_is_opened_by_the_same_secret_only(text):
    sealed = SECRET.seal(text)
    assert SECRET.unseal(sealed) == text
    assert Secret.new().unseal(sealed) is None
    assert SECRET.seal(text) != sealed


@pytest.mark.parametrize("at", [0, 16, 20, -1])
def test_what_was_changed_is_not_opened(at):
    content = bytearray(base64.b64decode(SECRET.seal("Jane Roe")))
    content[at] ^= 1
    assert SECRET.unseal(base64.b64encode(content).decode()) is None


@pytest.mark.parametrize("text", ["", "no base64 ü", "AAAA", "====", "A" * 44])
def test_what_was_never_sealed_is_not_opened(text):
    assert SECRET.unseal(text) is None
