"""A plot of documents over time, as SVG that needs no script and fits any width."""

import math
from collections.abc import Iterator

from kycaid_async.cli.upload.stats import History

_HEIGHT, _TOP = 200, 8
_UNITS = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))
_LONG = 2.0
"""How many of a unit make it the unit of the axis."""
_TICKS = 5


def plot(history: History) -> str:
    """Return the plot. Across stand percents, and upright pixels, so that its letters have one size at any width."""
    rates = [count / history.step for count in history.counts]
    top, y_step = _scale(max(rates, default=0.0))
    seconds = history.step * len(rates)
    unit, name = next((pair for pair in _UNITS if seconds >= _LONG * pair[0]), _UNITS[-1])
    most = f"{max(rates, default=0.0):,.1f}"
    return "".join(
        [
            '<div class="plot">',
            f'<svg class="y" width="48" height="{_HEIGHT + 2 * _TOP}" aria-hidden="true">',
            *(f'<text x="42" y="{_y(value, top) + 4:.1f}">{value:g}</text>' for value in _ticks(top, y_step)),
            f'</svg><svg width="100%" height="{_HEIGHT + 2 * _TOP}" role="img" ',
            f'aria-label="Documents per second over {seconds / unit:,.1f} {name}, at most {most}">',
            *_grid(top, y_step),
            *_bars(rates, top),
            f'</svg><svg class="x" width="100%" height="40" aria-hidden="true">{"".join(_below(seconds, unit))}',
            f'<text class="unit" x="50%" y="34">time since the start ({name})</text></svg></div>',
        ]
    )


def _bars(rates: list[float], top: float) -> Iterator[str]:
    width = 100 / max(len(rates), 1)
    for number, rate in enumerate(rates):
        if rate:
            y = _y(rate, top)
            yield (
                f'<rect class="bar" x="{number * width:.3f}%" width="{width * 0.86:.3f}%" y="{y:.1f}" '
                f'height="{_TOP + _HEIGHT - y:.1f}"/>'
            )


def _grid(top: float, step: float) -> Iterator[str]:
    for value in _ticks(top, step):
        y = _y(value, top)
        yield f'<line class="{"grid" if value else "axis"}" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'


def _below(seconds: float, unit: float) -> Iterator[str]:
    for value in _ticks(seconds / unit, _scale(seconds / unit)[1]):
        share = value * unit / seconds if seconds else 0.0
        # The first and the last stand inside the plot.
        side = "start" if share < 0.02 else "end" if share > 0.98 else "middle"  # noqa: PLR2004 - at the edge
        yield f'<text class="{side}" x="{share * 100:.2f}%" y="14">{value:g}</text>'


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
