"""Dates and times as the API writes them: ``YYYY-MM-DD`` and ``YYYY-MM-DD HH:mm:ss``.

The vendor does not say which zone its times are in. A ``created_at`` seen in 2022 equalled the GMT ``Date`` header
of its answer, so times are read as UTC and given back aware.
"""

import re
from datetime import UTC, date, datetime
from typing import Any

from kycaid_async.values.mismatch import Mismatch

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_DATE_LENGTH = len("YYYY-MM-DD")
_TIME_LENGTH = len("YYYY-MM-DD HH:mm:ss")


def read_date(raw: Any) -> date:
    """Return the date that ``raw`` spells. Raises `Mismatch`."""
    # fromisoformat() also takes basic and week dates, which the API does not write.
    if raw.__class__ is str and len(raw) == _DATE_LENGTH and raw[4] == raw[7] == "-":
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise Mismatch("a date as YYYY-MM-DD", raw)


def read_time(raw: Any) -> datetime:
    """Return the time that ``raw`` spells, aware and in UTC. Raises `Mismatch`."""
    if raw.__class__ is str and _TIME.fullmatch(raw):
        try:
            if len(raw) == _TIME_LENGTH:
                return datetime.fromisoformat(raw + "+00:00")  # quicker than to set the zone afterwards
            moment = datetime.fromisoformat(raw)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Mismatch("a time as YYYY-MM-DD HH:mm:ss", raw)


def write_time(moment: datetime) -> str:
    """Return ``moment`` as the API writes it, in UTC. A time without a zone is taken to be UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")
