"""The frame of every page."""

from typing import Final

from kycaid_async.html import Child, Html, join, tag

STATIC_PATH: Final = "/_sandbox/static/{name}"
_DOCTYPE: Final = Html("<!doctype html>\n")


def document(title: str, *body: Child, script: str | None = None, head: Child = None, kind: str = "plain") -> str:
    """Return a whole page. ``script`` is the name of a file of ours; ``kind`` chooses the looks."""
    return join(
        (
            _DOCTYPE,
            tag(
                "html",
                tag(
                    "head",
                    tag("meta", charset="utf-8"),
                    tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
                    tag("meta", name="color-scheme", content="light dark"),
                    tag("title", title),
                    tag("link", rel="icon", href=STATIC_PATH.format(name="icon.svg")),
                    tag("link", rel="stylesheet", href=STATIC_PATH.format(name="pages.css")),
                    tag("script", src=STATIC_PATH.format(name=script), defer=True) if script else None,
                    head,
                ),
                tag("body", *body, class_=kind),
                lang="en",
            ),
        )
    )


def notice(title: str, *text: Child, head: Child = None) -> str:
    """Return a page that says one thing."""
    paragraphs = [tag("p", paragraph) for paragraph in text]
    return document(title, tag("main", tag("h1", title), *paragraphs, class_="card notice"), head=head)
