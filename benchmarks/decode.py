"""A document from bytes to an object: what ``client.documents.get`` does with the body of an answer.

cattrs as it comes, pydantic and msgspec read the same fields with the same types, enums and dates included.
``json.loads`` and ``orjson.loads`` alone make no object.
"""

import enum
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from benchmarks.harness.answers import DOCUMENT
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.figures import at_most
from benchmarks.harness.report import Report, command, show
from benchmarks.harness.rounds import compare
from benchmarks.harness.spreading import Work, repeated

BODY = json.dumps(DOCUMENT).encode()

Peer = Callable[[Case], Any]


def _fields() -> dict[str, Any]:
    """Return the document's fields with their types, in plain Python types."""
    from kycaid_async import AnnualIncome, DocumentProvider, DocumentStatus, DocumentType, IncomeSource

    def plain(ours: type[enum.Enum]) -> Any:
        return enum.StrEnum(ours.__name__, {member.name: member.value for member in ours})

    special: dict[str, Any] = {
        "type": plain(DocumentType),
        "provider": plain(DocumentProvider),
        "status": plain(DocumentStatus),
        "issue_date": date,
        "expiry_date": date,
        "income_sources": list[plain(IncomeSource)],  # type: ignore[misc]
        "annual_income": plain(AnnualIncome),
        "transaction_amount": float,
        "transaction_datetime": datetime,
        "created_at": datetime,
        "decline_reasons_ids": list[int],
        "decline_reasons": list[str],
    }
    return {name: special.get(name, str) | None for name in DOCUMENT}


def _sdk() -> Callable[[], object]:
    from kycaid_async.api.documents.section import GET
    from kycaid_async.protocol.response import Answer, decode

    return lambda: decode(GET, Answer(200, {}, BODY))


def _default_cattrs() -> Callable[[], object]:
    import attrs
    import cattrs

    model = attrs.make_class("Document", {n: attrs.field(type=t, default=None) for n, t in _fields().items()})
    converter = cattrs.Converter()
    converter.register_structure_hook(date, lambda raw, _: date.fromisoformat(raw))
    converter.register_structure_hook(datetime, lambda raw, _: datetime.fromisoformat(raw))
    return lambda: converter.structure(json.loads(BODY), model)


def _msgspec() -> Callable[[], object]:
    import msgspec

    model = msgspec.defstruct("Document", [(name, type_, None) for name, type_ in _fields().items()])
    decoder = msgspec.json.Decoder(model)
    return lambda: decoder.decode(BODY)


def _pydantic() -> Callable[[], object]:
    import pydantic

    fields: dict[str, Any] = {name: (type_, None) for name, type_ in _fields().items()}
    model = pydantic.create_model("Document", **fields)
    return lambda: model.model_validate_json(BODY)


def _json() -> Callable[[], object]:
    return lambda: json.loads(BODY)


def _orjson() -> Callable[[], object]:
    import orjson

    return lambda: orjson.loads(BODY)


def _peer(prepare: Callable[[], Callable[[], object]]) -> Peer:
    @contextmanager
    def peer(_: Case) -> Iterator[Work]:
        decode = prepare()
        yield repeated(lambda _number: decode())

    return peer


PEERS = {
    "kycaid_async": _peer(_sdk),
    "cattrs as it comes": _peer(_default_cattrs),
    "pydantic": _peer(_pydantic),
    "msgspec": _peer(_msgspec),
    "json.loads": _peer(_json),
    "orjson.loads": _peer(_orjson),
}


def run(plan: Plan) -> Report:
    case = Case(title=f"a document of {len(DOCUMENT)} fields from {len(BODY):,} bytes")
    made = compare("benchmarks.decode", case, PEERS, plan)
    show(made)
    against = made.ratio("kycaid_async", "pydantic", "cpu")
    return Report([made], [at_most("decode a document, CPU ÷ pydantic v2 model_validate_json", against, 0.65)])


if __name__ == "__main__":
    command("decode", run)
