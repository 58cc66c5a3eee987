"""What the benchmark server answers: the example of the vendor's reference, and ids."""

import itertools
import json
from typing import Any

KEY = "k" * 36
DOCUMENT_ID = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
APPLICANT_ID = "723f46ab04feb64f442946f2953a67eaecf7"
FILE_ID = "46b05f5c14c162402d186822fa0314c6162c"

DOCUMENT: dict[str, Any] = {
    "document_id": DOCUMENT_ID,
    "applicant_id": APPLICANT_ID,
    "type": "CREDIT_CARD",
    "provider": "MANUAL",
    "status": "new",
    "comment": None,
    "document_number": None,
    "additional_number": None,
    "issue_date": "2020-11-04",
    "expiry_date": "2028-11-04",
    "issuing_authority": None,
    "income_sources": [],
    "annual_income": None,
    "transaction_amount": None,
    "transaction_currency": None,
    "transaction_datetime": None,
    "transaction_purpose": None,
    "origin_funds": None,
    "card_number": "5375411422962063",
    "account_number": "UA383220010000026200330646508",
    "portrait": None,
    "front_side_id": FILE_ID,
    "front_side": None,
    "back_side_id": None,
    "back_side": None,
    "other_side_1_id": None,
    "other_side_1": None,
    "other_side_2_id": None,
    "other_side_2": None,
    "other_side_3_id": None,
    "other_side_3": None,
    "created_at": "2024-07-01 15:27:15",
    "decline_reasons_ids": None,
    "decline_reasons": [],
}
APPLICANT = {
    "applicant_id": APPLICANT_ID,
    "type": "PERSON",
    "first_name": "Jane",
    "last_name": "Example",
    "dob": "1990-02-03",
    "residence_country": "GB",
    "email": "jane@example.com",
    "verification_status": "unused",
    "created_at": "2024-07-01 15:27:15",
    "documents": [],
}
CREDIT_CARD: dict[str, Any] = {
    "applicant_id": APPLICANT_ID,
    "card_number": "5375411422962063",
    "front_side_id": FILE_ID,
}
NEW_DOCUMENT = {"type": "CREDIT_CARD", **CREDIT_CARD}


def _answer(value: object, status: str = "200 OK") -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


ROUTES = (
    (b"GET /documents/", _answer(DOCUMENT)),
    (b"POST /files ", _answer({"file_id": FILE_ID})),
    (b"POST /applicants ", _answer({"applicant_id": APPLICANT_ID})),
    (b"GET /applicants/", _answer(APPLICANT)),
)
CREATED = _answer({"document_id": DOCUMENT_ID})
NOT_FOUND = _answer({"type": "not_found"}, "404 Not Found")


_NUMBERS = itertools.count()


def answer_to(head: bytes) -> bytes:
    """Return the whole answer to a request by the first bytes of its head. Each new document has an id of its own."""
    if head.startswith(b"POST /documents "):
        return CREATED.replace(DOCUMENT_ID.encode(), b"%036x" % next(_NUMBERS))
    return next((answer for start, answer in ROUTES if head.startswith(start)), NOT_FOUND)
