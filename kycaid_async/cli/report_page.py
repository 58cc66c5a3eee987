"""The form of a ``--report``: one page that needs nothing but itself, with charts as SVG, which need no script."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from kycaid_async.html import Child, Html, join, tag

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2330; --faint: #5b6577; --paper: #f6f7f9; --card: #fff; --line: #d9dee6;
  --good: #1a7f52; --bad: #b3261e; --doubt: #8a5a00; --bar: #3566c4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf2; --faint: #9aa5b8; --paper: #12161d; --card: #1b212b;
  --line: #323b49; --good: #5bc793; --bad: #ff8a80; --doubt: #e8b85a; --bar: #7aa5f2; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .75rem; }
p { margin: .25rem 0; }
time { white-space: nowrap; }
.faint { color: var(--faint); overflow-wrap: anywhere; }
.ended { border-left: 4px solid var(--bad); background: var(--card); padding: .6rem .9rem; margin: 1rem 0;
  overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .6rem; margin: 1.25rem 0 0;
  padding: 0; }
.cards div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.cards dt { color: var(--faint); font-size: .85rem; }
.cards dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.good { color: var(--good); } .bad, .failed { color: var(--bad); } .uncertain { color: var(--doubt); }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem .5rem .5rem; }
figcaption { color: var(--faint); font-size: .85rem; padding: 0 0 .35rem .5rem; }
.plot { display: grid; grid-template-columns: 48px minmax(0, 1fr); }
.plot svg { display: block; } .plot .x { grid-column: 2; }
.plot text { fill: var(--faint); font: 12px system-ui, sans-serif; text-anchor: middle; }
.plot .y text, .plot .end { text-anchor: end; } .plot .start { text-anchor: start; }
.plot line { stroke: var(--line); } .plot .axis { stroke: var(--faint); } .plot .bar { fill: var(--bar); }
.bars { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: .35rem .9rem; margin: 0;
  padding: .35rem .5rem; align-items: center; }
.bars dt { overflow-wrap: anywhere; } .bars dd { margin: 0; display: grid; gap: .7rem; align-items: center;
  grid-template-columns: minmax(0, 1fr) minmax(3.5rem, max-content); }
.bars b { font-variant-numeric: tabular-nums; text-align: right; } .bars .bar { fill: var(--bar); }
.bars .good { fill: var(--good); } .bars .bad { fill: var(--bad); } .bars .uncertain { fill: var(--doubt); }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); }
th, td { text-align: left; vertical-align: top; padding: .45rem .7rem; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-size: .85rem; font-weight: 600; }
td { overflow-wrap: anywhere; }
td:nth-child(1), th:nth-child(1) { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td:nth-child(2) { white-space: nowrap; }
.rows td:nth-child(3) { min-width: 9rem; }
details { margin: .6rem 0; } summary { cursor: pointer; color: var(--faint); }
@media (max-width: 30rem) { td, th { padding: .4rem .45rem; font-size: .9rem; }
  .rows thead { display: none; } .rows, .rows tbody { display: block; }
  .rows tr { display: grid; grid-template-columns: max-content 1fr; gap: 0 .7rem; padding: .45rem .6rem;
    border-bottom: 1px solid var(--line); } .rows td { border: 0; padding: 0; }
  .rows td:nth-child(1)::before { content: "line "; } .rows td:nth-child(n+3) { grid-column: 1 / -1; }
  .rows td:nth-child(3) { font-weight: 600; }
  .bars { grid-template-columns: minmax(0, 1fr); gap: 0; } .bars dd { margin-bottom: .5rem; } }
@media print { body { max-width: none; padding: 0; background: none; } h2 { break-after: avoid; }
  tr, figure, .cards div { break-inside: avoid; }
  * { print-color-adjust: exact; } }
"""

_UNFOLDED: Final = 20

_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


def framed(title: str, *, server: str, started: datetime, ended: str, parts: Iterable[Child]) -> str:
    """Return a page with ``parts`` below its title."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(_STYLE)),
    )
    begun = tag("time", f"{started:%Y-%m-%d %H:%M} UTC")
    header = tag("header", tag("h1", title), tag("p", f"to {server}, begun ", begun, class_="faint"))
    early = tag("p", f"It ended early: {ended}", class_="ended") if ended else None
    return join([Html("<!doctype html>\n"), tag("html", head, tag("body", header, early, *parts), lang="en"), "\n"])


def cards(given: Iterable[tuple[str, str, str]]) -> Html:
    """Return a row of cards, each with its label, its value, and its kind, which gives it a colour."""
    each = (tag("div", tag("dt", label), tag("dd", value, class_=kind)) for label, value, kind in given)
    return tag("dl", each, class_="cards")


def table(
    columns: Sequence[str], rows: Iterable[tuple[str, ...]], kinds: Iterable[str], *, class_: str | None = None
) -> Html:
    """Return a table of text, which may have several lines. The second cell of each row has the colour of its kind."""
    head = [tag("tr", (tag("th", name) for name in columns))] if columns else []
    body = (_row(cells, kind) for cells, kind in zip(rows, kinds, strict=True))
    return tag("table", (tag("thead", line) for line in head), tag("tbody", body), class_=class_)


def row_table(names: tuple[str, str], rows: Sequence[tuple[str, ...]], kinds: Sequence[str], *, left: int) -> Child:
    """Return a table of rows of a manifest: line, status, key and reason. All but the first are folded up.

    ``names`` are those of the second and the last column, ``left`` the number of rows that are not in it.
    """
    columns, first = ("line", names[0], "key", names[1]), _UNFOLDED if len(rows) > _UNFOLDED + 5 else len(rows)
    tables = [table(columns, rows[:first], kinds[:first], class_="rows")]
    if rows[first:]:
        others = table((), rows[first:], kinds[first:], class_="rows")
        tables.append(tag("details", tag("summary", f"{len(rows) - first:,} more rows"), others))
    return [*tables, more(left)]


def _row(cells: tuple[str, ...], kind: str) -> Html:
    first, second, *others = cells
    return tag("tr", tag("td", first), tag("td", second, class_=kind), (tag("td", _lines(cell)) for cell in others))


def _lines(text: str) -> Iterator[Child]:
    first, *others = text.split("\n")
    yield first
    for line in others:
        yield from (tag("br"), line)


def more(count: int) -> Child:
    """Return what stands below a table that has so many rows less than there are."""
    return tag("p", f"and {count:,} more", class_="faint") if count > 0 else None


Bar = tuple[str, int, str]
"""A label, a count, and a kind, which gives it a colour."""


def bar_chart(bars: Sequence[Bar], *, caption: str, whole: int | None = None) -> Html:
    """Return bars one below the other, each with its label and its count. ``whole`` is the count of a full bar."""
    most = whole or max((count for _, count, _ in bars), default=0)
    return tag("figure", tag("figcaption", caption), tag("dl", (_bar(*bar, most) for bar in bars), class_="bars"))


def _bar(label: str, count: int, kind: str, most: int) -> Iterable[Html]:
    share = 100 * count / most if most else 0.0
    width = f"{max(share, 0.6) if count else 0:.2f}%"
    yield tag("dt", label)
    bar = tag("rect", class_=f"bar {kind}".strip(), width=width, height=14, rx=2)
    yield tag("dd", tag("svg", bar, width="100%", height=14, aria_hidden="true"), tag("b", f"{count:,}"))
