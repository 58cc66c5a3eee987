"""An async-first client of the KYCAID API (identity verification: KYC and KYB).

The names load when they are asked for: aiohttp alone takes a third of a second to import.
"""

# pyright: reportUnusedImport=false

from kycaid_async.version import __version__ as __version__

# No more is imported here: the command line can say how Ctrl-C ends it only after that.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Where each public name lives. `__init__.pyi` says the same to type checkers; a test holds the two together.
_HOMES = {
    name: module
    for module, names in {
        ".api.addresses": "Address AddressType AddressUpdate AffiliatedPersonAddress CompanyAddress PersonAddress",
        ".api.affiliated_persons": "AffiliatedPersonType AffiliatedPersonUpdate AuthorisedPerson BeneficialOwner",
        ".api.applicants": (
            "Applicant ApplicantStatus ApplicantType ApplicantUpdate Company CompanyApplicant Gender Person "
            "PersonApplicant"
        ),
        ".api.blacklist_databases.fields": "BlacklistDocumentType BlacklistType",
        ".api.blacklist_databases.models": (
            "DocumentHit DocumentSearch MatchParameters PersonHit PersonSearchByFullName PersonSearchByNames "
            "PersonSearchV2ByFullName PersonSearchV2ByNames PersonSearchV2Result TaxIdHit TaxIdSearch"
        ),
        ".api.business_activities": "BusinessActivity BusinessCategory",
        ".api.countries": "Country",
        ".api.crypto": "CryptoAddressCheck CryptoTransactionCheck",
        ".api.documents.fields": "AnnualIncome DocumentProvider DocumentStatus DocumentType IncomeSource",
        ".api.documents.kinds": (
            "AddressDocument AffiliatedAddressDocument AffiliatedDomesticPassport AffiliatedDriversLicense "
            "AffiliatedForeignCitizenPassport AffiliatedGovernmentId AffiliatedPassport "
            "AffiliatedPermanentResidencePermit AffiliatedRefugeeCard AuthorisedPersonDocument BankStatement "
            "CompanyLegalAddress CompanyOwnership CreditCard DomesticPassport DriversLicense FinancialDocument "
            "ForeignCitizenPassport GovernmentId Passport PermanentResidencePermit RefugeeCard "
            "RegistrationCompany SelfieImage SelfieWithCreditCard SelfieWithDocument TaxIdNumber Video"
        ),
        ".api.documents.document": "Document",
        ".api.documents.models": "AffiliatedPersonDocument ApplicantDocument DocumentUpdate",
        ".api.files": "FileInfo",
        ".api.forms": "Form FormUrl FormUrlCreate",
        ".api.languages": "Language",
        ".api.non_doc_verifications": (
            "MatchType NgNinAddress NgNinData NgNinRequest NgNinResult NgNinValidation UsEidvRequest UsEidvResult"
        ),
        ".api.phone_numbers": "PhoneNumberCheck",
        ".api.raw_response": "RawResponse",
        ".api.reference_lists": "Label",
        ".api.risk_checks": "AdverseMediaRequest AdverseMediaSearch Direction Transaction TransactionScreening",
        ".api.services": "ServiceRequest",
        ".api.verifications.fields": "CheckType Mode Outcome Service VerificationProgress",
        ".api.verifications.models": (
            "CheckResult Verification VerificationCreate VerificationReportRow VerificationStatusResult "
            "VerificationStatusUpdate VerificationStatuses"
        ),
        ".bulk.audit.result": "AuditResult AuditStatus AuditSummary",
        ".bulk.audit.run": "BulkAudit",
        ".bulk.bulk": "Bulk",
        ".bulk.manifest.check": "check_manifest",
        ".bulk.manifest.manifest": "Manifest read_manifest",
        ".bulk.manifest.row": "BadRow ManifestRow",
        ".bulk.remote.url_rules": "UrlRules",
        ".bulk.results.run": "BulkResults",
        ".bulk.results.verdict": "BulkVerdict CheckVerdict DocumentVerdict ResultsSummary Verdict",
        ".bulk.row": "BulkProgress BulkResult BulkRow BulkStatus BulkSummary BulkVerification",
        ".bulk.upload": "BulkUpload",
        ".bulk.verify.result": "VerifyProgress VerifyResult VerifyStatus VerifySummary",
        ".bulk.verify.run": "BulkVerify",
        ".client": "AsyncKycaid",
        ".errors": (
            "ApiError AuthenticationError BadRequestError BlockedLoopWarning BodyTooLargeError ConfigurationError "
            "ConflictError ConnectionFailedError ConnectionLostError DecodeError FieldError FieldProblem "
            "FileRefusedError FlowError GatewayError InsufficientFundsError InvalidFileError InvalidRequestError "
            "InvalidSignatureError KycaidError LedgerError ManifestError NotFoundError PermissionDeniedError "
            "RateLimitError RawBodyRequiredError RedirectError RequestTimeoutError ServerError ServerTimeoutError "
            "TooManyOpenFilesError TransportError UnconfirmedEndpointWarning UnconfirmedValueWarning "
            "UploadSourceError ValidationError"
        ),
        ".hooks": "AttemptEvent CallEvent Hooks ResultEvent RetryEvent RowEvent",
        ".protocol.endpoint": "Endpoint Evidence Replay",
        ".protocol.timeout": "Timeout",
        ".sync.bulk": "BlockingAudit BlockingResults BlockingUpload BlockingVerify",
        ".sync.client": "Kycaid",
        ".values.converter": "structure unstructure",
        ".values.decline_reasons": "DeclineReason",
        ".values.enums": "OpenEnum",
        ".values.unset": "UNSET Unset",
    }.items()
    for name in names.split()
}

__all__ = sorted(["__version__", "servers", *_HOMES])  # noqa: PLE0605 - `tests` check it  # pyright: ignore[reportUnsupportedDunderAll]  # the same


def __getattr__(name: str) -> "Any":
    import importlib

    if name == "servers":
        return importlib.import_module(".servers", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _for_analysers() -> None:  # pyright: ignore[reportUnusedFunction]  # see below
    """Import the lazy modules. Never called: PyInstaller, Nuitka and others find them here."""
    from kycaid_async import client, errors, hooks, servers  # noqa: F401 - for analysers
    from kycaid_async.api import (  # noqa: F401 - for analysers
        addresses,
        affiliated_persons,
        applicants,
        blacklist_databases,
        business_activities,
        countries,
        crypto,
        documents,
        files,
        forms,
        languages,
        non_doc_verifications,
        phone_numbers,
        qes,
        raw_response,
        raw_sections,
        reference_lists,
        risk_checks,
        services,
        verifications,
    )
    from kycaid_async.bulk import (  # noqa: F401 - for analysers
        bulk,
        row,
        upload,
    )
    from kycaid_async.bulk.manifest import check, manifest, row  # noqa: F401, F811 - for analysers
    from kycaid_async.bulk.remote import url_rules  # noqa: F401 - for analysers
    from kycaid_async.protocol import endpoint, timeout  # noqa: F401 - for analysers
    from kycaid_async.sync import bulk, client  # noqa: F401, F811 - for analysers
    from kycaid_async.values import converter, decline_reasons, enums, unset  # noqa: F401 - for analysers
