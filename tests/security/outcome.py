"""What came of the attacks of one class."""

import attrs


@attrs.define
class Outcome:
    """Counts attacks."""

    tried: int = 0
    failures: list[str] = attrs.field(factory=list)
    """What did not hold, in words that let it be repeated."""

    def count(self, held: bool, words: str) -> None:
        """Note one attack, and ``words`` about it when it did not hold."""
        self.tried += 1
        if not held:
            self.failures.append(words)
