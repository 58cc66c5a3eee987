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
