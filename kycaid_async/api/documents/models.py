"""Documents as they are sent. Reference: *Documents*."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from kycaid_async.api.documents.fields import (
    AnnualIncome,
    AnnualIncomeName,
    DocumentType,
    DocumentTypeName,
    IncomeSource,
    IncomeSourceName,
)
from kycaid_async.values.constraints import DateIn, Length, ObjectId, TimeIn
from kycaid_async.values.fields import Shown
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

    leading_fields: ClassVar[tuple[str, ...]] = ("type",)
    at_least_one: ClassVar[bool] = True

    type: Maybe[DocumentType | DocumentTypeName] = UNSET


@request
class ApplicantDocument(DocumentDetails):
    """A document of an applicant, of any type. The classes below are the types of the reference."""

    leading_fields: ClassVar[tuple[str, ...]] = ("applicant_id", "type")

    applicant_id: ObjectId
    """Id of the applicant: 36 characters."""
    type: DocumentType | DocumentTypeName


@request
class AffiliatedPersonDocument(DocumentDetails):
    """A document of an affiliated person, of any type. The classes below are the types of the reference."""

    leading_fields: ClassVar[tuple[str, ...]] = ("affiliated_person_id", "type")

    affiliated_person_id: ObjectId
    """Id of the affiliated person: 36 characters. The name of this key is inferred."""
    type: DocumentType | DocumentTypeName


NewDocument = ApplicantDocument | AffiliatedPersonDocument
