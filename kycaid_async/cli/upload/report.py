"""``--report`` of an upload, with a plot as SVG that needs no script and fits any width."""

import math
from collections.abc import Iterable, Iterator

from kycaid_async.cli.report_page import bar_chart, cards, framed, row_table
from kycaid_async.cli.screen import duration_text, size_text
from kycaid_async.cli.upload.stats import History, UploadStats
from kycaid_async.html import Child, Html, tag

_HEIGHT, _TOP = 200, 8
_UNITS = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))
_LONG = 2.0
"""How many of a unit make it the unit of the axis."""
_TICKS = 5
_LONG_ENOUGH = 10.0
"""Seconds of a run whose throughput says something."""


def page(stats: UploadStats) -> str:
    """Return the page: counts, throughput, and what was not delivered. It has your own keys in it, and no names."""
    return framed(
        f"Upload of {stats.manifest.name}",
        server=stats.server,
        started=stats.started,
        ended=stats.ended,
        parts=[*_notes(stats), *_funnel(stats), *_about(stats), *_throughput(stats)],
    )


def _funnel(stats: UploadStats) -> Iterable[Child]:
    summary = stats.summary
    steps = [
        ("rows", stats.rows, ""),
        ("documents delivered", summary.created + summary.done_before, "good"),
        ("bad", stats.bad, "bad"),
        ("failed", summary.failed, "bad"),
        ("uncertain", summary.uncertain, "uncertain"),
        ("left", stats.left, "uncertain"),
    ]
    yield tag("h2", "From rows to documents")
    caption = "Each row is a document. The page of kycaid results goes on to verdicts."
    yield bar_chart(steps, caption=caption, whole=stats.rows)


def _about(stats: UploadStats) -> Iterable[Child]:
    yield tag("h2", "This run")
    yield cards(_cards(stats))


def _cards(stats: UploadStats) -> Iterable[tuple[str, str, str]]:
    summary = stats.summary
    rate = summary.created / summary.seconds if summary.seconds else 0.0
    yield "rows", f"{stats.rows:,}", ""
    yield "created", f"{summary.created:,}", "good"
    yield "done before", f"{summary.done_before:,}", ""
    for label, count in (("bad", stats.bad), ("failed", summary.failed), ("uncertain", summary.uncertain)):
        yield label, f"{count:,}", label if count else ""
    if stats.left:
        yield "left", f"{stats.left:,}", "uncertain"
    yield "files uploaded", f"{summary.files:,}", ""
    yield "sent", size_text(summary.bytes), ""
    yield "duration", duration_text(summary.seconds), ""
    yield "documents/s", f"{rate:,.1f}", ""


def _throughput(stats: UploadStats) -> Iterable[Child]:
    if stats.summary.created and stats.summary.seconds >= _LONG_ENOUGH:
        yield tag("h2", "Throughput")
        yield tag(
            "figure",
            tag("figcaption", "documents created per second"),
            plot(stats.history.until(stats.summary.seconds)),
        )


def _notes(stats: UploadStats) -> Iterable[Child]:
    yield tag("h2", "Rows that were not delivered")
    if not stats.failures:
        yield tag("p", "None.")
        return
    yield from _what_to_do(stats)
    notes = sorted(stats.notes, key=lambda note: note.line)
    rows = [(str(note.line), str(note.status), note.key, note.reason) for note in notes]
    kinds = [note.status for note in notes]
    yield row_table(("status", "reason"), rows, kinds, left=stats.failures - len(notes))


def _what_to_do(stats: UploadStats) -> Iterable[Child]:
    for path, what in (
        (stats.rejects, "the rows that are bad or failed, to be corrected and sent again"),
        (stats.uncertain, "the uncertain rows: KYCAID may have them already. Look for each before it is sent again"),
    ):
        if path is not None:
            yield tag("p", f"In {path.name} stand {what}.")


def plot(history: History) -> Html:
    """Return the plot. Across stand percents, and upright pixels, so that its letters have one size at any width."""
    rates = [count / history.step for count in history.counts]
    top, y_step = _scale(max(rates, default=0.0))
    seconds = history.step * len(rates)
    unit, name = next((pair for pair in _UNITS if seconds >= _LONG * pair[0]), _UNITS[-1])
    label = f"Documents per second over {seconds / unit:,.1f} {name}, at most {max(rates, default=0.0):,.1f}"
    numbers = (tag("text", f"{value:g}", x=42, y=f"{_y(value, top) + 4:.1f}") for value in _ticks(top, y_step))
    height = _HEIGHT + 2 * _TOP
    return tag(
        "div",
        tag("svg", numbers, class_="y", width=48, height=height, aria_hidden="true"),
        tag("svg", _grid(top, y_step), _bars(rates, top), width="100%", height=height, role="img", aria_label=label),
        tag(
            "svg",
            _below(seconds, unit),
            tag("text", f"time since the start ({name})", class_="unit", x="50%", y=34),
            class_="x",
            width="100%",
            height=40,
            aria_hidden="true",
        ),
        class_="plot",
    )


def _bars(rates: list[float], top: float) -> Iterator[Html]:
    width = 100 / max(len(rates), 1)
    for number, rate in enumerate(rates):
        if rate:
            y = _y(rate, top)
            across = {"x": f"{number * width:.3f}%", "width": f"{width * 0.86:.3f}%"}
            yield tag("rect", class_="bar", **across, y=f"{y:.1f}", height=f"{_TOP + _HEIGHT - y:.1f}")


def _grid(top: float, step: float) -> Iterator[Html]:
    for value in _ticks(top, step):
        y = f"{_y(value, top):.1f}"
        yield tag("line", class_="grid" if value else "axis", x1=0, x2="100%", y1=y, y2=y)


def _below(seconds: float, unit: float) -> Iterator[Html]:
    for value in _ticks(seconds / unit, _scale(seconds / unit)[1]):
        share = value * unit / seconds if seconds else 0.0
        # The first and the last stand inside the plot.
        side = "start" if share < 0.02 else "end" if share > 0.98 else "middle"  # noqa: PLR2004 - at the edge
        yield tag("text", f"{value:g}", class_=side, x=f"{share * 100:.2f}%", y=14)


def _scale(most: float) -> tuple[float, float]:
    """Return a round number that is no less than ``most``, and the step to get there in at most five."""
    if most <= 0:
        return 1.0, 1.0
    size = 10 ** math.floor(math.log10(most / _TICKS))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor * _TICKS >= most * 0.999999)
    return step * math.ceil(most / step - 0.000001), step


def _ticks(top: float, step: float) -> list[float]:
    return [round(step * number, 6) for number in range(int(top / step + 0.000001) + 1)]


def _y(value: float, top: float) -> float:
    return _TOP + _HEIGHT * (1 - value / top)
