"""Types of the fields of documents: enums and keywords. Reference: *Documents*."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal, Required, TypedDict

from kycaid_async.values.enums import OpenEnum


class DocumentType(OpenEnum):
    """The 20 types of the reference.

    Others are observed: ``OTHER``, ``SELFIE`` and ``VISA``, which servers under other names take. They are sent, and
    warn once.
    """

    ADDRESS_DOCUMENT = "ADDRESS_DOCUMENT"
    AUTHORISED_PERSON = "AUTHORISED_PERSON"
    BANK_STATEMENT = "BANK_STATEMENT"
    COMPANY_LEGAL_ADDRESS = "COMPANY_LEGAL_ADDRESS"
    COMPANY_OWNERSHIP = "COMPANY_OWNERSHIP"
    CREDIT_CARD = "CREDIT_CARD"
    DOMESTIC_PASSPORT = "DOMESTIC_PASSPORT"
    DRIVERS_LICENSE = "DRIVERS_LICENSE"
    FINANCIAL_DOCUMENT = "FINANCIAL_DOCUMENT"
    FOREIGN_CITIZEN_PASSPORT = "FOREIGN_CITIZEN_PASSPORT"
    GOVERNMENT_ID = "GOVERNMENT_ID"
    PASSPORT = "PASSPORT"
    PERMANENT_RESIDENCE_PERMIT = "PERMANENT_RESIDENCE_PERMIT"
    REFUGEE_CARD = "REFUGEE_CARD"
    REGISTRATION_COMPANY = "REGISTRATION_COMPANY"
    SELFIE_IMAGE = "SELFIE_IMAGE"
    SELFIE_WITH_CREDIT_CARD = "SELFIE_WITH_CREDIT_CARD"
    SELFIE_WITH_DOCUMENT = "SELFIE_WITH_DOCUMENT"
    TAX_ID_NUMBER = "TAX_ID_NUMBER"
    VIDEO = "VIDEO"

    @property
    def may_be_sent(self) -> bool:
        return self.is_known or self in ELSEWHERE


ELSEWHERE: Final = frozenset({"OTHER", "SELFIE", "VISA"})
"""Types that the reference does not list, and that servers under other names take (observed)."""

DocumentTypeName = Literal[
    "ADDRESS_DOCUMENT",
    "AUTHORISED_PERSON",
    "BANK_STATEMENT",
    "COMPANY_LEGAL_ADDRESS",
    "COMPANY_OWNERSHIP",
    "CREDIT_CARD",
    "DOMESTIC_PASSPORT",
    "DRIVERS_LICENSE",
    "FINANCIAL_DOCUMENT",
    "FOREIGN_CITIZEN_PASSPORT",
    "GOVERNMENT_ID",
    "PASSPORT",
    "PERMANENT_RESIDENCE_PERMIT",
    "REFUGEE_CARD",
    "REGISTRATION_COMPANY",
    "SELFIE_IMAGE",
    "SELFIE_WITH_CREDIT_CARD",
    "SELFIE_WITH_DOCUMENT",
    "TAX_ID_NUMBER",
    "VIDEO",
]
"""The values of `DocumentType` as text: type checkers refuse others."""


class DocumentProvider(OpenEnum):
    """The person or the service that made the document."""

    ADMIN = "ADMIN"
    """A manager."""
    IN_AADHAAR = "IN_AADHAAR"
    """India's Aadhaar service."""
    KZ_ADATA = "KZ_ADATA"
    """Kazakhstan's Adata service."""
    MANUAL = "MANUAL"
    """A request to the API, or a form."""
    RECOGNITION = "RECOGNITION"
    """The recognition service."""
    UA_BANK_ID = "UA_BANK_ID"
    """Ukraine's BankID service."""
    UA_DIIA = "UA_DIIA"
    """Ukraine's Diia service."""


class DocumentStatus(OpenEnum):
    """The progress of a document's review."""

    NEW = "new"
    """Not reviewed yet."""
    VALID = "valid"
    """Reviewed and accepted."""
    INVALID = "invalid"
    """Reviewed and declined; see the decline reasons."""


class IncomeSource(OpenEnum):
    """A source of earnings."""

    SALARY = "SALARY"
    DIVIDENDS = "DIVIDENDS"
    SALE_PROPERTY = "SALE_PROPERTY"
    SAVINGS = "SAVINGS"
    DIVORCE_SETTLEMENTS = "DIVORCE_SETTLEMENTS"
    INHERITANCE = "INHERITANCE"
    LOAN = "LOAN"
    INVESTMENTS = "INVESTMENTS"
    OTHER = "OTHER"


IncomeSourceName = Literal[
    "SALARY",
    "DIVIDENDS",
    "SALE_PROPERTY",
    "SAVINGS",
    "DIVORCE_SETTLEMENTS",
    "INHERITANCE",
    "LOAN",
    "INVESTMENTS",
    "OTHER",
]
"""The values of `IncomeSource` as text: type checkers refuse others."""


class AnnualIncome(OpenEnum):
    """Groups of yearly income in euros."""

    ANNUAL_INCOME_GROUP_1 = "ANNUAL_INCOME_GROUP_1"
    """Below 50,000."""
    ANNUAL_INCOME_GROUP_2 = "ANNUAL_INCOME_GROUP_2"
    """50,000 to 100,000."""
    ANNUAL_INCOME_GROUP_3 = "ANNUAL_INCOME_GROUP_3"
    """100,000 to 300,000."""
    ANNUAL_INCOME_GROUP_4 = "ANNUAL_INCOME_GROUP_4"
    """Above 300,000."""


AnnualIncomeName = Literal[
    "ANNUAL_INCOME_GROUP_1", "ANNUAL_INCOME_GROUP_2", "ANNUAL_INCOME_GROUP_3", "ANNUAL_INCOME_GROUP_4"
]
"""The values of `AnnualIncome` as text: type checkers refuse others."""


class DocumentContents(TypedDict, total=False):
    """Keywords of what a document says."""

    document_number: str | None
    additional_number: str | None
    issue_date: date | str | None
    expiry_date: date | str | None
    issuing_authority: str | None
    income_sources: Sequence[IncomeSource | IncomeSourceName]
    annual_income: AnnualIncome | AnnualIncomeName | None
    transaction_amount: float | None
    transaction_currency: str | None
    transaction_datetime: datetime | str | None
    transaction_purpose: str | None
    origin_funds: str | None
    card_number: str | None
    account_number: str | None
    front_side_id: str | None
    back_side_id: str | None
    other_side_1_id: str | None
    other_side_2_id: str | None
    other_side_3_id: str | None


class DocumentChanges(DocumentContents, total=False):
    """Keywords of ``documents.update``."""

    type: DocumentType | DocumentTypeName


class DocumentFields(DocumentContents, total=False):
    """Keywords of ``documents.create``: ``type``, one owner, and what the document has."""

    type: Required[DocumentType | DocumentTypeName]
    applicant_id: str
    affiliated_person_id: str
