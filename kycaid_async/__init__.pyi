# What type checkers see: the public names, which __init__.py loads when they are asked for.

from kycaid_async import servers as servers
from kycaid_async.api.addresses import (
    Address as Address,
)
from kycaid_async.api.addresses import (
    AddressType as AddressType,
)
from kycaid_async.api.addresses import (
    AddressUpdate as AddressUpdate,
)
from kycaid_async.api.addresses import (
    AffiliatedPersonAddress as AffiliatedPersonAddress,
)
from kycaid_async.api.addresses import (
    CompanyAddress as CompanyAddress,
)
from kycaid_async.api.addresses import (
    PersonAddress as PersonAddress,
)
from kycaid_async.api.affiliated_persons import (
    AffiliatedPersonType as AffiliatedPersonType,
)
from kycaid_async.api.affiliated_persons import (
    AffiliatedPersonUpdate as AffiliatedPersonUpdate,
)
from kycaid_async.api.affiliated_persons import (
    AuthorisedPerson as AuthorisedPerson,
)
from kycaid_async.api.affiliated_persons import (
    BeneficialOwner as BeneficialOwner,
)
from kycaid_async.api.applicants import (
    Applicant as Applicant,
)
from kycaid_async.api.applicants import (
    ApplicantStatus as ApplicantStatus,
)
from kycaid_async.api.applicants import (
    ApplicantType as ApplicantType,
)
from kycaid_async.api.applicants import (
    ApplicantUpdate as ApplicantUpdate,
)
from kycaid_async.api.applicants import (
    Company as Company,
)
from kycaid_async.api.applicants import (
    CompanyApplicant as CompanyApplicant,
)
from kycaid_async.api.applicants import (
    Gender as Gender,
)
from kycaid_async.api.applicants import (
    Person as Person,
)
from kycaid_async.api.applicants import (
    PersonApplicant as PersonApplicant,
)
from kycaid_async.api.blacklist_models import (
    BlacklistDocumentType as BlacklistDocumentType,
)
from kycaid_async.api.blacklist_models import (
    BlacklistType as BlacklistType,
)
from kycaid_async.api.blacklist_models import (
    DocumentHit as DocumentHit,
)
from kycaid_async.api.blacklist_models import (
    DocumentSearch as DocumentSearch,
)
from kycaid_async.api.blacklist_models import (
    MatchParameters as MatchParameters,
)
from kycaid_async.api.blacklist_models import (
    PersonHit as PersonHit,
)
from kycaid_async.api.blacklist_models import (
    PersonSearchByFullName as PersonSearchByFullName,
)
from kycaid_async.api.blacklist_models import (
    PersonSearchByNames as PersonSearchByNames,
)
from kycaid_async.api.blacklist_models import (
    PersonSearchV2ByFullName as PersonSearchV2ByFullName,
)
from kycaid_async.api.blacklist_models import (
    PersonSearchV2ByNames as PersonSearchV2ByNames,
)
from kycaid_async.api.blacklist_models import (
    PersonSearchV2Result as PersonSearchV2Result,
)
from kycaid_async.api.blacklist_models import (
    TaxIdHit as TaxIdHit,
)
from kycaid_async.api.blacklist_models import (
    TaxIdSearch as TaxIdSearch,
)
from kycaid_async.api.business_activities import (
    BusinessActivity as BusinessActivity,
)
from kycaid_async.api.business_activities import (
    BusinessCategory as BusinessCategory,
)
from kycaid_async.api.countries import (
    Country as Country,
)
from kycaid_async.api.crypto import (
    CryptoAddressCheck as CryptoAddressCheck,
)
from kycaid_async.api.crypto import (
    CryptoTransactionCheck as CryptoTransactionCheck,
)
from kycaid_async.api.document_fields import (
    DocumentUpdate as DocumentUpdate,
)
from kycaid_async.api.document_variants import (
    AddressDocument as AddressDocument,
)
from kycaid_async.api.document_variants import (
    AffiliatedAddressDocument as AffiliatedAddressDocument,
)
from kycaid_async.api.document_variants import (
    AffiliatedDomesticPassport as AffiliatedDomesticPassport,
)
from kycaid_async.api.document_variants import (
    AffiliatedDriversLicense as AffiliatedDriversLicense,
)
from kycaid_async.api.document_variants import (
    AffiliatedForeignCitizenPassport as AffiliatedForeignCitizenPassport,
)
from kycaid_async.api.document_variants import (
    AffiliatedGovernmentId as AffiliatedGovernmentId,
)
from kycaid_async.api.document_variants import (
    AffiliatedPassport as AffiliatedPassport,
)
from kycaid_async.api.document_variants import (
    AffiliatedPermanentResidencePermit as AffiliatedPermanentResidencePermit,
)
from kycaid_async.api.document_variants import (
    AffiliatedPersonDocument as AffiliatedPersonDocument,
)
from kycaid_async.api.document_variants import (
    AffiliatedRefugeeCard as AffiliatedRefugeeCard,
)
from kycaid_async.api.document_variants import (
    ApplicantDocument as ApplicantDocument,
)
from kycaid_async.api.document_variants import (
    AuthorisedPersonDocument as AuthorisedPersonDocument,
)
from kycaid_async.api.document_variants import (
    BankStatement as BankStatement,
)
from kycaid_async.api.document_variants import (
    CompanyLegalAddress as CompanyLegalAddress,
)
from kycaid_async.api.document_variants import (
    CompanyOwnership as CompanyOwnership,
)
from kycaid_async.api.document_variants import (
    CreditCard as CreditCard,
)
from kycaid_async.api.document_variants import (
    DomesticPassport as DomesticPassport,
)
from kycaid_async.api.document_variants import (
    DriversLicense as DriversLicense,
)
from kycaid_async.api.document_variants import (
    FinancialDocument as FinancialDocument,
)
from kycaid_async.api.document_variants import (
    ForeignCitizenPassport as ForeignCitizenPassport,
)
from kycaid_async.api.document_variants import (
    GovernmentId as GovernmentId,
)
from kycaid_async.api.document_variants import (
    Passport as Passport,
)
from kycaid_async.api.document_variants import (
    PermanentResidencePermit as PermanentResidencePermit,
)
from kycaid_async.api.document_variants import (
    RefugeeCard as RefugeeCard,
)
from kycaid_async.api.document_variants import (
    RegistrationCompany as RegistrationCompany,
)
from kycaid_async.api.document_variants import (
    SelfieImage as SelfieImage,
)
from kycaid_async.api.document_variants import (
    SelfieWithCreditCard as SelfieWithCreditCard,
)
from kycaid_async.api.document_variants import (
    SelfieWithDocument as SelfieWithDocument,
)
from kycaid_async.api.document_variants import (
    TaxIdNumber as TaxIdNumber,
)
from kycaid_async.api.document_variants import (
    Video as Video,
)
from kycaid_async.api.document_words import (
    AnnualIncome as AnnualIncome,
)
from kycaid_async.api.document_words import (
    DocumentProvider as DocumentProvider,
)
from kycaid_async.api.document_words import (
    DocumentStatus as DocumentStatus,
)
from kycaid_async.api.document_words import (
    DocumentType as DocumentType,
)
from kycaid_async.api.document_words import (
    IncomeSource as IncomeSource,
)
from kycaid_async.api.documents import (
    Document as Document,
)
from kycaid_async.api.files import (
    FileInfo as FileInfo,
)
from kycaid_async.api.forms import (
    Form as Form,
)
from kycaid_async.api.forms import (
    FormUrl as FormUrl,
)
from kycaid_async.api.forms import (
    FormUrlCreate as FormUrlCreate,
)
from kycaid_async.api.languages import (
    Language as Language,
)
from kycaid_async.api.non_doc_verifications import (
    MatchType as MatchType,
)
from kycaid_async.api.non_doc_verifications import (
    NgNinAddress as NgNinAddress,
)
from kycaid_async.api.non_doc_verifications import (
    NgNinData as NgNinData,
)
from kycaid_async.api.non_doc_verifications import (
    NgNinRequest as NgNinRequest,
)
from kycaid_async.api.non_doc_verifications import (
    NgNinResult as NgNinResult,
)
from kycaid_async.api.non_doc_verifications import (
    NgNinValidation as NgNinValidation,
)
from kycaid_async.api.non_doc_verifications import (
    UsEidvRequest as UsEidvRequest,
)
from kycaid_async.api.non_doc_verifications import (
    UsEidvResult as UsEidvResult,
)
from kycaid_async.api.phone_numbers import (
    PhoneNumberCheck as PhoneNumberCheck,
)
from kycaid_async.api.reference_lists import (
    Label as Label,
)
from kycaid_async.api.risk_checks import (
    AdverseMediaRequest as AdverseMediaRequest,
)
from kycaid_async.api.risk_checks import (
    AdverseMediaSearch as AdverseMediaSearch,
)
from kycaid_async.api.risk_checks import (
    Direction as Direction,
)
from kycaid_async.api.risk_checks import (
    Transaction as Transaction,
)
from kycaid_async.api.risk_checks import (
    TransactionScreening as TransactionScreening,
)
from kycaid_async.api.services import (
    ServiceRequest as ServiceRequest,
)
from kycaid_async.api.verification_models import (
    CheckResult as CheckResult,
)
from kycaid_async.api.verification_models import (
    CheckType as CheckType,
)
from kycaid_async.api.verification_models import (
    Mode as Mode,
)
from kycaid_async.api.verification_models import (
    Outcome as Outcome,
)
from kycaid_async.api.verification_models import (
    Service as Service,
)
from kycaid_async.api.verification_models import (
    Verification as Verification,
)
from kycaid_async.api.verification_models import (
    VerificationCreate as VerificationCreate,
)
from kycaid_async.api.verification_models import (
    VerificationProgress as VerificationProgress,
)
from kycaid_async.api.verification_models import (
    VerificationReportRow as VerificationReportRow,
)
from kycaid_async.api.verification_models import (
    VerificationStatuses as VerificationStatuses,
)
from kycaid_async.api.verification_models import (
    VerificationStatusResult as VerificationStatusResult,
)
from kycaid_async.api.verification_models import (
    VerificationStatusUpdate as VerificationStatusUpdate,
)
from kycaid_async.bulk.audit.result import (
    AuditResult as AuditResult,
)
from kycaid_async.bulk.audit.result import (
    AuditStatus as AuditStatus,
)
from kycaid_async.bulk.audit.result import (
    AuditSummary as AuditSummary,
)
from kycaid_async.bulk.audit.run import (
    BulkAudit as BulkAudit,
)
from kycaid_async.bulk.bulk import (
    Bulk as Bulk,
)
from kycaid_async.bulk.manifest.check import (
    check_manifest as check_manifest,
)
from kycaid_async.bulk.manifest.manifest import (
    Manifest as Manifest,
)
from kycaid_async.bulk.manifest.manifest import (
    read_manifest as read_manifest,
)
from kycaid_async.bulk.manifest.row import (
    BadRow as BadRow,
)
from kycaid_async.bulk.manifest.row import (
    ManifestRow as ManifestRow,
)
from kycaid_async.bulk.progress import (
    BulkProgress as BulkProgress,
)
from kycaid_async.bulk.remote.url_rules import (
    UrlRules as UrlRules,
)
from kycaid_async.bulk.result import (
    BulkResult as BulkResult,
)
from kycaid_async.bulk.result import (
    BulkStatus as BulkStatus,
)
from kycaid_async.bulk.result import (
    BulkSummary as BulkSummary,
)
from kycaid_async.bulk.row import (
    BulkRow as BulkRow,
)
from kycaid_async.bulk.upload import (
    BulkUpload as BulkUpload,
)
from kycaid_async.client import (
    AsyncKycaid as AsyncKycaid,
)
from kycaid_async.errors import (
    ApiError as ApiError,
)
from kycaid_async.errors import (
    AuthenticationError as AuthenticationError,
)
from kycaid_async.errors import (
    BadRequestError as BadRequestError,
)
from kycaid_async.errors import (
    BlockedLoopWarning as BlockedLoopWarning,
)
from kycaid_async.errors import (
    BodyTooLargeError as BodyTooLargeError,
)
from kycaid_async.errors import (
    ConfigurationError as ConfigurationError,
)
from kycaid_async.errors import (
    ConflictError as ConflictError,
)
from kycaid_async.errors import (
    ConnectionFailedError as ConnectionFailedError,
)
from kycaid_async.errors import (
    ConnectionLostError as ConnectionLostError,
)
from kycaid_async.errors import (
    DecodeError as DecodeError,
)
from kycaid_async.errors import (
    FieldError as FieldError,
)
from kycaid_async.errors import (
    FieldProblem as FieldProblem,
)
from kycaid_async.errors import (
    FileRefusedError as FileRefusedError,
)
from kycaid_async.errors import (
    FlowError as FlowError,
)
from kycaid_async.errors import (
    GatewayError as GatewayError,
)
from kycaid_async.errors import (
    InsufficientFundsError as InsufficientFundsError,
)
from kycaid_async.errors import (
    InvalidFileError as InvalidFileError,
)
from kycaid_async.errors import (
    InvalidRequestError as InvalidRequestError,
)
from kycaid_async.errors import (
    InvalidSignatureError as InvalidSignatureError,
)
from kycaid_async.errors import (
    KycaidError as KycaidError,
)
from kycaid_async.errors import (
    LedgerError as LedgerError,
)
from kycaid_async.errors import (
    ManifestError as ManifestError,
)
from kycaid_async.errors import (
    NotFoundError as NotFoundError,
)
from kycaid_async.errors import (
    PermissionDeniedError as PermissionDeniedError,
)
from kycaid_async.errors import (
    RateLimitError as RateLimitError,
)
from kycaid_async.errors import (
    RawBodyRequiredError as RawBodyRequiredError,
)
from kycaid_async.errors import (
    RedirectError as RedirectError,
)
from kycaid_async.errors import (
    RequestTimeoutError as RequestTimeoutError,
)
from kycaid_async.errors import (
    ServerError as ServerError,
)
from kycaid_async.errors import (
    ServerTimeoutError as ServerTimeoutError,
)
from kycaid_async.errors import (
    TooManyOpenFilesError as TooManyOpenFilesError,
)
from kycaid_async.errors import (
    TransportError as TransportError,
)
from kycaid_async.errors import (
    UnconfirmedEndpointWarning as UnconfirmedEndpointWarning,
)
from kycaid_async.errors import (
    UploadSourceError as UploadSourceError,
)
from kycaid_async.errors import (
    ValidationError as ValidationError,
)
from kycaid_async.protocol.endpoint import (
    Endpoint as Endpoint,
)
from kycaid_async.protocol.endpoint import (
    Evidence as Evidence,
)
from kycaid_async.protocol.endpoint import (
    Replay as Replay,
)
from kycaid_async.protocol.timeout import (
    Timeout as Timeout,
)
from kycaid_async.sync.bulk import (
    BlockingAudit as BlockingAudit,
)
from kycaid_async.sync.bulk import (
    BlockingUpload as BlockingUpload,
)
from kycaid_async.sync.client import (
    Kycaid as Kycaid,
)
from kycaid_async.values.converter import (
    structure as structure,
)
from kycaid_async.values.converter import (
    unstructure as unstructure,
)
from kycaid_async.values.decline_reasons import (
    DeclineReason as DeclineReason,
)
from kycaid_async.values.enums import (
    OpenEnum as OpenEnum,
)
from kycaid_async.values.unset import (
    UNSET as UNSET,
)
from kycaid_async.values.unset import (
    Unset as Unset,
)

__version__: str
