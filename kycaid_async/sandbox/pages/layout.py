"""The frame of every page, and that of the dashboard with the pieces that its pages share."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

import attrs

from kycaid_async.html import Child, Html, join, tag
from kycaid_async.masking import ValueObject
from kycaid_async.values.decline_reasons import DeclineReason

STATIC_PATH: Final = "/_sandbox/static/{name}"
_DOCTYPE: Final = Html("<!doctype html>\n")
HOME: Final = "/_sandbox/"
ACTIONS: Final = "/_sandbox/actions/"
_SECTIONS: Final = (
    ("Applicants", HOME),
    ("Verifications", f"{HOME}verifications"),
    ("Callbacks", f"{HOME}callbacks"),
    ("Requests", f"{HOME}requests"),
    ("Controls", f"{HOME}controls"),
)
_KEYS: Final = (
    ("1 to 5", "go to a section"),
    ("j, k", "next and previous entry; Enter opens it"),
    ("/", "search the list, or the decline reasons"),
    ("a", "approve"),
    ("d", "decline"),
    ("u", "back up"),
    ("?", "this list"),
)
SAID: Final = {
    "approved": "Approved.",
    "declined": "Declined.",
    "sent": "The callback is on its way again.",
    "balance": "The balance was changed.",
    "fault-on": "The fault is on.",
    "fault-off": "The fault is off.",
    "form": "The form was changed.",
    "sample": "The sample data are there.",
    "reset": "Everything was removed.",
}
"""What a page can say of the action before it."""


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


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Shell(ValueObject):
    """Makes pages for one session."""

    token: str = attrs.field(repr=False)
    can_log_out: bool
    said: str = ""
    """A key of `SAID`; anything else says nothing."""

    def page(self, title: str, *content: Child, here: str = "") -> str:
        """Return a page of the dashboard. ``here`` is the section it belongs to."""
        return document(
            f"{title} · KYCAID sandbox",
            tag("a", "Skip to content", href="#main", class_="skip"),
            tag("header", tag("div", self._brand(), self._menu(here), self._tools(), class_="bar")),
            tag(
                "main",
                tag("p", SAID.get(self.said), role="status", class_="said") if self.said in SAID else None,
                *content,
                id="main",
                tabindex="-1",
            ),
            _keys(),
            script="dashboard.js",
            kind="dashboard",
        )

    def action(self, name: str, *content: Child, **hidden: str) -> Html:
        """Return a form that does something. It carries the token of the session."""
        fields = {"token": self.token, **hidden}
        return tag(
            "form",
            [tag("input", type="hidden", name=key, value=value) for key, value in fields.items()],
            *content,
            method="post",
            action=ACTIONS + name,
        )

    def _brand(self) -> Html:
        return tag("a", "KYCAID sandbox", href=HOME, class_="brand")

    def _menu(self, here: str) -> Html:
        links = [
            tag("a", title, href=path, aria_current="page" if title == here else None, data_key=str(number))
            for number, (title, path) in enumerate(_SECTIONS, 1)
        ]
        return tag("nav", links, aria_label="Sections")

    def _tools(self) -> Html:
        return tag(
            "div",
            tag("span", "not live", id="live", class_="quiet"),
            tag("button", "?", type="button", id="help", aria_label="Keyboard shortcuts", title="Keyboard shortcuts"),
            self.action("logout", tag("button", "Log out", type="submit")) if self.can_log_out else None,
            class_="tools",
        )


def _keys() -> Html:
    rows = [(tag("dt", tag("kbd", key)), tag("dd", text)) for key, text in _KEYS]
    close = tag("form", tag("button", "Close", type="submit"), method="dialog")
    return tag("dialog", tag("h2", "Keyboard"), tag("dl", rows), close, id="keys", aria_label="Keyboard shortcuts")


def live(name: str, *content: Child, inside: str = "div") -> Html:
    """Return a piece that is kept up to date."""
    return tag(inside, *content, id=name, data_live=True)


def badge(word: str, tone: str) -> Html:
    """Return a word in a colour: good, bad, busy or plain. The word says it, the colour helps."""
    return tag("span", word, class_=f"badge {tone}")


def status_badge(status: str, *, verified: bool | None = None, waits: bool = False) -> Html:
    """Return the state of an applicant, a document or a verification."""
    if waits:
        return badge("waits for you", "busy")
    if verified is not None:
        return badge("approved", "good") if verified else badge("declined", "bad")
    return badge(status, {"valid": "good", "invalid": "bad", "pending": "busy"}.get(status, "plain"))


def reasons(entries: Iterable[DeclineReason]) -> Html | None:
    """Return decline reasons with what they mean."""
    items = [
        tag("li", tag("code", breakable(reason.value)), " ", tag("span", reason.meaning, class_="quiet"))
        for reason in entries
    ]
    return tag("ul", items, class_="reasons") if items else None


def when(moment: datetime) -> Html:
    """Return a time in UTC."""
    utc = moment.astimezone(UTC)
    day = tag("span", f"{utc:%Y-%m-%d} ", class_="day")
    return tag("time", day, f"{utc:%H:%M:%S}", datetime=utc.isoformat(), title="UTC")


def breakable(name: str) -> Html:
    """Return a name or a path that may be broken after its underscores, dots and slashes, and nowhere else."""
    pieces = re.split(r"(?<=[_./])(?!/)", name)
    return join([pieces[0], *((tag("wbr"), piece) for piece in pieces[1:])])


def rows(entries: Iterable[Html], empty: Html | str) -> Html:
    """Return a list of entries, or what stands in its place: words, or a whole piece."""
    items = [tag("li", entry) for entry in entries]
    if items:
        return tag("ul", items, class_="rows")
    return empty if isinstance(empty, Html) else tag("p", empty, class_="empty")


def facts(values: Mapping[str, Child]) -> Html:
    """Return names and values; those without a value are left out."""
    pairs = [(tag("dt", name), tag("dd", value)) for name, value in values.items() if value not in (None, "", [])]
    return tag("dl", pairs, class_="facts")


def field(label: str, control: Html, name: str, hint: str | None = None) -> Html:
    """Return an input with its label."""
    return tag(
        "div",
        tag("label", label, for_=name),
        control,
        tag("p", hint, class_="hint quiet") if hint else None,
        class_="field",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Excerpt(ValueObject):
    """The entries of a list that a page shows, and the search that found them."""

    path: str
    search: str = attrs.field(default="", repr=False)
    offset: int = 0
    per_page: int
    total: int
    """How many there are: of all, or of those that the search finds."""

    def pager(self) -> Html | None:
        """Return the ways to newer and older entries."""
        if not self.total or (self.total <= self.per_page and not self.offset):
            return None
        last = min(self.offset + self.per_page, self.total)
        newer, older = max(0, self.offset - self.per_page), self.offset + self.per_page
        return tag(
            "nav",
            tag("a", "Newer", href=self._way(newer), rel="prev") if self.offset else None,
            tag(
                "span",
                f"{self.offset + 1:,} to {last:,} of {self.total:,}" if self.offset < last else None,
                class_="quiet",
            ),
            tag("a", "Older", href=self._way(older), rel="next") if older < self.total else None,
            class_="pager",
            aria_label="More entries",
        )

    def head(self, title: str) -> Html:
        """Return the heading of the list with its total and its search, which works without scripts."""
        entry = tag(
            "input",
            type="search",
            name="q",
            id="filter",
            value=self.search,
            maxlength="100",
            autocomplete="off",
            placeholder="Name, id or external id",
            aria_label="Search the list",
            data_search=True,
        )
        button = tag("button", "Search", type="submit", data_without_script=True)
        total = live("total", f"{self.total:,}", inside="span")
        return tag(
            "div",
            tag("h1", title, " ", total),
            tag("form", entry, button, method="get", action=self.path, role="search"),
            class_="head",
        )

    def _way(self, offset: int) -> str:
        return f"{self.path}?{urlencode({'offset': offset} | ({'q': self.search} if self.search else {}))}"
