"""Cells that a spreadsheet would run, in files that people open with one.

Such a cell gets an apostrophe before what makes it a formula, which the reader of rejects takes away again. A cell may
begin a line, or follow any delimiter: whoever opens a file may have another one set.
"""

import re
from typing import Final

_START: Final = r"(^|[,;\t|\r\n])"
_BLANK: Final = r"""([\s"\x00-\x1f\x7f\u00a0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,200}+)"""
"""What spreadsheets skip, or take off, before they look at a cell. Bounded, as a row may be nothing else."""
_NUMBER: Final = r"[+\-\uff0b\uff0d\u2212][\d ().\-/]*(?:,\d+)?(?:[eE][+\-]?\d+)?\"*(?=\s*(?:$|[,;\t|\r\n]))"
"""Amounts and phone numbers: there is nothing in them to run."""
_FORMULA: Final = rf"(?!{_NUMBER})[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]"

_RUNS: Final = re.compile(rf"{_START}{_BLANK}('*)(?={_FORMULA})")
_HELD: Final = re.compile(rf"{_START}{_BLANK}'('*)(?={_FORMULA})")


def neutral(text: str) -> str:
    """Return ``text`` with an apostrophe before each formula that a spreadsheet would see in it."""
    return _RUNS.sub(r"\1\2'\3", text)


def original(text: str) -> str:
    """Return what `neutral` made ``text`` of."""
    return _HELD.sub(r"\1\2\3", text)
