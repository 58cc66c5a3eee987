"""Suggestions for a path at which there is no file: other spellings of it at which there is one."""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from kycaid_async.masking import shown_path

_LONGEST: Final = 4096
_ENTRIES: Final = 20_000
"""Names of a folder that are looked at."""
_QUOTES: Final = "\"'`\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def _without_scheme(text: str) -> str:
    found = re.match(r"file:/{0,2}(?:localhost)?(/.*)", text, re.IGNORECASE | re.DOTALL)
    if found is None:
        return text
    path = unquote(found[1])
    return path[1:] if re.match(r"/[A-Za-z]:[/\\]", path) else path


_STEPS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("without invisible characters", lambda text: _INVISIBLE.sub("", text)),
    ("without spaces around it", str.strip),
    ("without quotes", lambda text: text.strip(_QUOTES)),
    ("as a path and no URL", _without_scheme),
    ("with its %… written out", unquote),
    ("with the home folder for ~", os.path.expanduser),
    ("with / between folders", lambda text: text if os.sep == "\\" else text.replace("\\", "/")),
)


def hint(path: str, *, folder: str = "", named: bool = True) -> str:
    """Return a suggestion for a ``path`` at which there is no file, from ``folder`` on; empty when there is none.

    It says the name of the file, unless it is not ``named``, and how its path differs. With a ``folder``, nothing
    beyond it is looked at. It reads folders, and may block.
    """
    if len(path) > _LONGEST or "\0" in path:
        return ""
    for look in (_exact, _alike):
        for text, mended in _spellings(path):
            if folder and _leaves(text):
                continue
            name, form = look(os.path.join(folder, text))  # noqa: PTH118 - a Path would change how it is spelt
            if name and (mended or form):
                return f"{shown_path(name) if named else 'it'} is there, {', '.join(filter(None, [mended, form]))}"
    return ""


def _spellings(path: str) -> Iterator[tuple[str, str]]:
    """Give ``path`` as it is, and then with one more thing mended each time, with what was mended."""
    yield path, ""
    mended = []
    for differs, step in _STEPS:
        text = step(path)
        if text and text != path:
            mended.append(differs)
            path = text
            yield path, ", ".join(mended)


def _leaves(text: str) -> bool:
    """Say whether ``text`` may lead out of a folder, on any system."""
    return text.startswith(("/", "\\", "~")) or ":" in text or ".." in re.split(r"[/\\]", text)


def _exact(path: str) -> tuple[str, str]:
    try:
        return (Path(path).name, "") if Path(path).is_file() else ("", "")
    except OSError:
        return "", ""


def _alike(path: str) -> tuple[str, str]:
    """Return the name of the file whose path differs from ``path`` in form only, and how it differs."""
    whole = Path(path)
    at, differs = Path(whole.anchor or "."), dict[str, None]()
    try:
        for part in whole.parts[1 if whole.anchor else 0 :]:
            entry = part if os.path.lexists(at / part) else _entry(at, part)
            if not entry:
                return "", ""
            if entry != part:
                differs[_difference(part, entry)] = None
            at /= entry
        return (at.name, ", ".join(differs)) if at.is_file() else ("", "")
    except OSError:
        return "", ""


def _entry(folder: Path, name: str) -> str:
    key = _key(name)
    with os.scandir(folder) as entries:
        return next((entry.name for entry in islice(entries, _ENTRIES) if _key(entry.name) == key), "")


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", name)).casefold().strip()


def _difference(one: str, other: str) -> str:
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return "in another Unicode form of the same letters"
    return "in other upper and lower case" if one.casefold() == other.casefold() else "with other spaces or marks"
