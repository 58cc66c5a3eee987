"""The 28 kinds of documents that can be created. Reference: *Documents / Create a document*.

Twenty belong to an applicant and eight to an affiliated person. Their number, titles and types are documented; which
title goes with which type, and the key ``affiliated_person_id``, are inferred.
"""

from types import FunctionType
from typing import Any, ClassVar

import attrs

from kycaid_async.api.documents.fields import ELSEWHERE, DocumentType
from kycaid_async.api.documents.models import AffiliatedPersonDocument, ApplicantDocument, NewDocument
from kycaid_async.api.section import check_names, from_fields, only
from kycaid_async.errors import FieldProblem, UnconfirmedValueWarning
from kycaid_async.protocol.request import invalid_request
from kycaid_async.values.model import request
from kycaid_async.warning import warn_once


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
        cls.__attrs_attrs__ = _OWN_ATTRIBUTES  # type: ignore[attr-defined]  # of the attrs class that it is mixed into


class _OwnAttributes:
    """The attributes of a kind, for those who ask attrs: its type is the default of that field. Made when asked for."""

    def __get__(self, instance: object, cls: Any) -> Any:
        shared: Any = attrs.fields(cls.__base__)
        own = type(shared)(field.evolve(default=cls.kind) if field.name == "type" else field for field in shared)
        cls.__attrs_attrs__ = own
        return own


_OWN_ATTRIBUTES = _OwnAttributes()


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

    __slots__ = ()


class DomesticPassport(_ApplicantKind, kind=DocumentType.DOMESTIC_PASSPORT):
    """A passport for use inside its country."""

    __slots__ = ()


class DriversLicense(_ApplicantKind, kind=DocumentType.DRIVERS_LICENSE):
    """A driving licence."""

    __slots__ = ()


class ForeignCitizenPassport(_ApplicantKind, kind=DocumentType.FOREIGN_CITIZEN_PASSPORT):
    """A passport of a foreign citizen."""

    __slots__ = ()


class GovernmentId(_ApplicantKind, kind=DocumentType.GOVERNMENT_ID):
    """An identity card of a government."""

    __slots__ = ()


class Passport(_ApplicantKind, kind=DocumentType.PASSPORT):
    """A passport."""

    __slots__ = ()


class PermanentResidencePermit(_ApplicantKind, kind=DocumentType.PERMANENT_RESIDENCE_PERMIT):
    """A permanent residence permit."""

    __slots__ = ()


class RefugeeCard(_ApplicantKind, kind=DocumentType.REFUGEE_CARD):
    """A refugee card."""

    __slots__ = ()


class BankStatement(_ApplicantKind, kind=DocumentType.BANK_STATEMENT):
    """A bank statement."""

    __slots__ = ()


class FinancialDocument(_ApplicantKind, kind=DocumentType.FINANCIAL_DOCUMENT):
    """A proof of income or of the origin of funds."""

    __slots__ = ()


class SelfieImage(_ApplicantKind, kind=DocumentType.SELFIE_IMAGE):
    """A selfie."""

    __slots__ = ()


class SelfieWithCreditCard(_ApplicantKind, kind=DocumentType.SELFIE_WITH_CREDIT_CARD):
    """A selfie with a payment card."""

    __slots__ = ()


class SelfieWithDocument(_ApplicantKind, kind=DocumentType.SELFIE_WITH_DOCUMENT):
    """A selfie with a document."""

    __slots__ = ()


class TaxIdNumber(_ApplicantKind, kind=DocumentType.TAX_ID_NUMBER):
    """A document with a tax number."""

    __slots__ = ()


class Video(_ApplicantKind, kind=DocumentType.VIDEO):
    """A video."""

    __slots__ = ()


class AddressDocument(_ApplicantKind, kind=DocumentType.ADDRESS_DOCUMENT):
    """A proof of address of an applicant. Seen in real traffic, also without a file; at most three per applicant."""

    __slots__ = ()


class AuthorisedPersonDocument(_ApplicantKind, kind=DocumentType.AUTHORISED_PERSON):
    """A company's confirmation of its authorised person."""

    __slots__ = ()


class CompanyLegalAddress(_ApplicantKind, kind=DocumentType.COMPANY_LEGAL_ADDRESS):
    """A company's confirmation of its legal address."""

    __slots__ = ()


class CompanyOwnership(_ApplicantKind, kind=DocumentType.COMPANY_OWNERSHIP):
    """A company's confirmation of its ownership."""

    __slots__ = ()


class RegistrationCompany(_ApplicantKind, kind=DocumentType.REGISTRATION_COMPANY):
    """A company's certificate of registration."""

    __slots__ = ()


class AffiliatedAddressDocument(_AffiliatedPersonKind, kind=DocumentType.ADDRESS_DOCUMENT):
    """A proof of address of an affiliated person."""

    __slots__ = ()


class AffiliatedDomesticPassport(_AffiliatedPersonKind, kind=DocumentType.DOMESTIC_PASSPORT):
    """An affiliated person's passport for use inside its country."""

    __slots__ = ()


class AffiliatedDriversLicense(_AffiliatedPersonKind, kind=DocumentType.DRIVERS_LICENSE):
    """An affiliated person's driving licence."""

    __slots__ = ()


class AffiliatedForeignCitizenPassport(_AffiliatedPersonKind, kind=DocumentType.FOREIGN_CITIZEN_PASSPORT):
    """An affiliated person's passport of a foreign citizen."""

    __slots__ = ()


class AffiliatedGovernmentId(_AffiliatedPersonKind, kind=DocumentType.GOVERNMENT_ID):
    """An affiliated person's identity card of a government."""

    __slots__ = ()


class AffiliatedPassport(_AffiliatedPersonKind, kind=DocumentType.PASSPORT):
    """An affiliated person's passport."""

    __slots__ = ()


class AffiliatedPermanentResidencePermit(_AffiliatedPersonKind, kind=DocumentType.PERMANENT_RESIDENCE_PERMIT):
    """An affiliated person's permanent residence permit."""

    __slots__ = ()


class AffiliatedRefugeeCard(_AffiliatedPersonKind, kind=DocumentType.REFUGEE_CARD):
    """An affiliated person's refugee card."""

    __slots__ = ()


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


def warn_of(kind: object) -> None:
    """Warn once of a type that the reference does not list. Any other unknown one is refused, unless unchecked."""
    if isinstance(kind, str) and kind in ELSEWHERE:
        text = f"documents: the reference does not list the type {kind}; it is observed, on servers under other names"
        warn_once(f"documents.{kind}", text, UnconfirmedValueWarning)


_OWNERS = ("applicant_id", "affiliated_person_id")


def new_document(document: NewDocument | None, fields: dict[str, Any]) -> NewDocument:
    """Return ``document``, or one made of keywords. Raises `InvalidRequestError`."""
    warn_of(fields.get("type") if document is None else getattr(document, "type", None))
    if document is not None:
        return only("documents.create", document, (ApplicantDocument, AffiliatedPersonDocument), fields)
    return from_fields("documents.create", *_kind_of(fields))


def check_document(fields: dict[str, Any]) -> list[FieldProblem]:
    """Return every problem of the document that `new_document` makes of ``fields``. Raises `InvalidRequestError`."""
    from kycaid_async.values.check import check_values  # many programs only read

    warn_of(fields.get("type"))
    cls, given = _kind_of(fields)
    check_names("documents.create", cls, given)
    return check_values(cls, given)


def _kind_of(fields: dict[str, Any]) -> tuple[type[NewDocument], dict[str, Any]]:
    """Return the class for a document, and the fields that it takes. Raises `InvalidRequestError`."""
    owners = [name for name in _OWNERS if fields.get(name) is not None]
    if len(owners) != 1:
        wanted = FieldProblem(
            "applicant_id", "this or affiliated_person_id, and not both", "both" if owners else "neither"
        )
        raise invalid_request("documents.create", [wanted])
    fallback: type[NewDocument] = ApplicantDocument if owners == ["applicant_id"] else AffiliatedPersonDocument
    known: Any = BY_APPLICANT if fallback is ApplicantDocument else BY_AFFILIATED_PERSON
    given_type = fields.get("type")
    cls: type[NewDocument] = known.get(given_type, fallback) if isinstance(given_type, str) else fallback
    given = dict(fields)
    for name in _OWNERS:
        if name not in owners:
            given.pop(name, None)
    if cls is not fallback:
        del given["type"]
    return cls, given
