"""Markup is made of elements; everything else is text."""

import html.parser

from hypothesis import given
from hypothesis import strategies as st

from kycaid_async.html import Html, tag


class Seen(html.parser.HTMLParser):
    """What a reader of markup sees."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_no_text_becomes_markup_wherever_it_stands(text, value):
    seen = Seen(tag("p", text, title=value))
    assert (seen.tags, seen.text) == ([("p", {"title": value})], text)


def test_elements_stand_in_elements_as_they_are():
    assert tag("p", tag("b", "a & b"), [1, None, "<"]) == "<p><b>a &amp; b</b>1&lt;</p>"


def test_attributes_that_are_not_given_are_left_out():
    assert tag("input", type="text", data_id=3, required=True, value=None, class_="x", disabled=False) == (
        '<input type="text" data-id="3" required class="x">'
    )


def test_an_element_is_markup_and_not_plain_text():
    assert isinstance(tag("p"), Html)
