"""What can be done to a running sandbox besides requests: by a test, by a dashboard."""

from collections.abc import Iterable
from typing import Literal

import attrs

from kycaid_async.sandbox.courier import Delivery
from kycaid_async.sandbox.feed import Feed, Watch
from kycaid_async.sandbox.overview import ApplicantRow, DocumentRow, VerificationRow
from kycaid_async.sandbox.review.outcome import Verdict
from kycaid_async.sandbox.state import State
from kycaid_async.values.decline_reasons import DeclineReason

Reason = DeclineReason | str | int
"""A decline reason, its name or its id."""


@attrs.frozen
class Control:
    """Acts on a sandbox from its own event loop."""

    _state: State
    _feed: Feed

    def next_outcome(
        self, verdict: Verdict, *reasons: Reason, of: Literal["verification", "document"] = "verification"
    ) -> None:
        """Decide about the next verification, or document, that is created without a header ``x-sandbox-outcome``.

        ``next_outcome("decline", "EXPIRED_DOCUMENT", "OTHER")``; ``"approve"``; ``"pending"`` leaves it as it is until
        `decide`. Called again it decides about the one after that. Raises `ValueError` for reasons that do not exist,
        and for reasons of anything but a decline. A decline without reasons is for OTHER.
        """
        raise NotImplementedError

    async def decide(
        self, id_: str, *, approve: bool, reasons: Iterable[Reason] = (), comment: str | None = None
    ) -> None:
        """Decide about a document or a verification, as a person does; also about one that was decided before.

        Documents of a verification that nobody has decided about are decided with it. A callback is sent for a
        verification. Raises `KeyError` for an unknown id, and `ValueError` for a form that nobody completed, for
        unknown reasons, and for reasons of an approval. A decline without reasons is for OTHER.
        """
        raise NotImplementedError

    async def applicants(self, *, offset: int = 0, count: int = 50) -> list[ApplicantRow]:
        """Return applicants, newest first."""
        raise NotImplementedError

    async def documents(
        self, *, offset: int = 0, count: int = 50, applicant_id: str | None = None
    ) -> list[DocumentRow]:
        """Return documents with their files, newest first: all, or those of one applicant."""
        raise NotImplementedError

    async def verifications(
        self, *, offset: int = 0, count: int = 50, applicant_id: str | None = None
    ) -> list[VerificationRow]:
        """Return verifications, newest first: all, or those of one applicant."""
        raise NotImplementedError

    async def balance(self) -> float | None:
        """Return how many euros are left; None for an account that never runs out."""
        raise NotImplementedError

    async def set_balance(self, euros: float | None) -> None:
        """Set how many euros are left; None for an account that never runs out. Raises `ValueError`."""
        raise NotImplementedError

    async def resend(self, delivery: Delivery | str) -> None:
        """Send a callback again with the same body: a delivery, or its ``request_id``. Raises `KeyError`."""
        raise NotImplementedError

    def watch(self) -> Watch:
        """Return the feed of events from now on: ``with sandbox.watch() as events: async for event in events``."""
        return self._feed.watch()
