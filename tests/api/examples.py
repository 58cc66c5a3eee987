"""The examples of the vendor's reference (*Documents*), and answers as they were recorded, with other values."""

DOCUMENT_ID = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
APPLICANT_ID = "723f46ab04feb64f442946f2953a67eaecf7"
PERSON_ID = "0c1d2e3f405162738495a6b7c8d9eafb0c1d"
ADDRESS_ID = "a7e1c44d0f8b6d4a8c1b2e3f405162738495"
FILE_ID = "46b05f5c14c162402d186822fa0314c6162c"
ACTIVITY_ID = "b969e3d413fb3246f119c4734739f5cac987"

CREATE_DOCUMENT = {
    "applicant_id": APPLICANT_ID,
    "type": "CREDIT_CARD",
    "card_number": "5375411422962063",
    "account_number": "UA383220010000026200330646508",
    "front_side_id": "46b05f5c14c162402d186822fa0314c6162c",
    "back_side_id": "b969e3d413fb3246f119c4734739f5cac987",
    "other_side_1_id": "46b05f5c14c162402d186822fa0314c6162c",
    "other_side_2_id": "f57963fa13e42248fb1b64c3357fc97a8737",
    "other_side_3_id": "b56147eb1c31a248401aed83bf5670f2c520",
}
DOCUMENT_RESULT = {"document_id": DOCUMENT_ID}

GET_DOCUMENT = {
    "document_id": DOCUMENT_ID,
    "applicant_id": APPLICANT_ID,
    "type": "CREDIT_CARD",
    "provider": "MANUAL",
    "status": "new",
    "comment": None,
    "document_number": None,
    "additional_number": None,
    "issue_date": None,
    "expiry_date": None,
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
    "front_side_id": None,
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

UPDATE_DOCUMENT = {
    "type": "DOMESTIC_PASSPORT",
    "document_number": "TH703318A",
    "additional_number": "E2100007T-5",
    "issue_date": "2020-11-04",
    "expiry_date": "2028-11-04",
    "issuing_authority": "Social Security Administration",
    "income_sources": ["SAVINGS", "OTHER"],
    "annual_income": "ANNUAL_INCOME_GROUP_2",
    "transaction_amount": 14008.55,
    "transaction_currency": "EUR",
    "transaction_datetime": "2024-11-16 14:22:54",
    "transaction_purpose": "Payment for additional services",
    "origin_funds": "Business revenues",
    "card_number": "5375411422962063",
    "account_number": "UA383220010000026200330646508",
    "front_side_id": "46b05f5c14c162402d186822fa0314c6162c",
    "back_side_id": "b969e3d413fb3246f119c4734739f5cac987",
    "other_side_1_id": "46b05f5c14c162402d186822fa0314c6162c",
    "other_side_2_id": "f57963fa13e42248fb1b64c3357fc97a8737",
    "other_side_3_id": "b56147eb1c31a248401aed83bf5670f2c520",
}

CREATE_PERSON = {
    "type": "PERSON",
    "first_name": "Jane",
    "last_name": "Example",
    "dob": "1976-02-21",
    "residence_country": "GB",
    "external_applicant_id": "cb1eebbe-9945-4e64-8f60-c920f1e3e237",
}
CREATE_COMPANY = {
    "type": "COMPANY",
    "company_name": "Example Ltd",
    "registration_country": "GB",
    "business_activity_id": ACTIVITY_ID,
    "phone": "+440000000000",
    "email": "office@example.com",
}
APPLICANT_RESULT = {"applicant_id": APPLICANT_ID}
UPDATE_APPLICANT = {"type": "PERSON", "residence_country": "GB"}

# Keys, order and JSON types as recorded in 2022; the values are made up.
GET_PERSON = {
    "applicant_id": APPLICANT_ID,
    "external_applicant_id": None,
    "type": "PERSON",
    "created_at": "2022-09-17 09:35:06",
    "profile_status": None,
    "profile_comment": None,
    "first_name": "Jane",
    "origin_first_name": None,
    "middle_name": None,
    "origin_middle_name": None,
    "last_name": "Example",
    "origin_last_name": None,
    "residence_country": "GB",
    "dob": "1976-02-21",
    "gender": None,
    "email": "jane@example.com",
    "phone": None,
    "wallet_address": None,
    "telegram_username": None,
    "pep": None,
    "custom_field_1": None,
    "custom_field_2": None,
    "custom_field_3": None,
    "custom_field_4": None,
    "custom_field_5": None,
    "decline_reasons": [],
    "addresses": [],
    "documents": [],
    "verification_status": "new",
    "verifications_count": 0,
}
GET_COMPANY = {
    "applicant_id": APPLICANT_ID,
    "type": "COMPANY",
    "company_name": "Example Ltd",
    "registration_country": "GB",
    "registration_number": "12345678",
    "business_activity_id": ACTIVITY_ID,
    "affiliated_persons": [{"affiliated_person_id": PERSON_ID}],
    "addresses": [{"address_id": ADDRESS_ID, "type": "BUSINESS", "full_address": "1 High Street"}],
    "documents": [
        {"document_id": DOCUMENT_ID, "type": "COMPANY_OWNERSHIP", "status": "invalid", "decline_reasons": ["DEBTOR"]}
    ],
    "decline_reasons": ["PROHIBITED_JURISDICTION"],
    "verification_status": "pending",
}

CREATE_ADDRESS = {
    "applicant_id": APPLICANT_ID,
    "type": "REGISTERED",
    "full_address": "45 High Street, Flat 2A, London, SW1A 1AA, United Kingdom",
    "country": "GB",
    "state": None,
    "region": "Scotland",
    "province": "Ontario",
    "city": "London",
    "district": "Westminster",
    "address": "45 High Street, Flat 2A",
    "postal_code": "SW1A 1AA",
    "street_name": "High Street",
    "building_number": "45",
    "unit_number": "Flat 2A",
}
ADDRESS_RESULT = {"address_id": ADDRESS_ID}
FILE_RESULT = {"file_id": FILE_ID}

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00" + bytes(64)

# The examples of the other sections. Where the reference prints none, its keys with values that are made up.

AFFILIATED_ID = "74cec9e50f844748be0bc321a2bf66638f54"
FORM_ID = "d87132ba092d8148ba1891736832d0451ac2"
VERIFICATION_ID = "d2177cdf067d425a221b5d045dc616bf81f9"
SERVICE_REQUEST_ID = "6bff21e17da144418b7643267ba4502930a9"
RULESET_ID = "56ddfc5d0c732248952b1f30a337494fc930"
CALLBACK_URL = "https://kyc.example.com/callbacks"

CREATE_AUTHORISED = {
    "type": "AUTHORISED",
    "applicant_id": APPLICANT_ID,
    "first_name": "Jane",
    "last_name": "Example",
    "title": "CDO",
    "dob": "1976-02-21",
    "residence_country": "GB",
    "nationality": "GB",
    "email": "jane@example.com",
}
CREATE_BENEFICIAL = {
    "type": "BENEFICIAL",
    "applicant_id": APPLICANT_ID,
    "first_name": "Jane",
    "last_name": "Example",
    "share": 50,
    "residence_country": "GB",
}
UPDATE_AFFILIATED = {"title": "CFO", "share": 25.5}
AFFILIATED_RESULT = {"affiliated_person_id": AFFILIATED_ID}

SEARCH_PERSONS = {
    "full_name": "Jane Example",
    "dob": "1976-02-21",
    "residence_country": "GB",
    "bdb_types": ["SANCTIONS"],
}
PERSON_HIT = {
    "full_name": "Jane Example",
    "origin_full_name": None,
    "first_name": "Jane",
    "origin_first_name": None,
    "last_name": "Example",
    "origin_last_name": None,
    "middle_name": None,
    "origin_middle_name": None,
    "residence_country": "GB",
    "dob": "1976-02-21",
    "gender": "F",
    "description": "Reciprocal - 2010-04-30",
    "bdb_name": "Open Sanctions Default",
    "bdb_type": ["SANCTIONS"],
    "accuracy": 75,
}
MATCH_PARAMETERS = {
    "name_match_threshold": 0.85,
    "name_match_weight": 0.5,
    "dob_match_enabled": True,
    "dob_match_weight": 0.25,
    "residence_country_match_enabled": False,
    "residence_country_match_weight": 0,
    "gender_match_enabled": None,
    "gender_match_weight": None,
}
SEARCH_DOCUMENTS = {
    "document_number": "TH703318A",
    "document_type": "DOMESTIC_PASSPORT",
    "document_country": "GB",
    "bdb_types": ["EXPIRED"],
}
DOCUMENT_HIT = {
    "document_number": "TH703318A",
    "document_type": "DOMESTIC_PASSPORT",
    "document_country": "GB",
    "description": None,
    "bdb_name": "Lost documents",
    "bdb_type": ["EXPIRED"],
    "accuracy": 99.5,
}
SEARCH_TAX_IDS = {"tax_id_number": "000000000", "tax_id_country": "GB", "bdb_types": ["SANCTIONS"]}
TAX_ID_HIT = {
    "tax_id_number": "000000000",
    "tax_id_country": "GB",
    "description": None,
    "bdb_name": "Tax debtors",
    "bdb_type": ["SANCTIONS", "WANTED"],
}

CATEGORIES = [
    {
        "business_category_id": ACTIVITY_ID[::-1],
        "labels": [{"label": "Trade", "language_code": "EN"}, {"label": "Handel", "language_code": "DE"}],
        "activities": [
            {"business_activity_id": ACTIVITY_ID, "labels": [{"label": "Retail", "language_code": "EN"}]},
            {"business_activity_id": ADDRESS_ID, "labels": []},
        ],
    },
    {"business_category_id": ADDRESS_ID, "labels": None, "activities": None},
]
COUNTRIES = [
    {
        "country_code": "AT",
        "labels": [{"label": "Austria", "language_code": "EN"}, {"label": "Österreich", "language_code": "DE"}],
    },
    {"country_code": "GB", "labels": [{"label": "United Kingdom", "language_code": "EN"}]},
]
LANGUAGES = [{"language_code": "EN", "labels": [{"label": "English", "language_code": "EN"}]}]

CHECK_ADDRESS = {"hash": "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "asset": "ETH", "callback_url": CALLBACK_URL}
SERVICE_RESULT = {"service_request_id": SERVICE_REQUEST_ID}

FORMS = [{"form_id": FORM_ID, "id": None, "name": "Standard"}, {"id": FORM_ID, "name": None}]
CREATE_FORM_URL = {
    "applicant_id": APPLICANT_ID,
    "external_applicant_id": "cb1eebbe-9945-4e64-8f60-c920f1e3e237",
    "redirect_url": "https://kyc.example.com/complete",
}
FORM_URL = {
    "form_id": FORM_ID,
    "form_url": "https://forms.kycaid.com/000000000000000000000000000000000001",
    "verification_id": VERIFICATION_ID,
}

US_EIDV = {"first_name": "Jane", "last_name": "Example", "dob": "1976-02-21"}
US_EIDV_RESULT = {
    "score": 80,
    "score_descriptions": ["a", {"code": 1}],
    "address_match_type": "PARTIAL_MATCH",
    "name_match_type": "MATCH",
    "dob_match_type": "NO_MATCH",
    "ssn_match_type": None,
}
NG_NIN = {"nin_number": "00000000000"}
NG_NIN_RESULT = {
    "validation": {"valid": True},
    "data": {
        "nin": "00000000000",
        "first_name": "Jane",
        "middle_name": None,
        "last_name": "Example",
        "dob": "1976-02-21",
        "phone": "+2340000000000",
        "email": "jane@example.com",
        "gender": "F",
        "residence_country": "NG",
        "profile_image": "iVBORw0KGgo=",
        "address": {"country": "NG", "state": "Lagos", "district": "Ikeja"},
    },
}

CREATE_VERIFICATION = {"applicant_id": APPLICANT_ID, "form_id": FORM_ID}
VERIFICATION_RESULT = {"verification_id": VERIFICATION_ID}
GET_VERIFICATION = {
    "verification_id": VERIFICATION_ID,
    "applicant_id": APPLICANT_ID,
    "status": "completed",
    "verified": False,
    "verifications": {
        "profile": {"verified": True, "comment": "", "decline_reasons": []},
        "document": {"verified": False, "comment": "", "decline_reasons": ["BAD_QUALITY"]},
    },
}
UPDATE_STATUS = {"verification_status": "approved", "callback_enabled": True}
STATUS_RESULT = {"verification_id": VERIFICATION_ID, "verification_status": "approved"}
REPORT_ROW = {
    "created_at": "2024-11-16 14:22:54",
    "verification_id": VERIFICATION_ID,
    "applicant_id": APPLICANT_ID,
    "external_applicant_id": "user-1",
    "form_id": 12666,
    "status": "completed",
    "service": "KYC",
    "method": "API",
    "verification_types": ["DOCUMENT", "FACIAL"],
    "country_code": "GB",
    "decline_reasons": ["BAD_QUALITY"],
    "processing_time": 116,
    "price": 1.25,
    "mode": "LIVE",
    "name": "Jane Example",
    "dob": "1976-02-21",
    "email": "jane@example.com",
    "phone": "+440000000000",
    "tax_id_number": None,
    "wallet_address": "0x0",
    "telegram_username": "jane",
}

SCREEN_TRANSACTION = {
    "applicant_id": APPLICANT_ID,
    "external_applicant_registered_at": "2025-12-19 18:44:08",
    "transaction": {
        "direction": "incoming",
        "amount": "16.003892000000000000",
        "asset": "GBP",
        "created_at": "2026-02-01 15:27:15",
    },
    "ruleset_id": RULESET_ID,
}
SEARCH_NEWS = {
    "primary_keywords": ["Jane", "Example", "corruption"],
    "secondary_keywords": ["sanctioned"],
    "callback_url": CALLBACK_URL,
}
