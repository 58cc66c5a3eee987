"""Where marks may stand: the whole list. Everywhere else there is none.

Each place has a probe in ``tests/privacy/test_places.py``, which shows that the marks do stand there, so that no place stays
here that is none any more.
"""

from typing import Final

HEADINGS: Final = ("place", "what stands there", "who reads it")

PLACES: Final = {
    "what you passed": ("all of it, in variables and objects of yours", "your program; a `Person` prints `***`"),
}
