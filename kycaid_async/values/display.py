"""Models as people look at them: a line, a table in a notebook, and all of it for those who ask."""

import json
from datetime import date
from enum import Enum
from typing import Any, Final, Protocol

from kycaid_async.html import Html, join, tag
from kycaid_async.masking import HIDDEN, MASK, encodable, printed, value_or_mask
from kycaid_async.values.fields import fields_of
from kycaid_async.values.unset import UNSET

_STYLE: Final = "text-align:left;vertical-align:top"


class Shows(Protocol):
    """A model, as far as it is looked at here."""

    def _shown(self) -> Any: ...
    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        ...


class Revealed:
    """All fields of a model, personal ones too, to be printed or looked at in a notebook."""

    __slots__ = ("_model",)

    def __init__(self, model: Shows) -> None:
        self._model = model

    def __repr__(self) -> str:
        content = _content_of(self._model)
        try:
            text = json.dumps(content, ensure_ascii=False, indent=2, default=printed)
        except (TypeError, ValueError, RecursionError):  # keys that are no text, or an object that holds itself
            text = printed(content)
        return encodable(f"{type(self._model).__name__} {text}")

    def _repr_html_(self) -> str:
        return tag("div", tag("b", type(self._model).__name__), _table(_content_of(self._model)))


def _content_of(model: Shows) -> dict[str, Any]:
    """Return the content of ``model``, as plain JSON types if it can be had so."""
    try:
        return model.to_dict()
    except Exception:  # noqa: BLE001 - a request can hold anything of the user, and is looked at to find out what
        values = {field.name: getattr(model, field.name) for field in fields_of(type(model))}
        return {name: value for name, value in values.items() if value is not UNSET}


def line_of(model: Shows) -> str:
    """Return the fields of ``model`` that are not personal, and how to see the others."""
    pairs = list(model._shown())  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # its other half
    parts = [f"{name}={_in_short(value)}" for name, value in pairs if value is not HIDDEN]
    hidden = len(pairs) - len(parts)
    return f"{type(model).__name__}({', '.join([*parts, *([_hint(hidden)] if hidden else [])])})"


def table_of(model: Shows) -> str:
    """Return a table of the fields of ``model``, in which personal ones are masked, and how to see them."""
    pairs = list(model._shown())  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # its other half
    hidden = sum(value is HIDDEN for _, value in pairs)
    rows = [tag("tr", tag("th", name, style=_STYLE), tag("td", _cell(value), style=_STYLE)) for name, value in pairs]
    hint = tag("div", tag("small", _hint(hidden))) if hidden else None
    return tag("div", tag("b", type(model).__name__), tag("table", join(rows)), hint)


def _hint(hidden: int) -> str:
    return (
        f"{hidden} personal fields hidden: show() shows them"
        if hidden > 1
        else "1 personal field hidden: show() shows it"
    )


def _in_short(value: Any) -> str:
    if _is_model(value):
        return line_of(value)
    if isinstance(value, list | tuple) and value and all(map(_is_model, value)):
        return f"<{len(value)} of {type(value[0]).__name__}>"
    return printed(value)


def _cell(value: Any) -> Html | str:
    if value is HIDDEN:
        return MASK
    if _is_model(value):
        return Html(table_of(value))
    if isinstance(value, list | tuple):
        return join([tag("div", _cell(one)) for one in value])
    if isinstance(value, Enum):  # what is not in its list can be any text
        return value_or_mask(str(value))
    return _text(value) if isinstance(value, date | str) else printed(value)


def _table(data: dict[str, Any]) -> Html:
    return tag("table", join(_row(name, value) for name, value in data.items()))


def _row(name: str, value: Any) -> Html:
    return tag("tr", tag("th", _text(name), style=_STYLE), tag("td", _plain_cell(value), style=_STYLE))


def _plain_cell(value: Any) -> Html | str:
    if isinstance(value, dict):
        return _table(value)
    if isinstance(value, list):
        return join([tag("div", _plain_cell(one)) for one in value])
    return "" if value is None else _text(value)


def _text(value: Any) -> str:
    try:
        return encodable(str(value))
    except Exception:  # noqa: BLE001 - as with `printed`
        return printed(value)


def _is_model(value: Any) -> bool:
    return hasattr(type(value), "_shown") and hasattr(type(value), "to_dict")
