"""An async-first client of the KYCAID API (identity verification: KYC and KYB).

The names load when they are asked for: aiohttp alone takes a third of a second to import.
"""

# pyright: reportUnusedImport=false

import importlib
from typing import TYPE_CHECKING, Any

from kycaid_async.version import __version__ as __version__

# Where each public name lives. What stands under TYPE_CHECKING below says the same to type checkers.
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
        ".api.documents.models": "AffiliatedPersonDocument ApplicantDocument Document DocumentUpdate",
        ".api.files": "FileInfo",
        ".api.forms": "Form FormUrl FormUrlCreate",
        ".api.languages": "Language",
        ".api.non_doc_verifications": (
            "MatchType NgNinAddress NgNinData NgNinRequest NgNinResult NgNinValidation UsEidvRequest UsEidvResult"
        ),
        ".api.phone_numbers": "PhoneNumberCheck",
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
        ".bulk.row": "BulkProgress BulkResult BulkRow BulkStatus BulkSummary",
        ".bulk.upload": "BulkUpload",
        ".bulk.verify.result": "BulkVerification VerifyProgress VerifyResult VerifyStatus VerifySummary",
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

if TYPE_CHECKING:
    # Written by `python -m tests.derived` from the table above.
    from kycaid_async import servers as servers
    from kycaid_async.api.addresses import Address as Address
    from kycaid_async.api.addresses import AddressType as AddressType
    from kycaid_async.api.addresses import AddressUpdate as AddressUpdate
    from kycaid_async.api.addresses import AffiliatedPersonAddress as AffiliatedPersonAddress
    from kycaid_async.api.addresses import CompanyAddress as CompanyAddress
    from kycaid_async.api.addresses import PersonAddress as PersonAddress
    from kycaid_async.api.affiliated_persons import AffiliatedPersonType as AffiliatedPersonType
    from kycaid_async.api.affiliated_persons import AffiliatedPersonUpdate as AffiliatedPersonUpdate
    from kycaid_async.api.affiliated_persons import AuthorisedPerson as AuthorisedPerson
    from kycaid_async.api.affiliated_persons import BeneficialOwner as BeneficialOwner
    from kycaid_async.api.applicants import Applicant as Applicant
    from kycaid_async.api.applicants import ApplicantStatus as ApplicantStatus
    from kycaid_async.api.applicants import ApplicantType as ApplicantType
    from kycaid_async.api.applicants import ApplicantUpdate as ApplicantUpdate
    from kycaid_async.api.applicants import Company as Company
    from kycaid_async.api.applicants import CompanyApplicant as CompanyApplicant
    from kycaid_async.api.applicants import Gender as Gender
    from kycaid_async.api.applicants import Person as Person
    from kycaid_async.api.applicants import PersonApplicant as PersonApplicant
    from kycaid_async.api.blacklist_databases.fields import BlacklistDocumentType as BlacklistDocumentType
    from kycaid_async.api.blacklist_databases.fields import BlacklistType as BlacklistType
    from kycaid_async.api.blacklist_databases.models import DocumentHit as DocumentHit
    from kycaid_async.api.blacklist_databases.models import DocumentSearch as DocumentSearch
    from kycaid_async.api.blacklist_databases.models import MatchParameters as MatchParameters
    from kycaid_async.api.blacklist_databases.models import PersonHit as PersonHit
    from kycaid_async.api.blacklist_databases.models import PersonSearchByFullName as PersonSearchByFullName
    from kycaid_async.api.blacklist_databases.models import PersonSearchByNames as PersonSearchByNames
    from kycaid_async.api.blacklist_databases.models import PersonSearchV2ByFullName as PersonSearchV2ByFullName
    from kycaid_async.api.blacklist_databases.models import PersonSearchV2ByNames as PersonSearchV2ByNames
    from kycaid_async.api.blacklist_databases.models import PersonSearchV2Result as PersonSearchV2Result
    from kycaid_async.api.blacklist_databases.models import TaxIdHit as TaxIdHit
    from kycaid_async.api.blacklist_databases.models import TaxIdSearch as TaxIdSearch
    from kycaid_async.api.business_activities import BusinessActivity as BusinessActivity
    from kycaid_async.api.business_activities import BusinessCategory as BusinessCategory
    from kycaid_async.api.countries import Country as Country
    from kycaid_async.api.crypto import CryptoAddressCheck as CryptoAddressCheck
    from kycaid_async.api.crypto import CryptoTransactionCheck as CryptoTransactionCheck
    from kycaid_async.api.documents.fields import AnnualIncome as AnnualIncome
    from kycaid_async.api.documents.fields import DocumentProvider as DocumentProvider
    from kycaid_async.api.documents.fields import DocumentStatus as DocumentStatus
    from kycaid_async.api.documents.fields import DocumentType as DocumentType
    from kycaid_async.api.documents.fields import IncomeSource as IncomeSource
    from kycaid_async.api.documents.kinds import AddressDocument as AddressDocument
    from kycaid_async.api.documents.kinds import AffiliatedAddressDocument as AffiliatedAddressDocument
    from kycaid_async.api.documents.kinds import AffiliatedDomesticPassport as AffiliatedDomesticPassport
    from kycaid_async.api.documents.kinds import AffiliatedDriversLicense as AffiliatedDriversLicense
    from kycaid_async.api.documents.kinds import AffiliatedForeignCitizenPassport as AffiliatedForeignCitizenPassport
    from kycaid_async.api.documents.kinds import AffiliatedGovernmentId as AffiliatedGovernmentId
    from kycaid_async.api.documents.kinds import AffiliatedPassport as AffiliatedPassport
    from kycaid_async.api.documents.kinds import (
        AffiliatedPermanentResidencePermit as AffiliatedPermanentResidencePermit,
    )
    from kycaid_async.api.documents.kinds import AffiliatedRefugeeCard as AffiliatedRefugeeCard
    from kycaid_async.api.documents.kinds import AuthorisedPersonDocument as AuthorisedPersonDocument
    from kycaid_async.api.documents.kinds import BankStatement as BankStatement
    from kycaid_async.api.documents.kinds import CompanyLegalAddress as CompanyLegalAddress
    from kycaid_async.api.documents.kinds import CompanyOwnership as CompanyOwnership
    from kycaid_async.api.documents.kinds import CreditCard as CreditCard
    from kycaid_async.api.documents.kinds import DomesticPassport as DomesticPassport
    from kycaid_async.api.documents.kinds import DriversLicense as DriversLicense
    from kycaid_async.api.documents.kinds import FinancialDocument as FinancialDocument
    from kycaid_async.api.documents.kinds import ForeignCitizenPassport as ForeignCitizenPassport
    from kycaid_async.api.documents.kinds import GovernmentId as GovernmentId
    from kycaid_async.api.documents.kinds import Passport as Passport
    from kycaid_async.api.documents.kinds import PermanentResidencePermit as PermanentResidencePermit
    from kycaid_async.api.documents.kinds import RefugeeCard as RefugeeCard
    from kycaid_async.api.documents.kinds import RegistrationCompany as RegistrationCompany
    from kycaid_async.api.documents.kinds import SelfieImage as SelfieImage
    from kycaid_async.api.documents.kinds import SelfieWithCreditCard as SelfieWithCreditCard
    from kycaid_async.api.documents.kinds import SelfieWithDocument as SelfieWithDocument
    from kycaid_async.api.documents.kinds import TaxIdNumber as TaxIdNumber
    from kycaid_async.api.documents.kinds import Video as Video
    from kycaid_async.api.documents.models import AffiliatedPersonDocument as AffiliatedPersonDocument
    from kycaid_async.api.documents.models import ApplicantDocument as ApplicantDocument
    from kycaid_async.api.documents.models import Document as Document
    from kycaid_async.api.documents.models import DocumentUpdate as DocumentUpdate
    from kycaid_async.api.files import FileInfo as FileInfo
    from kycaid_async.api.forms import Form as Form
    from kycaid_async.api.forms import FormUrl as FormUrl
    from kycaid_async.api.forms import FormUrlCreate as FormUrlCreate
    from kycaid_async.api.languages import Language as Language
    from kycaid_async.api.non_doc_verifications import MatchType as MatchType
    from kycaid_async.api.non_doc_verifications import NgNinAddress as NgNinAddress
    from kycaid_async.api.non_doc_verifications import NgNinData as NgNinData
    from kycaid_async.api.non_doc_verifications import NgNinRequest as NgNinRequest
    from kycaid_async.api.non_doc_verifications import NgNinResult as NgNinResult
    from kycaid_async.api.non_doc_verifications import NgNinValidation as NgNinValidation
    from kycaid_async.api.non_doc_verifications import UsEidvRequest as UsEidvRequest
    from kycaid_async.api.non_doc_verifications import UsEidvResult as UsEidvResult
    from kycaid_async.api.phone_numbers import PhoneNumberCheck as PhoneNumberCheck
    from kycaid_async.api.reference_lists import Label as Label
    from kycaid_async.api.risk_checks import AdverseMediaRequest as AdverseMediaRequest
    from kycaid_async.api.risk_checks import AdverseMediaSearch as AdverseMediaSearch
    from kycaid_async.api.risk_checks import Direction as Direction
    from kycaid_async.api.risk_checks import Transaction as Transaction
    from kycaid_async.api.risk_checks import TransactionScreening as TransactionScreening
    from kycaid_async.api.services import ServiceRequest as ServiceRequest
    from kycaid_async.api.verifications.fields import CheckType as CheckType
    from kycaid_async.api.verifications.fields import Mode as Mode
    from kycaid_async.api.verifications.fields import Outcome as Outcome
    from kycaid_async.api.verifications.fields import Service as Service
    from kycaid_async.api.verifications.fields import VerificationProgress as VerificationProgress
    from kycaid_async.api.verifications.models import CheckResult as CheckResult
    from kycaid_async.api.verifications.models import Verification as Verification
    from kycaid_async.api.verifications.models import VerificationCreate as VerificationCreate
    from kycaid_async.api.verifications.models import VerificationReportRow as VerificationReportRow
    from kycaid_async.api.verifications.models import VerificationStatuses as VerificationStatuses
    from kycaid_async.api.verifications.models import VerificationStatusResult as VerificationStatusResult
    from kycaid_async.api.verifications.models import VerificationStatusUpdate as VerificationStatusUpdate
    from kycaid_async.bulk.audit.result import AuditResult as AuditResult
    from kycaid_async.bulk.audit.result import AuditStatus as AuditStatus
    from kycaid_async.bulk.audit.result import AuditSummary as AuditSummary
    from kycaid_async.bulk.audit.run import BulkAudit as BulkAudit
    from kycaid_async.bulk.bulk import Bulk as Bulk
    from kycaid_async.bulk.manifest.check import check_manifest as check_manifest
    from kycaid_async.bulk.manifest.manifest import Manifest as Manifest
    from kycaid_async.bulk.manifest.manifest import read_manifest as read_manifest
    from kycaid_async.bulk.manifest.row import BadRow as BadRow
    from kycaid_async.bulk.manifest.row import ManifestRow as ManifestRow
    from kycaid_async.bulk.remote.url_rules import UrlRules as UrlRules
    from kycaid_async.bulk.results.run import BulkResults as BulkResults
    from kycaid_async.bulk.results.verdict import BulkVerdict as BulkVerdict
    from kycaid_async.bulk.results.verdict import CheckVerdict as CheckVerdict
    from kycaid_async.bulk.results.verdict import DocumentVerdict as DocumentVerdict
    from kycaid_async.bulk.results.verdict import ResultsSummary as ResultsSummary
    from kycaid_async.bulk.results.verdict import Verdict as Verdict
    from kycaid_async.bulk.row import BulkProgress as BulkProgress
    from kycaid_async.bulk.row import BulkResult as BulkResult
    from kycaid_async.bulk.row import BulkRow as BulkRow
    from kycaid_async.bulk.row import BulkStatus as BulkStatus
    from kycaid_async.bulk.row import BulkSummary as BulkSummary
    from kycaid_async.bulk.upload import BulkUpload as BulkUpload
    from kycaid_async.bulk.verify.result import BulkVerification as BulkVerification
    from kycaid_async.bulk.verify.result import VerifyProgress as VerifyProgress
    from kycaid_async.bulk.verify.result import VerifyResult as VerifyResult
    from kycaid_async.bulk.verify.result import VerifyStatus as VerifyStatus
    from kycaid_async.bulk.verify.result import VerifySummary as VerifySummary
    from kycaid_async.bulk.verify.run import BulkVerify as BulkVerify
    from kycaid_async.client import AsyncKycaid as AsyncKycaid
    from kycaid_async.errors import ApiError as ApiError
    from kycaid_async.errors import AuthenticationError as AuthenticationError
    from kycaid_async.errors import BadRequestError as BadRequestError
    from kycaid_async.errors import BlockedLoopWarning as BlockedLoopWarning
    from kycaid_async.errors import BodyTooLargeError as BodyTooLargeError
    from kycaid_async.errors import ConfigurationError as ConfigurationError
    from kycaid_async.errors import ConflictError as ConflictError
    from kycaid_async.errors import ConnectionFailedError as ConnectionFailedError
    from kycaid_async.errors import ConnectionLostError as ConnectionLostError
    from kycaid_async.errors import DecodeError as DecodeError
    from kycaid_async.errors import FieldError as FieldError
    from kycaid_async.errors import FieldProblem as FieldProblem
    from kycaid_async.errors import FileRefusedError as FileRefusedError
    from kycaid_async.errors import FlowError as FlowError
    from kycaid_async.errors import GatewayError as GatewayError
    from kycaid_async.errors import InsufficientFundsError as InsufficientFundsError
    from kycaid_async.errors import InvalidFileError as InvalidFileError
    from kycaid_async.errors import InvalidRequestError as InvalidRequestError
    from kycaid_async.errors import InvalidSignatureError as InvalidSignatureError
    from kycaid_async.errors import KycaidError as KycaidError
    from kycaid_async.errors import LedgerError as LedgerError
    from kycaid_async.errors import ManifestError as ManifestError
    from kycaid_async.errors import NotFoundError as NotFoundError
    from kycaid_async.errors import PermissionDeniedError as PermissionDeniedError
    from kycaid_async.errors import RateLimitError as RateLimitError
    from kycaid_async.errors import RawBodyRequiredError as RawBodyRequiredError
    from kycaid_async.errors import RedirectError as RedirectError
    from kycaid_async.errors import RequestTimeoutError as RequestTimeoutError
    from kycaid_async.errors import ServerError as ServerError
    from kycaid_async.errors import ServerTimeoutError as ServerTimeoutError
    from kycaid_async.errors import TooManyOpenFilesError as TooManyOpenFilesError
    from kycaid_async.errors import TransportError as TransportError
    from kycaid_async.errors import UnconfirmedEndpointWarning as UnconfirmedEndpointWarning
    from kycaid_async.errors import UnconfirmedValueWarning as UnconfirmedValueWarning
    from kycaid_async.errors import UploadSourceError as UploadSourceError
    from kycaid_async.errors import ValidationError as ValidationError
    from kycaid_async.hooks import AttemptEvent as AttemptEvent
    from kycaid_async.hooks import CallEvent as CallEvent
    from kycaid_async.hooks import Hooks as Hooks
    from kycaid_async.hooks import ResultEvent as ResultEvent
    from kycaid_async.hooks import RetryEvent as RetryEvent
    from kycaid_async.hooks import RowEvent as RowEvent
    from kycaid_async.protocol.endpoint import Endpoint as Endpoint
    from kycaid_async.protocol.endpoint import Evidence as Evidence
    from kycaid_async.protocol.endpoint import Replay as Replay
    from kycaid_async.protocol.timeout import Timeout as Timeout
    from kycaid_async.sync.bulk import BlockingAudit as BlockingAudit
    from kycaid_async.sync.bulk import BlockingResults as BlockingResults
    from kycaid_async.sync.bulk import BlockingUpload as BlockingUpload
    from kycaid_async.sync.bulk import BlockingVerify as BlockingVerify
    from kycaid_async.sync.client import Kycaid as Kycaid
    from kycaid_async.values.converter import structure as structure
    from kycaid_async.values.converter import unstructure as unstructure
    from kycaid_async.values.decline_reasons import DeclineReason as DeclineReason
    from kycaid_async.values.enums import OpenEnum as OpenEnum
    from kycaid_async.values.unset import UNSET as UNSET
    from kycaid_async.values.unset import Unset as Unset
    # The end of what is written.
else:
    __all__ = sorted(["__version__", "servers", *_HOMES])  # noqa: PLE0605 - `tests` check it

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


def _for_analysers() -> None:  # pyright: ignore[reportUnusedFunction]  # see below
    """Import the lazy modules. Never called: PyInstaller, Nuitka and others find them here."""
    import kycaid_async.bulk.manifest.row
    import kycaid_async.sync.bulk
    import kycaid_async.sync.client  # noqa: F401 - for analysers
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
    from kycaid_async.bulk.manifest import check, manifest  # noqa: F401 - for analysers
    from kycaid_async.bulk.remote import url_rules  # noqa: F401 - for analysers
    from kycaid_async.protocol import endpoint, timeout  # noqa: F401 - for analysers
    from kycaid_async.values import converter, decline_reasons, enums, unset  # noqa: F401 - for analysers
