"""The 28 kinds of documents that can be created. Reference: *Documents / Create a document*.

Twenty belong to an applicant and eight to an affiliated person. That there are 28, and their titles and types, is
documented; which title goes with which type, and the key ``affiliated_person_id``, are inferred.
"""

from typing import Any, ClassVar

import attrs

from kycaid_async.api.document_fields import DocumentDetails
from kycaid_async.api.document_words import DocumentType, DocumentTypeName
from kycaid_async.values.constraints import ObjectId
from kycaid_async.values.model import request


def _fixed(document_type: DocumentType) -> Any:
    return attrs.field(default=document_type, init=False)


@request
class ApplicantDocument(DocumentDetails):
    """A document of an applicant, of any type. The classes below are the types of the reference."""

    first: ClassVar[tuple[str, ...]] = ("applicant_id", "type")

    applicant_id: ObjectId
    """Id of the applicant: 36 characters."""
    type: DocumentType | DocumentTypeName


@request
class AffiliatedPersonDocument(DocumentDetails):
    """A document of an affiliated person, of any type. The classes below are the types of the reference."""

    first: ClassVar[tuple[str, ...]] = ("affiliated_person_id", "type")

    affiliated_person_id: ObjectId
    """Id of the affiliated person: 36 characters. The name of this key is inferred."""
    type: DocumentType | DocumentTypeName


@request
class CreditCard(ApplicantDocument):
    """A payment card. One per applicant; a new one replaces it only after a verification. Documented field by field."""

    type: DocumentType = _fixed(DocumentType.CREDIT_CARD)


@request
class DomesticPassport(ApplicantDocument):
    """A passport for use inside its country."""

    type: DocumentType = _fixed(DocumentType.DOMESTIC_PASSPORT)


@request
class DriversLicense(ApplicantDocument):
    """A driving licence."""

    type: DocumentType = _fixed(DocumentType.DRIVERS_LICENSE)


@request
class ForeignCitizenPassport(ApplicantDocument):
    """A passport of a foreign citizen."""

    type: DocumentType = _fixed(DocumentType.FOREIGN_CITIZEN_PASSPORT)


@request
class GovernmentId(ApplicantDocument):
    """An identity card of a government."""

    type: DocumentType = _fixed(DocumentType.GOVERNMENT_ID)


@request
class Passport(ApplicantDocument):
    """A passport."""

    type: DocumentType = _fixed(DocumentType.PASSPORT)


@request
class PermanentResidencePermit(ApplicantDocument):
    """A permanent residence permit."""

    type: DocumentType = _fixed(DocumentType.PERMANENT_RESIDENCE_PERMIT)


@request
class RefugeeCard(ApplicantDocument):
    """A refugee card."""

    type: DocumentType = _fixed(DocumentType.REFUGEE_CARD)


@request
class BankStatement(ApplicantDocument):
    """A bank statement."""

    type: DocumentType = _fixed(DocumentType.BANK_STATEMENT)


@request
class FinancialDocument(ApplicantDocument):
    """A proof of income or of the origin of funds."""

    type: DocumentType = _fixed(DocumentType.FINANCIAL_DOCUMENT)


@request
class SelfieImage(ApplicantDocument):
    """A selfie."""

    type: DocumentType = _fixed(DocumentType.SELFIE_IMAGE)


@request
class SelfieWithCreditCard(ApplicantDocument):
    """A selfie with a payment card."""

    type: DocumentType = _fixed(DocumentType.SELFIE_WITH_CREDIT_CARD)


@request
class SelfieWithDocument(ApplicantDocument):
    """A selfie with a document."""

    type: DocumentType = _fixed(DocumentType.SELFIE_WITH_DOCUMENT)


@request
class TaxIdNumber(ApplicantDocument):
    """A document with a tax number."""

    type: DocumentType = _fixed(DocumentType.TAX_ID_NUMBER)


@request
class Video(ApplicantDocument):
    """A video."""

    type: DocumentType = _fixed(DocumentType.VIDEO)


@request
class AddressDocument(ApplicantDocument):
    """A proof of address of an applicant. Seen in real traffic, also without a file; at most three per applicant."""

    type: DocumentType = _fixed(DocumentType.ADDRESS_DOCUMENT)


@request
class AuthorisedPersonDocument(ApplicantDocument):
    """A company's confirmation of its authorised person."""

    type: DocumentType = _fixed(DocumentType.AUTHORISED_PERSON)


@request
class CompanyLegalAddress(ApplicantDocument):
    """A company's confirmation of its legal address."""

    type: DocumentType = _fixed(DocumentType.COMPANY_LEGAL_ADDRESS)


@request
class CompanyOwnership(ApplicantDocument):
    """A company's confirmation of its ownership."""

    type: DocumentType = _fixed(DocumentType.COMPANY_OWNERSHIP)


@request
class RegistrationCompany(ApplicantDocument):
    """A company's certificate of registration."""

    type: DocumentType = _fixed(DocumentType.REGISTRATION_COMPANY)


@request
class AffiliatedAddressDocument(AffiliatedPersonDocument):
    """A proof of address of an affiliated person."""

    type: DocumentType = _fixed(DocumentType.ADDRESS_DOCUMENT)


@request
class AffiliatedDomesticPassport(AffiliatedPersonDocument):
    """An affiliated person's passport for use inside its country."""

    type: DocumentType = _fixed(DocumentType.DOMESTIC_PASSPORT)


@request
class AffiliatedDriversLicense(AffiliatedPersonDocument):
    """An affiliated person's driving licence."""

    type: DocumentType = _fixed(DocumentType.DRIVERS_LICENSE)


@request
class AffiliatedForeignCitizenPassport(AffiliatedPersonDocument):
    """An affiliated person's passport of a foreign citizen."""

    type: DocumentType = _fixed(DocumentType.FOREIGN_CITIZEN_PASSPORT)


@request
class AffiliatedGovernmentId(AffiliatedPersonDocument):
    """An affiliated person's identity card of a government."""

    type: DocumentType = _fixed(DocumentType.GOVERNMENT_ID)


@request
class AffiliatedPassport(AffiliatedPersonDocument):
    """An affiliated person's passport."""

    type: DocumentType = _fixed(DocumentType.PASSPORT)


@request
class AffiliatedPermanentResidencePermit(AffiliatedPersonDocument):
    """An affiliated person's permanent residence permit."""

    type: DocumentType = _fixed(DocumentType.PERMANENT_RESIDENCE_PERMIT)


@request
class AffiliatedRefugeeCard(AffiliatedPersonDocument):
    """An affiliated person's refugee card."""

    type: DocumentType = _fixed(DocumentType.REFUGEE_CARD)


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
