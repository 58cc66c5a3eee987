"""Callbacks as KYCAID sends them, and the vendor's published example of a signature."""

import json
from typing import Any

from kycaid_async.callbacks import sign

VECTOR_KEY = "28c6f7cc0345a04eee0b535039b1c5a62547"
VECTOR_BODY = (
    b'{"request_id":"61a7dbcc012d9042e909cf006e7b412d6ba5","type":"VERIFICATION_STATUS_CHANGED",'
    b'"applicant_id":"4141cc1b18dba048470b2961cb4592f480fe","verification_id":"2cf795e713be1040e50b202164ee17bfdfbe",'
    b'"form_id":"58bed87600dd9944f02ba0c9cd8b32d6bd4c","verification_status":"pending"}'
)
VECTOR_SIGNATURE = (
    "f7681b097b77928fc031d614709976796057c306cf77fdd449bb414937bd87678d908d7efaa65e9b1dd65b9eeea2121ea75bd9007f44fe8f"
    "cd7c9ac6cdeeef0e"
)

KEY = "c0ffee00c0ffee00c0ffee00c0ffee00c0ff"
OTHER_KEY = "decade00decade00decade00decade00deca"
CANARY = "Canary-4111111111111111"

REQUEST = "5eb27e030be7f24a7f19c794926f1d2f2abc"
VERIFICATION = "d2177cdf067d425a221b5d045dc616bf81f9"
APPLICANT = "723f46ab04feb64f442946f2953a67eaecf7"
FORM = "d87132ba092d8148ba1891736832d0451ac2"
SERVICE = "6bff21e17da144418b7643267ba4502930a9"

COMPLETED: dict[str, Any] = {
    "type": "VERIFICATION_COMPLETED",
    "request_id": REQUEST,
    "verification_id": VERIFICATION,
    "applicant_id": APPLICANT,
    "form_id": FORM,
    "form_token": "7505262b02bb0145c62a04d969eacedb4873",
    "status": "completed",
    "verified": False,
    "verifications": {
        "profile": {"verified": True, "comment": "", "decline_reasons": []},
        "document": {"verified": False, "comment": "", "decline_reasons": ["BAD_QUALITY"]},
    },
    "verification_attempts_left": None,
}
CHANGED: dict[str, Any] = json.loads(VECTOR_BODY)
SCREENING: dict[str, Any] = {
    "type": "DATABASE_SCREENING",
    "applicant_id": APPLICANT,
    "external_applicant_id": "cb1eebbe-9945-4e64-8f60-c920f1e3e237",
    "verification_id": VERIFICATION,
    "document_id": None,
    "bdb_types": ["SANCTIONS"],
    "databases": ["US_OFAC"],
    "accuracy": 87,
}
SERVICE_RESULT: dict[str, Any] = {
    "type": "SERVICE_RESULT",
    "service_request_id": SERVICE,
    "service_request_type": "CRYPTO_ADDRESS_CHECK",
    "service_request_status": "success",
    "result": {
        "risk_score": 0.75,
        "signals": {"atm": 0, "gambling": 1, "scam": None},
        "updated_at": 1725168579,
        "address": "0xbbbb",
        "fiat_code_effective": "usd",
        "counterparty": {"address": "0xcccc"},
        "black_lists_connections": False,
        "has_black_list_flag": False,
        "memo": "",
        "uid": "66d3fbc303614791626230",
        "asset": "ETH",
        "network": "ETH",
        "status": "success",
        "timestamp": "2024-09-01 05:29:39",
    },
}
EXAMPLES = [COMPLETED, CHANGED, SCREENING, SERVICE_RESULT]


def body_of(message: Any) -> bytes:
    return json.dumps(message).encode()


def signed(message: Any, key: str = KEY) -> tuple[bytes, str]:
    body = message if isinstance(message, bytes) else body_of(message)
    return body, sign(body, key)
