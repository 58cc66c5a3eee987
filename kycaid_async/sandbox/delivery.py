"""What became of a callback."""

from typing import Final

import attrs

_OK: Final = 200


@attrs.frozen(kw_only=True)
class Delivery:
    """What became of a callback so far."""

    type: str
    """As in ``VERIFICATION_COMPLETED``."""
    request_id: str
    host: str
    """The host it goes to."""
    status: int | None = None
    """What the receiver answered last; None when it did not answer."""
    attempts: int = 0

    @property
    def arrived(self) -> bool:
        """True once the receiver answered 200."""
        return self.status == _OK
