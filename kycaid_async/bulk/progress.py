"""How far a run is."""

from collections import deque
from typing import Final

import attrs

from kycaid_async.bulk.result import BulkSummary

_WINDOW: Final = 10.0
_STEP: Final = 0.25


@attrs.frozen(kw_only=True)
class BulkProgress:
    """A run at one moment."""

    summary: BulkSummary
    """What is done so far."""
    in_flight: int
    """Rows under way."""
    waiting: int = 0
    """Rows that wait: for the server, for an applicant that another row makes, or to be asked for after a lost answer.
    They hold up no other row."""
    concurrency: int
    """How many rows may be under way, as far as the server's answers have taught."""
    documents_per_second: float
    """Over the last ten seconds."""
    bytes_per_second: float
    """Over the last ten seconds."""
    trouble: str = ""
    """What came in place of the last answer: the text of an error. Empty while answers come."""


class Meter:
    """Rates over the last seconds, out of samples that are never closer than a quarter of a second."""

    def __init__(self, now: float) -> None:
        self._samples: deque[tuple[float, int, int]] = deque([(now, 0, 0)])

    def note(self, now: float, documents: int, size: int) -> None:
        """Note how many documents and bytes were done until now."""
        samples = self._samples
        if now - samples[-1][0] < _STEP:
            return
        samples.append((now, documents, size))
        while len(samples) > 2 and samples[1][0] <= now - _WINDOW:  # noqa: PLR2004 - two points make a rate
            samples.popleft()

    def rates(self, now: float, documents: int, size: int) -> tuple[float, float]:
        """Return documents and bytes per second."""
        then, earlier_documents, earlier_size = self._samples[0]
        seconds = max(now - then, _STEP)
        return (documents - earlier_documents) / seconds, (size - earlier_size) / seconds
