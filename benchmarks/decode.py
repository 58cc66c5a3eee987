"""A document from bytes to an object: what ``client.documents.get`` does with an answer's body, without the network.

cattrs as it comes and pydantic read the same fields with the same types, dates and enums included; msgspec too, apart
from the form of the times, which it does not know. ``json.loads`` and ``orjson.loads`` alone make no object at all.
"""

import enum
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from benchmarks.harness.answers import DOCUMENT
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.report import Figure, Report, command, show
from benchmarks.harness.rounds import compare
from benchmarks.harness.spreading import Work, repeated

_ISO_BODY = json.dumps(DOCUMENT | {"created_at": DOCUMENT["created_at"].replace(" ", "T")}).encode()
BODY = json.dumps(DOCUMENT).encode()

Type = enum.StrEnum("Type", ["CREDIT_CARD", "PASSPORT", "DRIVERS_LICENSE"])
Provider = enum.StrEnum("Provider", ["MANUAL", "AUTO"])
Status = enum.StrEnum("Status", ["new", "valid", "invalid"])
Income = enum.StrEnum("Income", ["SAVINGS", "OTHER"])
_TYPES: dict[str, Any] = {
    "type": Type,
    "provider": Provider,
    "status": Status,
    "issue_date": date,
    "expiry_date": date,
    "income_sources": list[Income],
    "annual_income": Income,
    "transaction_amount": float,
    "transaction_datetime": datetime,
    "created_at": datetime,
    "decline_reasons_ids": list[int],
    "decline_reasons": list[str],
}
FIELDS: dict[str, Any] = {name: _TYPES.get(name, str) | None for name in DOCUMENT}


def _upper(name: str) -> str:
    return name


for _enum in (Type, Provider, Income):
    assert next(iter(_enum)).name.isupper()


@contextmanager
def sdk(_: Case) -> Iterator[Work]:
    from kycaid_async.api.documents import GET
    from kycaid_async.protocol.response import Answer, decode

    yield repeated(lambda: decode(GET, Answer(200, {}, BODY)))
