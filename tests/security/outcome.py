"""What came of the attacks of one class."""

from collections import Counter

import attrs


@attrs.define
class Outcome:
    """Counts attacks."""

    tried: int = 0
    failures: list[str] = attrs.field(factory=list)
    """What did not hold, in words that let it be repeated."""

    kinds: Counter[str] = attrs.field(factory=Counter)
    """How many there were of each kind, where a class has several."""

    def count(self, held: bool, words: str, *, kind: str | None = None) -> None:
        """Note one attack, and ``words`` about it when it did not hold."""
        self.tried += 1
        self.kinds.update([kind] if kind is not None else [])
        if not held:
            self.failures.append(words)
