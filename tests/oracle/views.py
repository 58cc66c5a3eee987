"""How the documents of an applicant are shown: whole, or as a server shows them that is behind, or cuts lists short."""

import json
import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

SIDES = ("front_side", "back_side", "other_side_1", "other_side_2", "other_side_3")
_TEXTS = (
    "document_number",
    "additional_number",
    "issue_date",
    "expiry_date",
    "issuing_authority",
    "annual_income",
    "transaction_amount",
    "transaction_currency",
    "transaction_datetime",
    "transaction_purpose",
    "origin_funds",
    "card_number",
    "account_number",
)


def shown(documents: list[sqlite3.Row], view: dict[str, Any], *, alone: bool = False) -> dict[str, Any]:
    """Return what an applicant shows of its documents, under the names that it has for them; ``alone`` for one by id.

    ``view``: ``stale`` seconds until a document appears; ``half``: every second; ``page``: the first so many; ``nulls``
    in place of files; ``no_ids``, ``no_files`` and ``no_types`` leave names out of a list; ``list`` is what stands in
    place of it.
    """
    now = time.time()
    listed = [document for document in documents if now - document["made"] >= view.get("stale", 0)]
    if alone:
        return {"documents": [_whole(document, view, alone=True) for document in listed]}
    if "list" in view:
        return {} if view["list"] == "absent" else {"documents": view["list"]}
    if view.get("half"):
        listed = listed[::2]
    if "page" in view:
        listed = listed[: view["page"]]
    return {"documents": [_whole(document, view, alone=False) for document in listed]}


def _whole(document: sqlite3.Row, view: dict[str, Any], *, alone: bool) -> dict[str, Any]:
    said = json.loads(document["body"])
    found = {"document_id": document["id"], "type": document["type"], "provider": "MANUAL", "status": "new"}
    found |= {name: said.get(name) for name in _TEXTS}
    found |= {"income_sources": said.get("income_sources", []), "decline_reasons": [], "comment": None}
    found["created_at"] = datetime.fromtimestamp(document["made"], UTC).strftime("%Y-%m-%d %H:%M:%S")
    if view.get("no_files") and not alone:
        return found
    for side in SIDES:
        file_id = None if view.get("nulls") else said.get(f"{side}_id")
        found |= {f"{side}_id": file_id, side: file_id and f"https://files.example/{file_id}?signature=x"}
    if not alone:
        for name in ("document_id",) if view.get("no_ids") else ("type",) if view.get("no_types") else ():
            del found[name]
    return found
