"""Charts of reports: bars as SVG, which need no script and fit any width."""

from collections.abc import Iterable, Sequence

from kycaid_async.html import Html, tag

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
