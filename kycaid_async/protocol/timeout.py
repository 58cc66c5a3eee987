"""Time limits of a call."""

import math

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.options import SECONDS, SECONDS_OR_ENDLESS
from kycaid_async.tracebacks import guarded

_NUMBER = attrs.evolve(SECONDS_OR_ENDLESS, expected=f"{SECONDS.expected}, or a Timeout")
_LIMIT = SECONDS.or_none("no limit")


def _finite(value: float | None) -> float | None:
    return None if value == math.inf else value


@guarded
@attrs.frozen(kw_only=True, eq=False, repr=False)
class Timeout(ValueObject):
    """Time limits in seconds; None switches one off.

    A plain number in place of this object sets ``read``, ``progress`` and ``total``, and bounds ``connect``. Limits are
    judged by what has arrived: an answer that came while the event loop was held up, or the process stopped, counts.
    """

    connect: float | None = attrs.field(default=10.0, converter=_finite, validator=_LIMIT.of_option("timeout: connect"))
    """To make a connection, TLS included."""
    read: float | None = attrs.field(default=30.0, converter=_finite, validator=_LIMIT.of_option("timeout: read"))
    """Between two arrivals of data, once the request is sent."""
    progress: float | None = attrs.field(
        default=30.0, converter=_finite, validator=_LIMIT.of_option("timeout: progress")
    )
    """In an upload: between two moments at which a byte left, and until the file is open and its start is read."""
    total: float | None = attrs.field(default=90.0, converter=_finite, validator=_LIMIT.of_option("timeout: total"))
    """For a whole call: all attempts and the pauses between them, from its first turn on; waiting for that, behind
    other calls or a pause the server asked for, does not count. It does not bind the sending of files, which has
    ``progress`` instead, but the answer to it."""

    @classmethod
    def of(cls, value: "Timeout | float | None") -> "Timeout":
        """Return ``value`` as a Timeout. None means the defaults. Raises `ConfigurationError`."""
        if isinstance(value, Timeout):
            return value
        if value is None:
            return cls()
        _NUMBER.check("timeout", value)
        return cls(connect=min(10.0, value), read=value, progress=value, total=value)
