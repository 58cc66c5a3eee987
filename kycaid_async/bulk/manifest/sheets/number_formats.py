"""Number formats of a sheet: what they show of a whole number, where that is certain."""

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self

import attrs

_TOKENS: Final = re.compile(
    r"""
    "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | _(?P<padding>.) | \*(?P<fill>.) | \[(?P<bracket>[^\]]*)\] |
    (?P<general>general) | (?P<amount>[0\#?]+(?:,[0\#?]+)+(?:\.[0\#?]*)? | [0\#?]+\.[0\#?]*) | (?P<places>[0\#?]+) |
    (?P<end>;) | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""An ``amount`` has separators of thousands or decimals, other ``places`` of digits have none."""
_COLOUR: Final = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|color ?\d{1,2}", re.IGNORECASE)
_CURRENCY: Final = re.compile(r"\$[^-]*(?:-([0-9a-f]{1,8}))?", re.IGNORECASE)
"""With a locale. Of its eight digits the first two say in which script the others are shown, the next two the calendar,
which is of no account for numbers."""
_OUR_DIGITS: Final = 1
"""The highest number of a script that stands for the digits from 0 to 9."""
_ELAPSED: Final = re.compile("h+|m+|s+", re.IGNORECASE)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_HOLDS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_BARE: Final = frozenset("$-+():^&'~{}<>= 123456789")
"""What is shown as it is, without quotes. A slash may be that of a fraction, a comma may leave out digits."""
_FILL: Final = "\0"
"""Stands for as many spaces as the column is wide."""
_EDGES: Final = f" {_FILL}"
_OF_AMOUNTS: Final = frozenset(f"-+(){_EDGES}")
"""What any amount may be written with, beside its currency."""
_SPACES: Final = frozenset(" '\u00a0\u202f\u2019")
"""What stands between thousands in formats of some countries, as in ``# ##0``."""
_THOUSANDS: Final = re.compile("[#0?]{3}")
_GENERAL_DIGITS: Final = 10**11
"""From here on a cell without a format of its own may show an exponent."""
_NUMBERS: Final = frozenset({"general", "amount", "places"})

_Token = tuple[str, str]
_TEXT: Final = ("other", "@")


@attrs.frozen
class FormatSection:
    """A section of a number format: what it shows of numbers of one sign."""

    items: tuple[_Token, ...] = ()
    """Texts, and what stands for the number, of one kind."""
    as_it_is: bool = False
    """True where nothing stands beside the digits but what people write any amount with."""
    zeros: int = 0
    """Digits that such an amount has at least."""

    @classmethod
    def of(cls, tokens: Sequence[_Token]) -> Self | None:
        """Return the section of these tokens; None for one of which it is not certain what it shows."""
        items: list[_Token] = []
        for kind, text in tokens:
            shown = text if kind in _NUMBERS else _shown(kind, text)
            if shown is None:
                return None
            items.append((kind, shown))
        numbers = [kind for kind, _ in items if kind in _NUMBERS]
        literals = "".join(text for kind, text in items if kind not in _NUMBERS)
        if numbers == ["amount"]:
            (places,) = (text.partition(".")[0] for kind, text in items if kind == "amount")
            return cls(as_it_is=True, zeros=places.count("0")) if _OF_AMOUNTS.issuperset(literals) else None
        if _is_grouped(items):
            places = "".join(text for kind, text in items if kind == "places")
            return cls(as_it_is=True, zeros=places.count("0"))
        if numbers == ["general"]:
            return cls(tuple(items), as_it_is=not literals.strip(_EDGES))
        # Without a place for digits, a text stands for all numbers.
        return cls(tuple(items)) if {*numbers} == {"places"} or not items else None

    def shown(self, value: int) -> str | None:
        """Return what it shows of a number that is not negative; None where that is not certain."""
        if self.as_it_is:
            digits = str(value)
            return digits if len(digits) >= self.zeros else None
        if not self.items:
            return None if value else ""  # a number that somebody wanted to hide, and zeros that nobody wants to see
        places = "".join(text for kind, text in self.items if kind == "places")
        filled = _filled(places, value) if places else [str(value)] if value < _GENERAL_DIGITS else None
        if filled is None:
            return None
        rest = iter(filled)
        text = "".join(
            next(rest) if kind == "general" else "".join(next(rest) for _ in text) if kind == "places" else text
            for kind, text in self.items
        ).strip(_EDGES)
        # Without a digit, as of a zero that is shown as a dash, it stands for other numbers too.
        return None if _FILL in text or (text and not re.search(r"\d", text)) else text


@attrs.frozen
class NumberFormat:
    """A number format, by its sections: for numbers above zero, below it, and for zero, as far as it has them."""

    sections: tuple[FormatSection | None, ...] = (FormatSection(as_it_is=True),)
    conditions: tuple[tuple[str, float] | None, ...] = ()
    """What has to hold of a number for each section, in formats that say so; None for all others."""

    @classmethod
    def of(cls, code: str) -> Self:
        """Return the format of a code, as it stands in a file."""
        parts = sections_of(code)
        conditions = tuple(map(_condition_of, parts[:3]))
        last = [token for token in parts[-1] if token[0] != "bracket"]
        if _TEXT in last:  # what it shows of texts
            if not parts[1:]:
                return cls() if last == [_TEXT] else cls((None,))
            del parts[-1]
        sections = ([token for token in part if not _is_condition(token)] for part in parts[:3])
        return cls(tuple(map(FormatSection.of, sections)), conditions if any(conditions) else ())

    def shown(self, value: int) -> str | None:
        """Return what a cell shows of ``value``, without spaces around it; None where that is not certain.

        What belongs to any amount is left out: separators of thousands, decimals, which are zeros, and a currency.
        """
        if self.conditions:
            return self._shown_where(value)
        at = 1 if value < 0 else 2 if value == 0 else 0
        own = at < len(self.sections)
        section = self.sections[at if own else 0]
        text = None if section is None else section.shown(abs(value))
        if section is None or text is None or value >= 0:
            return text
        return text if own and not section.as_it_is else f"-{text}"

    def _shown_where(self, value: int) -> str | None:
        """Return what a format with conditions shows. Below zero, and where none holds, nothing is certain."""
        for section, condition in zip(self.sections, self.conditions, strict=False):
            if value >= 0 and (condition is None or _HOLDS[condition[0]](value, condition[1])):
                return None if section is None else section.shown(value)
        return None


def _is_condition(token: _Token) -> bool:
    return token[0] == "bracket" and _CONDITION.fullmatch(token[1]) is not None


def _condition_of(tokens: Sequence[_Token]) -> tuple[str, float] | None:
    found = next((_CONDITION.fullmatch(text) for kind, text in tokens if _is_condition((kind, text))), None)
    return None if found is None else (found[1], float(found[2]))


def _is_grouped(items: Sequence[_Token]) -> bool:
    """Say whether it is an amount with spaces between its thousands. One that begins with ``0`` shows all."""
    places = [text for kind, text in items if kind == "places"]
    between = [text for kind, text in items if kind != "places"]
    return (
        bool(places[1:])
        and places[0].startswith("#")
        and all(map(_THOUSANDS.fullmatch, places[1:]))
        and all(kind == "places" for kind, _ in items[::2])
        and all(text in _SPACES for text in between)
    )


def sections_of(code: str) -> list[list[_Token]]:
    """Return the sections of a format's code, each as kinds of tokens and their texts."""
    sections: list[list[_Token]] = [[]]
    for token in _TOKENS.finditer(code):
        kind = str(token.lastgroup)
        if kind == "end":
            sections.append([])
        else:
            sections[-1].append((kind, token[kind]))
    return sections


def letters_of(tokens: Sequence[_Token]) -> str:
    """Return what may stand for parts of a date or a time in a section."""
    return "".join(
        text.lower() for kind, text in tokens if kind == "other" or (kind == "bracket" and _ELAPSED.fullmatch(text))
    )


def _shown(kind: str, text: str) -> str | None:
    """Return what a token shows that stands for no digits, but for a currency; None where that is not certain."""
    if kind == "bracket":
        currency = _CURRENCY.fullmatch(text)
        is_ours = currency is not None and int(currency[1] or "0", 16) >> 24 <= _OUR_DIGITS
        return "" if is_ours or _COLOUR.fullmatch(text) else None
    if kind == "fill":
        return _FILL if text == " " else None
    if kind == "padding":
        return " "
    if kind == "other" and text not in _BARE and unicodedata.category(text) != "Sc":
        return None
    return "".join(letter for letter in text if unicodedata.category(letter) != "Sc")


def _filled(places: str, value: int) -> Sequence[str] | None:
    """Return what stands in each of ``places``; None where that is not certain."""
    digits = str(value) if value else ""
    empty = max(len(places) - len(digits), 0)
    unused = places[:empty]
    if unused.lstrip("#?").strip("0"):
        return None  # a place that shows no zeros behind one that does
    surplus = max(len(digits) - len(places), 0)
    first, others = digits[: surplus + 1], digits[surplus + 1 :]
    blanks = ["" if place == "#" else " " if place == "?" else "0" for place in unused]
    return [*blanks, *([first] if first else []), *others]
