"""The fields of a document that is sent. Reference: *Documents / Create a document*, *Update a document*."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, ClassVar, TypedDict

from kycaid_async.api.document_words import (
    AnnualIncome,
    AnnualIncomeName,
    DocumentType,
    DocumentTypeName,
    IncomeSource,
    IncomeSourceName,
)
from kycaid_async.values.constraints import DateIn, Length, ObjectId, Shown, TimeIn
from kycaid_async.values.model import Request, request
from kycaid_async.values.unset import UNSET, Maybe, Opt

Text50 = Annotated[str, Length(0, 50)]
Text255 = Annotated[str, Length(0, 255)]
CardNumber = Annotated[str, Length(12, 19)]
Currency = Annotated[str, Length(0, 3), Shown]


@request
class DocumentDetails(Request):
    """The fields that every document may have, in the order of the reference.

    The reference prints a table of fields for CREDIT_CARD alone, so no field is refused on any type.
    """

    document_number: Opt[Text50] = UNSET
    """Number of the document: at most 50 characters."""
    additional_number: Opt[Text50] = UNSET
    """A second number on the document, such as a tax number: at most 50 characters."""
    issue_date: Opt[DateIn] = UNSET
    """A date, or text as ``YYYY-MM-DD``."""
    expiry_date: Opt[DateIn] = UNSET
    """A date, or text as ``YYYY-MM-DD``."""
    issuing_authority: Opt[Text255] = UNSET
    """At most 255 characters."""
    income_sources: Maybe[Sequence[IncomeSource | IncomeSourceName]] = UNSET
    annual_income: Opt[AnnualIncome | AnnualIncomeName] = UNSET
    transaction_amount: Opt[float] = UNSET
    """In units of ``transaction_currency``."""
    transaction_currency: Opt[Currency] = UNSET
    """ISO 4217 or a ticker: at most 3 characters."""
    transaction_datetime: Opt[TimeIn] = UNSET
    """A time, sent in UTC (one without a zone as it is), or text as ``YYYY-MM-DD HH:mm:ss``."""
    transaction_purpose: Opt[Text255] = UNSET
    """At most 255 characters."""
    origin_funds: Opt[Text255] = UNSET
    """Where the money comes from: at most 255 characters."""
    card_number: Opt[CardNumber] = UNSET
    """Number of a payment card: 12 to 19 characters."""
    account_number: Opt[Text50] = UNSET
    """Number of a bank account, such as an IBAN: at most 50 characters."""
    front_side_id: Opt[ObjectId] = UNSET
    """Id of the file of the front side or first page."""
    back_side_id: Opt[ObjectId] = UNSET
    """Id of the file of the back side or second page."""
    other_side_1_id: Opt[ObjectId] = UNSET
    other_side_2_id: Opt[ObjectId] = UNSET
    other_side_3_id: Opt[ObjectId] = UNSET


@request
class DocumentUpdate(DocumentDetails):
    """Changes of a document: what is left out stays as it is."""

    first: ClassVar[tuple[str, ...]] = ("type",)
    at_least_one: ClassVar[bool] = True

    type: Maybe[DocumentType | DocumentTypeName] = UNSET


class DocumentChanges(TypedDict, total=False):
    """Keywords of ``documents.update``."""

    type: DocumentType | DocumentTypeName
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


class DocumentFields(DocumentChanges, total=False):
    """Keywords of ``documents.create``: ``type``, one owner, and what the document has."""

    applicant_id: str
    affiliated_person_id: str
