"""Texts that files and databases can hold."""

import pytest

from kycaid_async.protocol.plain_text import escaped, is_plain


@pytest.mark.parametrize("text", ["", None, 5, "\ud800", "a\udc80", "a\0"])
def test_what_cannot_be_held_is_not_plain(text):
    assert not is_plain(text)


@pytest.mark.parametrize("text", ["a", "a b", "\u00e9", "\U0001f600", "\\ud800"])
def test_all_other_text_is_plain_and_stays_as_it_is(text):
    assert is_plain(text)
    assert escaped(text) == text


def test_what_cannot_be_held_is_escaped_and_the_rest_stays():
    assert escaped("\u00e9\ud800\0b") == "\u00e9\\ud800\\x00b"
