"""Every kind of document is known by its first bytes, whatever stands in front of it or is missing there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async.uploads.kinds import FIRST_BYTES, extension_of, kind_of
from tests.kinds import DOCUMENTS, OTHERS


@pytest.mark.parametrize(("content", "content_type", "extension"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_is_known_by_its_first_bytes(content, content_type, extension):
    found = kind_of(content[:FIRST_BYTES])
    assert (found.content_type, found.extension, found.is_document) == (content_type, extension, True)


@pytest.mark.parametrize(("content", "content_type"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_document_is_none(content, content_type):
    found = kind_of(content[:FIRST_BYTES])
    assert found is None or not found.is_document
    assert (found.content_type if found else "") == content_type


@pytest.mark.parametrize(("_", "content_type", "extension"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_each_type_has_an_extension(_, content_type, extension):
    assert extension_of(f" {content_type.upper()}; x=y") == extension


def test_a_type_that_nobody_knows_has_none():
    assert extension_of("application/octet-stream") == extension_of("") == ""


@given(st.binary(max_size=40), st.sampled_from([content for content, *_ in DOCUMENTS.values()]), st.integers(0, 40))
def test_any_bytes_and_any_beginning_of_a_document_are_told_or_not_but_never_raise(content, document, length):
    for head in (content, document[:length], document[:length] + content, content + document):
        found = kind_of(head)
        assert found is None or found.content_type
