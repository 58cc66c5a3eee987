"""An async-first client of the KYCAID API (identity verification: KYC and KYB)."""

import importlib
from typing import TYPE_CHECKING, Any

from kycaid_async.version import __version__

if TYPE_CHECKING:
    from kycaid_async import servers
    from kycaid_async.api.addresses import (
        Address,
        AddressType,
        AddressUpdate,
        AffiliatedPersonAddress,
        CompanyAddress,
        PersonAddress,
    )
    from kycaid_async.api.applicants import (
        Applicant,
        ApplicantStatus,
        ApplicantType,
        ApplicantUpdate,
        Company,
        CompanyApplicant,
        Gender,
        Person,
        PersonApplicant,
    )
    from kycaid_async.api.document_fields import (
        DocumentUpdate,
    )
    from kycaid_async.api.document_variants import (
        AddressDocument,
        AffiliatedAddressDocument,
        AffiliatedDomesticPassport,
        AffiliatedDriversLicense,
        AffiliatedForeignCitizenPassport,
        AffiliatedGovernmentId,
        AffiliatedPassport,
        AffiliatedPermanentResidencePermit,
        AffiliatedPersonDocument,
        AffiliatedRefugeeCard,
        ApplicantDocument,
        AuthorisedPersonDocument,
        BankStatement,
        CompanyLegalAddress,
        CompanyOwnership,
        CreditCard,
        DomesticPassport,
        DriversLicense,
        FinancialDocument,
        ForeignCitizenPassport,
        GovernmentId,
        Passport,
        PermanentResidencePermit,
        RefugeeCard,
        RegistrationCompany,
        SelfieImage,
        SelfieWithCreditCard,
        SelfieWithDocument,
        TaxIdNumber,
        Video,
    )
    from kycaid_async.api.document_words import (
        AnnualIncome,
        DocumentProvider,
        DocumentStatus,
        DocumentType,
        IncomeSource,
    )
    from kycaid_async.api.documents import (
        Document,
    )
    from kycaid_async.api.files import (
        FileInfo,
    )
    from kycaid_async.client import (
        AsyncKycaid,
    )
    from kycaid_async.errors import (
        ApiError,
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        ConflictError,
        ConnectionFailedError,
        ConnectionLostError,
        DecodeError,
        FieldError,
        FieldProblem,
        FileRefusedError,
        FlowError,
        InsufficientFundsError,
        InvalidFileError,
        InvalidRequestError,
        KycaidError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        RedirectError,
        RequestTimeoutError,
        ServerError,
        ServerTimeoutError,
        TransportError,
        UploadSourceError,
        ValidationError,
    )
    from kycaid_async.protocol.endpoint import (
        Endpoint,
        Evidence,
        Replay,
    )
    from kycaid_async.protocol.timeout import (
        Timeout,
    )
    from kycaid_async.values.converter import (
        structure,
        unstructure,
    )
    from kycaid_async.values.decline_reasons import (
        DeclineReason,
    )
    from kycaid_async.values.enums import (
        OpenEnum,
    )
    from kycaid_async.values.unset import (
        UNSET,
        Unset,
    )

__all__ = [
    "UNSET",
    "Address",
    "AddressDocument",
    "AddressType",
    "AddressUpdate",
    "AffiliatedAddressDocument",
    "AffiliatedDomesticPassport",
    "AffiliatedDriversLicense",
    "AffiliatedForeignCitizenPassport",
    "AffiliatedGovernmentId",
    "AffiliatedPassport",
    "AffiliatedPermanentResidencePermit",
    "AffiliatedPersonAddress",
    "AffiliatedPersonDocument",
    "AffiliatedRefugeeCard",
    "AnnualIncome",
    "ApiError",
    "Applicant",
    "ApplicantDocument",
    "ApplicantStatus",
    "ApplicantType",
    "ApplicantUpdate",
    "AsyncKycaid",
    "AuthenticationError",
    "AuthorisedPersonDocument",
    "BadRequestError",
    "BankStatement",
    "Company",
    "CompanyAddress",
    "CompanyApplicant",
    "CompanyLegalAddress",
    "CompanyOwnership",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "CreditCard",
    "DeclineReason",
    "DecodeError",
    "Document",
    "DocumentProvider",
    "DocumentStatus",
    "DocumentType",
    "DocumentUpdate",
    "DomesticPassport",
    "DriversLicense",
    "Endpoint",
    "Evidence",
    "FieldError",
    "FieldProblem",
    "FileInfo",
    "FileRefusedError",
    "FinancialDocument",
    "FlowError",
    "ForeignCitizenPassport",
    "Gender",
    "GovernmentId",
    "IncomeSource",
    "InsufficientFundsError",
    "InvalidFileError",
    "InvalidRequestError",
    "KycaidError",
    "NotFoundError",
    "OpenEnum",
    "Passport",
    "PermanentResidencePermit",
    "PermissionDeniedError",
    "Person",
    "PersonAddress",
    "PersonApplicant",
    "RateLimitError",
    "RedirectError",
    "RefugeeCard",
    "RegistrationCompany",
    "Replay",
    "RequestTimeoutError",
    "SelfieImage",
    "SelfieWithCreditCard",
    "SelfieWithDocument",
    "ServerError",
    "ServerTimeoutError",
    "TaxIdNumber",
    "Timeout",
    "TransportError",
    "Unset",
    "UploadSourceError",
    "ValidationError",
    "Video",
    "__version__",
    "servers",
    "structure",
    "unstructure",
]

# Where each public name lives. Nothing of it loads before it is asked for: aiohttp alone takes a third of a second.
_HOMES = {
    name: module
    for module, names in {
        ".api.addresses": "Address AddressType AddressUpdate AffiliatedPersonAddress CompanyAddress PersonAddress",
        ".api.applicants": "Applicant ApplicantStatus ApplicantType ApplicantUpdate Company CompanyApplicant "
        "Gender Person PersonApplicant",
        ".api.document_fields": "DocumentUpdate",
        ".api.document_variants": "AddressDocument AffiliatedAddressDocument AffiliatedDomesticPassport "
        "AffiliatedDriversLicense AffiliatedForeignCitizenPassport AffiliatedGovernmentId "
        "AffiliatedPassport AffiliatedPermanentResidencePermit AffiliatedPersonDocument "
        "AffiliatedRefugeeCard ApplicantDocument AuthorisedPersonDocument BankStatement "
        "CompanyLegalAddress CompanyOwnership CreditCard DomesticPassport DriversLicense "
        "FinancialDocument ForeignCitizenPassport GovernmentId Passport "
        "PermanentResidencePermit RefugeeCard RegistrationCompany SelfieImage "
        "SelfieWithCreditCard SelfieWithDocument TaxIdNumber Video",
        ".api.document_words": "AnnualIncome DocumentProvider DocumentStatus DocumentType IncomeSource",
        ".api.documents": "Document",
        ".api.files": "FileInfo",
        ".client": "AsyncKycaid",
        ".errors": "ApiError AuthenticationError BadRequestError ConfigurationError ConflictError "
        "ConnectionFailedError ConnectionLostError DecodeError FieldError FieldProblem "
        "FileRefusedError FlowError InsufficientFundsError InvalidFileError "
        "InvalidRequestError KycaidError NotFoundError PermissionDeniedError "
        "RateLimitError RedirectError RequestTimeoutError ServerError ServerTimeoutError "
        "TransportError UploadSourceError ValidationError",
        ".protocol.endpoint": "Endpoint Evidence Replay",
        ".protocol.timeout": "Timeout",
        ".values.converter": "structure unstructure",
        ".values.decline_reasons": "DeclineReason",
        ".values.enums": "OpenEnum",
        ".values.unset": "UNSET Unset",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    if name == "servers":
        return importlib.import_module(".servers", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
