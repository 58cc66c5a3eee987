"""Documents as they are sent and as they come back. Reference: *Documents*.

There are 28 kinds to create: twenty belong to an applicant and eight to an affiliated person. Their number, titles and
types are documented; which title goes with which type, and the key ``affiliated_person_id``, are inferred.
"""

from collections.abc import Sequence
from datetime import date, datetime
from types import FunctionType
from typing import Annotated, Any, ClassVar, cast

import attrs

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


class _Kind:
    """Mixed into kinds of documents, which have the ``type`` of their class and share all else.

    A kind is not an attrs class of its own: to make 28 of them takes as long as to import an HTTP library.
    """

    __slots__ = ()

    kind: ClassVar[DocumentType]

    def __init_subclass__(cls, kind: DocumentType | None = None) -> None:
        if kind is None:  # one of the two bases below
            return
        cls.kind = kind
        cls.__init__ = _named(cls.__init__, f"{cls.__name__}.__init__")  # type: ignore[method-assign]  # for its errors
        # Those who ask attrs find the type of this class as the default.
        shared: Any = attrs.fields(cast("type[attrs.AttrsInstance]", cls))
        own = type(shared)(field.evolve(default=kind) if field.name == "type" else field for field in shared)
        cls.__attrs_attrs__ = own  # type: ignore[attr-defined]  # of the attrs class that this is mixed into


def _named(function: Any, name: str) -> Any:
    """Return a copy of a function that has another name."""
    own = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    own.__kwdefaults__, own.__annotations__, own.__qualname__ = function.__kwdefaults__, function.__annotations__, name
    return own


def _kind() -> Any:
    return attrs.field(default=attrs.Factory(lambda document: document.kind, takes_self=True), init=False)


@request
class _ApplicantKind(_Kind, ApplicantDocument):
    type: DocumentType = _kind()


@request
class _AffiliatedPersonKind(_Kind, AffiliatedPersonDocument):
    type: DocumentType = _kind()


class CreditCard(_ApplicantKind, kind=DocumentType.CREDIT_CARD):
    """A payment card. One per applicant; a new one replaces it only after a verification. Documented field by field."""


class DomesticPassport(_ApplicantKind, kind=DocumentType.DOMESTIC_PASSPORT):
    """A passport for use inside its country."""


class DriversLicense(_ApplicantKind, kind=DocumentType.DRIVERS_LICENSE):
    """A driving licence."""


class ForeignCitizenPassport(_ApplicantKind, kind=DocumentType.FOREIGN_CITIZEN_PASSPORT):
    """A passport of a foreign citizen."""


class GovernmentId(_ApplicantKind, kind=DocumentType.GOVERNMENT_ID):
    """An identity card of a government."""


class Passport(_ApplicantKind, kind=DocumentType.PASSPORT):
    """A passport."""


class PermanentResidencePermit(_ApplicantKind, kind=DocumentType.PERMANENT_RESIDENCE_PERMIT):
    """A permanent residence permit."""


class RefugeeCard(_ApplicantKind, kind=DocumentType.REFUGEE_CARD):
    """A refugee card."""


class BankStatement(_ApplicantKind, kind=DocumentType.BANK_STATEMENT):
    """A bank statement."""


class FinancialDocument(_ApplicantKind, kind=DocumentType.FINANCIAL_DOCUMENT):
    """A proof of income or of the origin of funds."""


class SelfieImage(_ApplicantKind, kind=DocumentType.SELFIE_IMAGE):
    """A selfie."""


class SelfieWithCreditCard(_ApplicantKind, kind=DocumentType.SELFIE_WITH_CREDIT_CARD):
    """A selfie with a payment card."""


class SelfieWithDocument(_ApplicantKind, kind=DocumentType.SELFIE_WITH_DOCUMENT):
    """A selfie with a document."""


class TaxIdNumber(_ApplicantKind, kind=DocumentType.TAX_ID_NUMBER):
    """A document with a tax number."""


class Video(_ApplicantKind, kind=DocumentType.VIDEO):
    """A video."""


class AddressDocument(_ApplicantKind, kind=DocumentType.ADDRESS_DOCUMENT):
    """A proof of address of an applicant. Seen in real traffic, also without a file; at most three per applicant."""


class AuthorisedPersonDocument(_ApplicantKind, kind=DocumentType.AUTHORISED_PERSON):
    """A company's confirmation of its authorised person."""


class CompanyLegalAddress(_ApplicantKind, kind=DocumentType.COMPANY_LEGAL_ADDRESS):
    """A company's confirmation of its legal address."""


class CompanyOwnership(_ApplicantKind, kind=DocumentType.COMPANY_OWNERSHIP):
    """A company's confirmation of its ownership."""


class RegistrationCompany(_ApplicantKind, kind=DocumentType.REGISTRATION_COMPANY):
    """A company's certificate of registration."""


class AffiliatedAddressDocument(_AffiliatedPersonKind, kind=DocumentType.ADDRESS_DOCUMENT):
    """A proof of address of an affiliated person."""


class AffiliatedDomesticPassport(_AffiliatedPersonKind, kind=DocumentType.DOMESTIC_PASSPORT):
    """An affiliated person's passport for use inside its country."""


class AffiliatedDriversLicense(_AffiliatedPersonKind, kind=DocumentType.DRIVERS_LICENSE):
    """An affiliated person's driving licence."""


class AffiliatedForeignCitizenPassport(_AffiliatedPersonKind, kind=DocumentType.FOREIGN_CITIZEN_PASSPORT):
    """An affiliated person's passport of a foreign citizen."""


class AffiliatedGovernmentId(_AffiliatedPersonKind, kind=DocumentType.GOVERNMENT_ID):
    """An affiliated person's identity card of a government."""


class AffiliatedPassport(_AffiliatedPersonKind, kind=DocumentType.PASSPORT):
    """An affiliated person's passport."""


class AffiliatedPermanentResidencePermit(_AffiliatedPersonKind, kind=DocumentType.PERMANENT_RESIDENCE_PERMIT):
    """An affiliated person's permanent residence permit."""


class AffiliatedRefugeeCard(_AffiliatedPersonKind, kind=DocumentType.REFUGEE_CARD):
    """An affiliated person's refugee card."""


NewDocument = ApplicantDocument | AffiliatedPersonDocument

BY_APPLICANT: dict[str, type[ApplicantDocument]] = {
    DocumentType.CREDIT_CARD: CreditCard,
    DocumentType.DOMESTIC_PASSPORT: DomesticPassport,
    DocumentType.DRIVERS_LICENSE: DriversLicense,
    DocumentType.FOREIGN_CITIZEN_PASSPORT: ForeignCitizenPassport,
    DocumentType.GOVERNMENT_ID: GovernmentId,
    DocumentType.PASSPORT: Passport,
    DocumentType.PERMANENT_RESIDENCE_PERMIT: PermanentResidencePermit,
    DocumentType.REFUGEE_CARD: RefugeeCard,
    DocumentType.BANK_STATEMENT: BankStatement,
    DocumentType.FINANCIAL_DOCUMENT: FinancialDocument,
    DocumentType.SELFIE_IMAGE: SelfieImage,
    DocumentType.SELFIE_WITH_CREDIT_CARD: SelfieWithCreditCard,
    DocumentType.SELFIE_WITH_DOCUMENT: SelfieWithDocument,
    DocumentType.TAX_ID_NUMBER: TaxIdNumber,
    DocumentType.VIDEO: Video,
    DocumentType.ADDRESS_DOCUMENT: AddressDocument,
    DocumentType.AUTHORISED_PERSON: AuthorisedPersonDocument,
    DocumentType.COMPANY_LEGAL_ADDRESS: CompanyLegalAddress,
    DocumentType.COMPANY_OWNERSHIP: CompanyOwnership,
    DocumentType.REGISTRATION_COMPANY: RegistrationCompany,
}

BY_AFFILIATED_PERSON: dict[str, type[AffiliatedPersonDocument]] = {
    DocumentType.ADDRESS_DOCUMENT: AffiliatedAddressDocument,
    DocumentType.DOMESTIC_PASSPORT: AffiliatedDomesticPassport,
    DocumentType.DRIVERS_LICENSE: AffiliatedDriversLicense,
    DocumentType.FOREIGN_CITIZEN_PASSPORT: AffiliatedForeignCitizenPassport,
    DocumentType.GOVERNMENT_ID: AffiliatedGovernmentId,
    DocumentType.PASSPORT: AffiliatedPassport,
    DocumentType.PERMANENT_RESIDENCE_PERMIT: AffiliatedPermanentResidencePermit,
    DocumentType.REFUGEE_CARD: AffiliatedRefugeeCard,
}


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

    @property
    def reasons(self) -> list[DeclineReason]:
        """Every reason for a decline, whether it came as an id or as a name, each once."""
        by_id = read_reasons(self.decline_reasons_ids or [])
        return list(dict.fromkeys([*by_id, *(self.decline_reasons or ())]))
