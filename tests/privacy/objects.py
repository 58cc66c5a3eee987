"""Passages of all that is exported and needs no client: models, rows, manifests, callbacks, each with odd marks."""

import random
from collections.abc import Iterator

import attrs

from tests.privacy import shown, surface
from tests.privacy.odd import NotMadeError
from tests.privacy.watch import Watch


@attrs.frozen
class Passage:
    """One call of what is exported."""

    name: str

    def __str__(self) -> str:
        return f"object · {self.name}"


def passages() -> Iterator[Passage]:
    yield from (Passage(name) for name in _ENTRIES)


_ENTRIES = {entry.name: entry for entry in surface.entries() if not entry.name.endswith(tuple(surface.FOREIGN))}
"""All but those that leave with frames of others, in which everything may stand, as the list of places says."""


class Objects:
    """Makes objects, calls their methods, and reports what they raise."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def close(self) -> None:
        """Do nothing: nothing is kept open."""

    def make(self, passage: Passage, chance: random.Random) -> list[BaseException]:
        errors = []
        for _ in range(3):
            try:
                _ENTRIES[passage.name].call(chance)
            except NotMadeError:
                break
            except BaseException as error:
                self._watch.report(error)
                errors.append(error)
        return errors


def texts(errors: list[BaseException]) -> Iterator[tuple[str, str]]:
    for error in errors:
        yield from shown.of_error(error).items()
