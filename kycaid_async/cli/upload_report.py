"""``--report``: one page that needs nothing but itself."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final

from kycaid_async.cli.console import duration_text, size_text
from kycaid_async.cli.upload_account import Account, Note
from kycaid_async.cli.upload_plot import plot

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
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); }
th, td { text-align: left; vertical-align: top; padding: .45rem .7rem; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-size: .85rem; font-weight: 600; }
td { overflow-wrap: anywhere; }
td:nth-child(1), th:nth-child(1) { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td:nth-child(2) { white-space: nowrap; }
@media (max-width: 30rem) { td, th { padding: .4rem .45rem; font-size: .9rem; } }
@media print { body { max-width: none; } }
"""

_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


def write_report(path: Path, account: Account) -> None:
    """Write the page. Raises `OSError`."""
    path.write_text(page(account), encoding="utf-8")


def page(account: Account) -> str:
    """Return the page: counts, throughput, and the rows that were not delivered. Nothing in it says who they are."""
    name = escape(account.manifest.name)
    account.history.extend(account.summary.seconds)
    return "".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta name="referrer" content="no-referrer"><title>Upload of {name}</title>',
            f"<style>{_STYLE}</style></head><body><header><h1>Upload of {name}</h1>",
            f'<p class="faint">to {escape(account.server)}, begun ',
            f"<time>{account.started:%Y-%m-%d %H:%M} UTC</time></p></header>",
            f'<p class="ended">It ended early: {escape(account.ended)}</p>' if account.ended else "",
            f'<dl class="cards">{"".join(_cards(account))}</dl>',
            *_throughput(account),
            *_notes(account),
            "</body></html>\n",
        ]
    )


def _cards(account: Account) -> Iterable[str]:
    summary = account.summary
    rate = summary.created / summary.seconds if summary.seconds else 0.0
    yield _card("rows", f"{account.rows:,}")
    yield _card("created", f"{summary.created:,}", "good")
    yield _card("done before", f"{summary.done_before:,}")
    for label, count in (("bad", account.bad), ("failed", summary.failed), ("uncertain", summary.uncertain)):
        yield _card(label, f"{count:,}", label if count else "")
    if account.left:
        yield _card("left", f"{account.left:,}", "uncertain")
    yield _card("files uploaded", f"{summary.files:,}")
    yield _card("sent", size_text(summary.bytes))
    yield _card("duration", duration_text(summary.seconds))
    yield _card("documents/s", f"{rate:,.1f}")


def _card(label: str, value: str, kind: str = "") -> str:
    return f'<div><dt>{label}</dt><dd class="{kind}">{value}</dd></div>'


def _throughput(account: Account) -> Iterable[str]:
    if account.summary.created:
        yield "<h2>Throughput</h2><figure><figcaption>documents created per second</figcaption>"
        yield f"{plot(account.history)}</figure>"


def _notes(account: Account) -> Iterable[str]:
    if not account.failures:
        yield "<h2>Rows that were not delivered</h2><p>None.</p>"
        return
    yield "<h2>Rows that were not delivered</h2>"
    yield from _what_to_do(account)
    yield "<table><thead><tr><th>line</th><th>status</th><th>reason</th></tr>"
    yield "</thead><tbody>"
    yield from map(_row, sorted(account.notes, key=lambda note: note.line))
    yield "</tbody></table>"
    if account.failures > len(account.notes):
        yield f'<p class="faint">and {account.failures - len(account.notes):,} more</p>'


def _what_to_do(account: Account) -> Iterable[str]:
    for path, what in (
        (account.rejects, "the rows that are bad or failed, to be corrected and sent again"),
        (account.uncertain, "the uncertain rows: KYCAID may have them already. Look for each before it is sent again"),
    ):
        if path is not None:
            yield f"<p>In {escape(path.name)} stand {what}.</p>"


def _row(note: Note) -> str:
    status = escape(note.status)
    return f'<tr><td>{note.line}</td><td class="{status}">{status}</td><td>{escape(note.reason)}</td></tr>'
