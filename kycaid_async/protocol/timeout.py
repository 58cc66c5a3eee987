"""Time limits of a call."""

import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import ValueObject


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Timeout(ValueObject):
    """Time limits in seconds; None switches one off.

    A plain number in place of this object sets ``read``, ``progress`` and ``total``, and bounds ``connect``. Limits are
    judged by what has arrived: an answer that came while the event loop was held up, or the process stopped, counts.
    """

    connect: float | None = 10.0
    """To make a connection, TLS included."""
    read: float | None = 30.0
    """Between two arrivals of data, once the request is sent."""
    progress: float | None = 30.0
    """In an upload: between two moments at which a byte left."""
    total: float | None = 90.0
    """For a whole call: all attempts and the pauses between them, from its first turn on; waiting for that, behind
    other calls or a pause the server asked for, does not count. It does not bind the sending of files, which has
    ``progress`` instead, but the answer to it."""

    def __attrs_post_init__(self) -> None:
        for name in ("connect", "read", "progress", "total"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigurationError(f"timeout: {name} must be more than 0 seconds, or None")

    @classmethod
    def of(cls, value: "Timeout | float | None") -> "Timeout":
        """Return ``value`` as a Timeout. None means the defaults."""
        if isinstance(value, Timeout):
            return value
        if value is None:
            return cls()
        return cls(connect=min(10.0, value), read=value, progress=value, total=value)
