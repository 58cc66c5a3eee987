"""Documents as they are sent and as they come back. Reference: *Documents*."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, ClassVar

from kycaid_async.api.documents.fields import (
    AnnualIncome,
    AnnualIncomeName,
    CardNumber,
    Currency,
    DocumentProvider,
    DocumentStatus,
    DocumentType,
    DocumentTypeName,
    IncomeSource,
    IncomeSourceName,
    Text50,
    Text255,
)
from kycaid_async.values.constraints import DateIn, IdText, ObjectId, Shown, TimeIn
from kycaid_async.values.decline_reasons import DeclineReason, read_reasons
from kycaid_async.values.model import Request, Response, request, response
from kycaid_async.values.unset import UNSET, Maybe, Opt


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


@response
class Document(Response):
    """A document. Reference: *Documents / Get a document*.

    Inside an applicant some keys may be missing, and others appear: those are in ``extra``.
    """

    document_id: IdText | None = None
    applicant_id: IdText | None = None
    type: DocumentType | None = None
    provider: DocumentProvider | None = None
    """The person or the service that made it."""
    status: DocumentStatus | None = None
    """``new`` until it is reviewed, then ``valid`` or ``invalid``."""
    comment: str | None = None
    """The reviewer's remark on a decline."""
    document_number: str | None = None
    additional_number: str | None = None
    issue_date: date | None = None
    expiry_date: date | None = None
    issuing_authority: str | None = None
    income_sources: list[IncomeSource] | None = None
    annual_income: AnnualIncome | None = None
    transaction_amount: float | None = None
    """In units of ``transaction_currency``."""
    transaction_currency: str | None = None
    transaction_datetime: datetime | None = None
    """Aware; read as UTC, since the vendor does not say."""
    transaction_purpose: str | None = None
    origin_funds: str | None = None
    card_number: str | None = None
    account_number: str | None = None
    portrait: str | None = None
    """URL of the face that was cut out of the document. A secret: whoever has it can fetch the image."""
    front_side_id: IdText | None = None
    front_side: str | None = None
    """URL of the file. A secret, as all URLs of files."""
    back_side_id: IdText | None = None
    back_side: str | None = None
    other_side_1_id: IdText | None = None
    other_side_1: str | None = None
    other_side_2_id: IdText | None = None
    other_side_2: str | None = None
    other_side_3_id: IdText | None = None
    other_side_3: str | None = None
    """The reference describes this one as an id of a file, unlike its siblings. Expect a URL, accept any text."""
    created_at: Annotated[datetime, Shown] | None = None
    """Aware; read as UTC, since the vendor does not say."""
    decline_reasons_ids: list[int] | None = None
    """As the server sent them. See `reasons`."""
    decline_reasons: list[DeclineReason] | None = None
    """The reasons given by name. See `reasons`."""
    affiliated_person_id: IdText | None = None
    """The owner, when it is an affiliated person. The name of this key is inferred."""
    front_side_size: int | None = None
    """Bytes. Observed, as the fields below are."""
    front_side_signature: str | None = None
    back_side_signature: str | None = None
    other_side_1_signature: str | None = None
    other_side_2_signature: str | None = None
    other_side_3_signature: str | None = None
    origin_other_side_1: str | None = None
    origin_other_side_2: str | None = None
    origin_other_side_3: str | None = None

    @property
    def reasons(self) -> list[DeclineReason]:
        """Every reason for a decline, whether it came as an id or as a name, each once."""
        by_id = read_reasons(self.decline_reasons_ids or [])
        return list(dict.fromkeys([*by_id, *(self.decline_reasons or ())]))
