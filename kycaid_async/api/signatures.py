"""Bases of the sections that are derived at run time: what type checkers and editors see of these.

The signatures stand in ``signatures.pyi``, which ``python -m tests.derived`` writes.
"""


class RawSignatures:
    """The sections of ``client.with_raw_response``."""


class BlockingSignatures:
    """The sections of the blocking client."""


class BlockingRawSignatures:
    """The sections of ``client.with_raw_response`` of the blocking client."""
