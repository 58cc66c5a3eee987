"""HTML made of elements. Whatever is not made here is text, and is escaped."""

from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias


class Html(str):
    """Markup that stands in a page as it is."""

    __slots__ = ()


Child: TypeAlias = "str | int | float | Iterable[Child] | None"
Value: TypeAlias = "str | int | float | bool | None"

_VOID: Final = frozenset({"br", "img", "input", "link", "meta", "wbr"})
_NOTHING: Final = Html("")


def tag(name: str, /, *children: Child, **attributes: Value) -> Html:
    """Return an element. ``class_`` stands for ``class``, ``data_id`` for ``data-id``; None and False are left out."""
    opening = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Html(opening if name in _VOID else f"{opening}{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Html:
    """Return the markup of several things, one after the other."""
    return Html("".join(_markup(child) for child in children))


def _markup(child: Child) -> Html:
    if child is None:
        return _NOTHING
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int | float):
        return Html(escape(str(child)))
    return join(child)


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
