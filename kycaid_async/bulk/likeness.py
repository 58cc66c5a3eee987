"""Comparison of a document that the server shows with one that was sent: rules without I/O.

What is not shown proves nothing, and nor does what may only be written another way.
"""

import enum
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from kycaid_async.bulk.ledger import Intent
from kycaid_async.bulk.row import SIDES

Shown = Mapping[str, Any]
"""A document as the server shows it."""

_NUMBERS: Final = ("document_number", "card_number", "account_number")
_MASKS: Final = re.compile(r"[*•●…]|[xX]{3}")


class Likeness(enum.Enum):
    """Likeness of a shown document to what was sent."""

    SAME = enum.auto()
    """Its type and its files are those that were sent."""
    OTHER = enum.auto()
    """It certainly is another one."""
    UNCLEAR = enum.auto()
    """It has some of the files, or does not show them."""


class Agreement(enum.Enum):
    """Agreement of a shown document's fields with those that were sent."""

    PROVEN = enum.auto()
    """All of them are shown and the same, a number of the document among them."""
    POSSIBLE = enum.auto()
    NONE = enum.auto()
    """One of them is shown and says something else."""


def is_of_type(document: Shown, intent: Intent) -> bool:
    """Say whether a document is of the type that was sent, or may be."""
    shown = document.get("type")
    return not isinstance(shown, str) or not shown.strip() or _word(shown) == _word(intent.type)


def is_whole(document: Shown, intent: Intent) -> bool:
    """Say whether a document shows its type, and of each side which file it is, or that there is none."""
    shows_sides = all(f"{side}_id" in document or any(map(_is_id, _files(document, side))) for side in SIDES)
    shows_files = not intent.file_ids or any(
        map(_is_id, [v for side in intent.file_ids for v in _files(document, side)])
    )
    return isinstance(document.get("type"), str) and shows_sides and shows_files


def likeness(document: Shown, intent: Intent) -> Likeness:
    """Compare type and files."""
    if not is_of_type(document, intent):
        return Likeness.OTHER
    matches = [_side(document, side, intent.file_ids.get(side)) for side in SIDES]
    if Likeness.OTHER in matches:
        has_one = any(
            side in intent.file_ids and match is Likeness.SAME for side, match in zip(SIDES, matches, strict=True)
        )
        return Likeness.UNCLEAR if has_one else Likeness.OTHER
    if Likeness.UNCLEAR in matches or not isinstance(document.get("type"), str):
        return Likeness.UNCLEAR
    return Likeness.SAME


def _side(document: Shown, side: str, file_id: str | None) -> Likeness:
    shown = list(_files(document, side))
    if file_id is None:
        if not shown:
            return Likeness.SAME
        return Likeness.OTHER if any(map(_is_id, shown)) else Likeness.UNCLEAR
    if file_id in shown:
        return Likeness.SAME
    return Likeness.OTHER if any(map(_is_id, shown)) else Likeness.UNCLEAR


def _files(document: Shown, side: str) -> Iterable[Any]:
    """Give what is shown of a side: its id, or a link. One side has its id under another name in the reference."""
    return (value for value in (document.get(f"{side}_id"), document.get(side)) if value not in (None, ""))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and "/" not in value


def agreement(document: Shown, fields: Mapping[str, Any]) -> Agreement:
    """Compare the fields of a document."""
    verdicts = {name: _agrees(document, name, value) for name, value in fields.items() if name != "type"}
    if any(verdict is False for verdict in verdicts.values()):
        return Agreement.NONE
    proven = all(verdicts.values()) and any(fields.get(name) for name in _NUMBERS)
    return Agreement.PROVEN if proven else Agreement.POSSIBLE


def differences(document: Shown, intent: Intent, fields: Mapping[str, Any]) -> list[str]:
    """Return the names of the type, the sides and the fields that are shown and say something else than was sent."""
    names = [] if is_of_type(document, intent) else ["type"]
    names += [side for side in SIDES if _side(document, side, intent.file_ids.get(side)) is Likeness.OTHER]
    return names + [
        name for name, value in fields.items() if name != "type" and _agrees(document, name, value) is False
    ]


def _agrees(document: Shown, name: str, sent: Any) -> bool | None:
    """Say whether a field says what was sent; None when that cannot be told."""
    shown = document.get(name)
    if shown == sent:
        return True
    if shown in (None, "", [], {}) or sent in (None, "", [], {}):
        return None
    origin = document.get(f"origin_{name}")
    return True if origin == sent else _same_value(shown, sent)


def _same_value(shown: Any, sent: Any) -> bool | None:
    if isinstance(shown, list) and isinstance(sent, list) and all(map(_is_plain, [*shown, *sent])):
        return {_word(item) for item in shown} == {_word(item) for item in sent}
    if not (_is_plain(shown) and _is_plain(sent)):
        return None
    one, other = str(shown), str(sent)
    if _number(one) is not None and _number(one) == _number(other):
        return True
    if _MASKS.search(one) or not (one.isascii() and other.isascii()):
        return None  # hidden, or put into other letters
    # A date may have a time behind it.
    return _word(one) == _word(other) or (len(other) == len("2026-01-31") and one.startswith(other))


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _word(value: Any) -> str:
    return "".join(filter(str.isalnum, str(value).casefold()))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
