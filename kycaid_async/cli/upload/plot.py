"""A plot of documents over time, as SVG that needs no script and fits any width."""

import math
from collections.abc import Iterator

from kycaid_async.cli.upload.stats import History
from kycaid_async.html import Html, tag

_HEIGHT, _TOP = 200, 8
_UNITS = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))
_LONG = 2.0
"""How many of a unit make it the unit of the axis."""
_TICKS = 5


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
