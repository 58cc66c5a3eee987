"""Every kind of document is known by its first bytes, whatever stands in front of it or is missing there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async.uploads import kinds
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


ENTRIES = {
    **{f"{start!r}": lambda head, start=start: head.startswith(start) for start, _ in kinds._STARTS},
    **{f"RIFF {form!r}": lambda head, form=form: head[:4] == b"RIFF" and head[8:12] == form for form in kinds._RIFF},
    **{f"EBML {form!r}": lambda head, form=form: head[:1] == b"\x1a" and form in head for form in kinds._EBML},
    **{
        f"brand {brand!r}": lambda head, brand=brand: head[4:8] == b"ftyp" and head[8:12].startswith(brand)
        for brand in (*kinds._BRANDS, *kinds._STILL)
    },
    **{f"box {box!r}": lambda head, box=box: head[4:8] == box for box in (*kinds._BOXES, *kinds._SEGMENTS)},
    **{f"Ogg {start!r}": lambda head, start=start: head[:4] == b"OggS" and start in head for start in kinds._OGG_VIDEO},
    **{
        f"markup {start!r}": lambda head, start=start: head.lower().lstrip(b"\xef\xbb\xbf \r\n").startswith(start)
        for start, _ in kinds._MARKUP
    },
    **{
        f"packets of {length}": lambda head, at=at, length=length: head[at::length][:3] == b"GGG"
        for at, length in kinds._PACKETS
    },
}


@pytest.mark.parametrize("fits", ENTRIES.values(), ids=ENTRIES)
def test_each_entry_of_the_table_is_met_by_a_file(fits):
    heads = [content[:FIRST_BYTES] for content, *_ in (*DOCUMENTS.values(), *OTHERS.values())]
    assert [head for head in heads if fits(head)]


def test_a_type_that_nobody_knows_has_none():
    assert extension_of("application/octet-stream") == extension_of("") == ""


@given(st.binary(max_size=40), st.sampled_from([content for content, *_ in DOCUMENTS.values()]), st.integers(0, 40))
def test_any_bytes_and_any_beginning_of_a_document_are_told_or_not_but_never_raise(content, document, length):
    for head in (content, document[:length], document[:length] + content, content + document):
        found = kind_of(head)
        assert found is None or found.content_type
