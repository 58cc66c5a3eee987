# Written by `python -m tests.derived` from the asynchronous sections.
import builtins
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Unpack, overload

from kycaid_async.api.addresses import AddressChanges, AddressFields, AddressUpdate, NewAddress
from kycaid_async.api.affiliated_persons import (
    AffiliatedPersonChanges,
    AffiliatedPersonFields,
    AffiliatedPersonUpdate,
    NewAffiliatedPerson,
)
from kycaid_async.api.applicants import AnyApplicant, ApplicantChanges, ApplicantUpdate, NewApplicant
from kycaid_async.api.blacklist_databases.models import (
    DocumentHit,
    DocumentSearch,
    PersonHit,
    PersonSearchByFullName,
    PersonSearchByNames,
    PersonSearchV2ByFullName,
    PersonSearchV2ByNames,
    PersonSearchV2Result,
    TaxIdHit,
    TaxIdSearch,
)
from kycaid_async.api.business_activities import BusinessCategory
from kycaid_async.api.countries import Country
from kycaid_async.api.documents.document import Document
from kycaid_async.api.documents.fields import DocumentChanges, DocumentFields
from kycaid_async.api.documents.models import DocumentUpdate, NewDocument
from kycaid_async.api.files import FileInfo
from kycaid_async.api.forms import Form, FormUrl, FormUrlCreate, FormUrlFields
from kycaid_async.api.languages import Language
from kycaid_async.api.non_doc_verifications import NgNinResult, UsEidvFields, UsEidvRequest, UsEidvResult
from kycaid_async.api.raw_response import RawResponse
from kycaid_async.api.risk_checks import AdverseMediaRequest, AdverseMediaSearch, TransactionScreening
from kycaid_async.api.services import ServiceRequest
from kycaid_async.api.verifications.fields import Outcome, OutcomeName, VerificationFields
from kycaid_async.api.verifications.models import (
    Verification,
    VerificationCreate,
    VerificationReportRow,
    VerificationStatusResult,
)
from kycaid_async.protocol.endpoint import Replay
from kycaid_async.uploads.sources import BlockingSource, UploadSource

class RawAddresses:
    @overload
    async def create(self, address: NewAddress, /) -> RawResponse[str]: ...
    @overload
    async def create(self, /, **fields: Unpack[AddressFields]) -> RawResponse[str]: ...
    @overload
    async def update(self, address_id: str, changes: AddressUpdate, /) -> RawResponse[str]: ...
    @overload
    async def update(self, address_id: str, /, **fields: Unpack[AddressChanges]) -> RawResponse[str]: ...
    async def delete(self, address_id: str) -> RawResponse[str]: ...

class RawAffiliatedPersons:
    @overload
    async def create(self, person: NewAffiliatedPerson, /) -> RawResponse[str]: ...
    @overload
    async def create(self, /, **fields: Unpack[AffiliatedPersonFields]) -> RawResponse[str]: ...
    @overload
    async def update(self, affiliated_person_id: str, changes: AffiliatedPersonUpdate, /) -> RawResponse[str]: ...
    @overload
    async def update(
        self, affiliated_person_id: str, /, **fields: Unpack[AffiliatedPersonChanges]
    ) -> RawResponse[str]: ...
    async def delete(self, affiliated_person_id: str) -> RawResponse[str]: ...

class RawApplicants:
    @overload
    async def create(self, applicant: NewApplicant, /) -> RawResponse[str]: ...
    @overload
    async def create(self, /, **fields: Unpack[ApplicantChanges]) -> RawResponse[str]: ...
    async def get(self, applicant_id: str, *, verification_id: str | None = None) -> RawResponse[AnyApplicant]: ...
    @overload
    async def update(self, applicant_id: str, changes: ApplicantUpdate, /) -> RawResponse[str]: ...
    @overload
    async def update(self, applicant_id: str, /, **fields: Unpack[ApplicantChanges]) -> RawResponse[str]: ...

class RawBlacklistDatabases:
    async def search_persons(
        self, search: PersonSearchByFullName | PersonSearchByNames
    ) -> RawResponse[list[PersonHit]]: ...
    async def search_persons_v2(
        self, search: PersonSearchV2ByFullName | PersonSearchV2ByNames
    ) -> RawResponse[PersonSearchV2Result]: ...
    async def search_documents(self, search: DocumentSearch) -> RawResponse[list[DocumentHit]]: ...
    async def search_tax_ids(self, search: TaxIdSearch) -> RawResponse[list[TaxIdHit]]: ...

class RawBusinessActivities:
    async def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[BusinessCategory]]: ...

class RawCountries:
    async def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[Country]]: ...

class RawCrypto:
    async def check_address(self, address: str, *, asset: str, callback_url: str) -> RawResponse[ServiceRequest]: ...
    async def check_transaction(
        self, transaction_hash: str, *, asset: str, callback_url: str
    ) -> RawResponse[ServiceRequest]: ...

class RawDocuments:
    @overload
    async def create(self, document: NewDocument, /) -> RawResponse[str]: ...
    @overload
    async def create(self, /, **fields: Unpack[DocumentFields]) -> RawResponse[str]: ...
    async def get(self, document_id: str) -> RawResponse[Document]: ...
    @overload
    async def update(self, document_id: str, changes: DocumentUpdate, /) -> RawResponse[str]: ...
    @overload
    async def update(self, document_id: str, /, **fields: Unpack[DocumentChanges]) -> RawResponse[str]: ...
    async def delete(self, document_id: str) -> RawResponse[str]: ...

class RawFiles:
    async def create(
        self,
        source: UploadSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> RawResponse[str]: ...
    async def replace(
        self,
        file_id: str,
        source: UploadSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> RawResponse[str]: ...
    async def get(self, file_id: str) -> RawResponse[FileInfo]: ...
    async def delete(self, file_id: str) -> RawResponse[str]: ...

class RawForms:
    async def list(self) -> RawResponse[builtins.list[Form]]: ...
    @overload
    async def create_url(self, form_id: str, url: FormUrlCreate, /) -> RawResponse[FormUrl]: ...
    @overload
    async def create_url(self, form_id: str, /, **fields: Unpack[FormUrlFields]) -> RawResponse[FormUrl]: ...

class RawLanguages:
    async def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[Language]]: ...

class RawNonDocVerifications:
    @overload
    async def us_eidv(self, person: UsEidvRequest, /) -> RawResponse[UsEidvResult]: ...
    @overload
    async def us_eidv(self, /, **fields: Unpack[UsEidvFields]) -> RawResponse[UsEidvResult]: ...
    async def ng_nin(self, nin_number: str) -> RawResponse[NgNinResult]: ...
    async def run(self, country_code: str, service: str, body: Mapping[str, Any]) -> RawResponse[Any]: ...

class RawPhoneNumbers:
    async def check(self, phone: str) -> RawResponse[Any]: ...

class RawQes:
    async def verify(self, body: Mapping[str, Any]) -> RawResponse[Any]: ...

class RawRiskChecks:
    async def submit_transaction(self, screening: TransactionScreening) -> RawResponse[ServiceRequest]: ...
    async def adverse_media(self, search: AdverseMediaSearch) -> RawResponse[AdverseMediaRequest]: ...

class RawVerifications:
    @overload
    async def create(self, verification: VerificationCreate, /) -> RawResponse[str]: ...
    @overload
    async def create(self, /, **fields: Unpack[VerificationFields]) -> RawResponse[str]: ...
    async def get(self, verification_id: str) -> RawResponse[Verification]: ...
    async def update_status(
        self,
        verification_id: str,
        verification_status: Outcome | OutcomeName,
        *,
        callback_enabled: bool | None = None,
        project_owner_email_enabled: bool | None = None,
        applicant_email_enabled: bool | None = None,
    ) -> RawResponse[VerificationStatusResult]: ...

class RawSignatures:
    addresses: RawAddresses
    affiliated_persons: RawAffiliatedPersons
    applicants: RawApplicants
    blacklist_databases: RawBlacklistDatabases
    business_activities: RawBusinessActivities
    countries: RawCountries
    crypto: RawCrypto
    documents: RawDocuments
    files: RawFiles
    forms: RawForms
    languages: RawLanguages
    non_doc_verifications: RawNonDocVerifications
    phone_numbers: RawPhoneNumbers
    qes: RawQes
    risk_checks: RawRiskChecks
    verifications: RawVerifications

class BlockingAddresses:
    @overload
    def create(self, address: NewAddress, /) -> str: ...
    @overload
    def create(self, /, **fields: Unpack[AddressFields]) -> str: ...
    @overload
    def update(self, address_id: str, changes: AddressUpdate, /) -> str: ...
    @overload
    def update(self, address_id: str, /, **fields: Unpack[AddressChanges]) -> str: ...
    def delete(self, address_id: str) -> str: ...

class BlockingAffiliatedPersons:
    @overload
    def create(self, person: NewAffiliatedPerson, /) -> str: ...
    @overload
    def create(self, /, **fields: Unpack[AffiliatedPersonFields]) -> str: ...
    @overload
    def update(self, affiliated_person_id: str, changes: AffiliatedPersonUpdate, /) -> str: ...
    @overload
    def update(self, affiliated_person_id: str, /, **fields: Unpack[AffiliatedPersonChanges]) -> str: ...
    def delete(self, affiliated_person_id: str) -> str: ...

class BlockingApplicants:
    @overload
    def create(self, applicant: NewApplicant, /) -> str: ...
    @overload
    def create(self, /, **fields: Unpack[ApplicantChanges]) -> str: ...
    def get(self, applicant_id: str, *, verification_id: str | None = None) -> AnyApplicant: ...
    @overload
    def update(self, applicant_id: str, changes: ApplicantUpdate, /) -> str: ...
    @overload
    def update(self, applicant_id: str, /, **fields: Unpack[ApplicantChanges]) -> str: ...

class BlockingBlacklistDatabases:
    def search_persons(self, search: PersonSearchByFullName | PersonSearchByNames) -> list[PersonHit]: ...
    def search_persons_v2(self, search: PersonSearchV2ByFullName | PersonSearchV2ByNames) -> PersonSearchV2Result: ...
    def search_documents(self, search: DocumentSearch) -> list[DocumentHit]: ...
    def search_tax_ids(self, search: TaxIdSearch) -> list[TaxIdHit]: ...

class BlockingBusinessActivities:
    def list(self, *, max_age: float | None = None) -> builtins.list[BusinessCategory]: ...

class BlockingCountries:
    def list(self, *, max_age: float | None = None) -> builtins.list[Country]: ...

class BlockingCrypto:
    def check_address(self, address: str, *, asset: str, callback_url: str) -> ServiceRequest: ...
    def check_transaction(self, transaction_hash: str, *, asset: str, callback_url: str) -> ServiceRequest: ...

class BlockingDocuments:
    @overload
    def create(self, document: NewDocument, /) -> str: ...
    @overload
    def create(self, /, **fields: Unpack[DocumentFields]) -> str: ...
    def get(self, document_id: str) -> Document: ...
    @overload
    def update(self, document_id: str, changes: DocumentUpdate, /) -> str: ...
    @overload
    def update(self, document_id: str, /, **fields: Unpack[DocumentChanges]) -> str: ...
    def delete(self, document_id: str) -> str: ...

class BlockingFiles:
    def create(
        self,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> str: ...
    def replace(
        self,
        file_id: str,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> str: ...
    def get(self, file_id: str) -> FileInfo: ...
    def delete(self, file_id: str) -> str: ...

class BlockingForms:
    def list(self) -> builtins.list[Form]: ...
    @overload
    def create_url(self, form_id: str, url: FormUrlCreate, /) -> FormUrl: ...
    @overload
    def create_url(self, form_id: str, /, **fields: Unpack[FormUrlFields]) -> FormUrl: ...

class BlockingLanguages:
    def list(self, *, max_age: float | None = None) -> builtins.list[Language]: ...

class BlockingNonDocVerifications:
    @overload
    def us_eidv(self, person: UsEidvRequest, /) -> UsEidvResult: ...
    @overload
    def us_eidv(self, /, **fields: Unpack[UsEidvFields]) -> UsEidvResult: ...
    def ng_nin(self, nin_number: str) -> NgNinResult: ...
    def run(self, country_code: str, service: str, body: Mapping[str, Any]) -> Any: ...

class BlockingPhoneNumbers:
    def check(self, phone: str) -> Any: ...

class BlockingQes:
    def verify(self, body: Mapping[str, Any]) -> Any: ...

class BlockingRiskChecks:
    def submit_transaction(self, screening: TransactionScreening) -> ServiceRequest: ...
    def adverse_media(self, search: AdverseMediaSearch) -> AdverseMediaRequest: ...

class BlockingVerifications:
    @overload
    def create(self, verification: VerificationCreate, /) -> str: ...
    @overload
    def create(self, /, **fields: Unpack[VerificationFields]) -> str: ...
    def get(self, verification_id: str) -> Verification: ...
    def wait(self, verification_id: str, *, timeout: float = ...) -> Verification: ...
    def report(self, start: date | str, end: date | str | None = None) -> Iterator[VerificationReportRow]: ...
    def find(
        self,
        *,
        applicant_id: str | None = None,
        external_applicant_id: str | int | None = None,
        since: datetime | date | str,
    ) -> list[VerificationReportRow]: ...
    def update_status(
        self,
        verification_id: str,
        verification_status: Outcome | OutcomeName,
        *,
        callback_enabled: bool | None = None,
        project_owner_email_enabled: bool | None = None,
        applicant_email_enabled: bool | None = None,
    ) -> VerificationStatusResult: ...

class BlockingSignatures:
    addresses: BlockingAddresses
    affiliated_persons: BlockingAffiliatedPersons
    applicants: BlockingApplicants
    blacklist_databases: BlockingBlacklistDatabases
    business_activities: BlockingBusinessActivities
    countries: BlockingCountries
    crypto: BlockingCrypto
    documents: BlockingDocuments
    files: BlockingFiles
    forms: BlockingForms
    languages: BlockingLanguages
    non_doc_verifications: BlockingNonDocVerifications
    phone_numbers: BlockingPhoneNumbers
    qes: BlockingQes
    risk_checks: BlockingRiskChecks
    verifications: BlockingVerifications

class BlockingRawAddresses:
    @overload
    def create(self, address: NewAddress, /) -> RawResponse[str]: ...
    @overload
    def create(self, /, **fields: Unpack[AddressFields]) -> RawResponse[str]: ...
    @overload
    def update(self, address_id: str, changes: AddressUpdate, /) -> RawResponse[str]: ...
    @overload
    def update(self, address_id: str, /, **fields: Unpack[AddressChanges]) -> RawResponse[str]: ...
    def delete(self, address_id: str) -> RawResponse[str]: ...

class BlockingRawAffiliatedPersons:
    @overload
    def create(self, person: NewAffiliatedPerson, /) -> RawResponse[str]: ...
    @overload
    def create(self, /, **fields: Unpack[AffiliatedPersonFields]) -> RawResponse[str]: ...
    @overload
    def update(self, affiliated_person_id: str, changes: AffiliatedPersonUpdate, /) -> RawResponse[str]: ...
    @overload
    def update(self, affiliated_person_id: str, /, **fields: Unpack[AffiliatedPersonChanges]) -> RawResponse[str]: ...
    def delete(self, affiliated_person_id: str) -> RawResponse[str]: ...

class BlockingRawApplicants:
    @overload
    def create(self, applicant: NewApplicant, /) -> RawResponse[str]: ...
    @overload
    def create(self, /, **fields: Unpack[ApplicantChanges]) -> RawResponse[str]: ...
    def get(self, applicant_id: str, *, verification_id: str | None = None) -> RawResponse[AnyApplicant]: ...
    @overload
    def update(self, applicant_id: str, changes: ApplicantUpdate, /) -> RawResponse[str]: ...
    @overload
    def update(self, applicant_id: str, /, **fields: Unpack[ApplicantChanges]) -> RawResponse[str]: ...

class BlockingRawBlacklistDatabases:
    def search_persons(self, search: PersonSearchByFullName | PersonSearchByNames) -> RawResponse[list[PersonHit]]: ...
    def search_persons_v2(
        self, search: PersonSearchV2ByFullName | PersonSearchV2ByNames
    ) -> RawResponse[PersonSearchV2Result]: ...
    def search_documents(self, search: DocumentSearch) -> RawResponse[list[DocumentHit]]: ...
    def search_tax_ids(self, search: TaxIdSearch) -> RawResponse[list[TaxIdHit]]: ...

class BlockingRawBusinessActivities:
    def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[BusinessCategory]]: ...

class BlockingRawCountries:
    def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[Country]]: ...

class BlockingRawCrypto:
    def check_address(self, address: str, *, asset: str, callback_url: str) -> RawResponse[ServiceRequest]: ...
    def check_transaction(
        self, transaction_hash: str, *, asset: str, callback_url: str
    ) -> RawResponse[ServiceRequest]: ...

class BlockingRawDocuments:
    @overload
    def create(self, document: NewDocument, /) -> RawResponse[str]: ...
    @overload
    def create(self, /, **fields: Unpack[DocumentFields]) -> RawResponse[str]: ...
    def get(self, document_id: str) -> RawResponse[Document]: ...
    @overload
    def update(self, document_id: str, changes: DocumentUpdate, /) -> RawResponse[str]: ...
    @overload
    def update(self, document_id: str, /, **fields: Unpack[DocumentChanges]) -> RawResponse[str]: ...
    def delete(self, document_id: str) -> RawResponse[str]: ...

class BlockingRawFiles:
    def create(
        self,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> RawResponse[str]: ...
    def replace(
        self,
        file_id: str,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> RawResponse[str]: ...
    def get(self, file_id: str) -> RawResponse[FileInfo]: ...
    def delete(self, file_id: str) -> RawResponse[str]: ...

class BlockingRawForms:
    def list(self) -> RawResponse[builtins.list[Form]]: ...
    @overload
    def create_url(self, form_id: str, url: FormUrlCreate, /) -> RawResponse[FormUrl]: ...
    @overload
    def create_url(self, form_id: str, /, **fields: Unpack[FormUrlFields]) -> RawResponse[FormUrl]: ...

class BlockingRawLanguages:
    def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[Language]]: ...

class BlockingRawNonDocVerifications:
    @overload
    def us_eidv(self, person: UsEidvRequest, /) -> RawResponse[UsEidvResult]: ...
    @overload
    def us_eidv(self, /, **fields: Unpack[UsEidvFields]) -> RawResponse[UsEidvResult]: ...
    def ng_nin(self, nin_number: str) -> RawResponse[NgNinResult]: ...
    def run(self, country_code: str, service: str, body: Mapping[str, Any]) -> RawResponse[Any]: ...

class BlockingRawPhoneNumbers:
    def check(self, phone: str) -> RawResponse[Any]: ...

class BlockingRawQes:
    def verify(self, body: Mapping[str, Any]) -> RawResponse[Any]: ...

class BlockingRawRiskChecks:
    def submit_transaction(self, screening: TransactionScreening) -> RawResponse[ServiceRequest]: ...
    def adverse_media(self, search: AdverseMediaSearch) -> RawResponse[AdverseMediaRequest]: ...

class BlockingRawVerifications:
    @overload
    def create(self, verification: VerificationCreate, /) -> RawResponse[str]: ...
    @overload
    def create(self, /, **fields: Unpack[VerificationFields]) -> RawResponse[str]: ...
    def get(self, verification_id: str) -> RawResponse[Verification]: ...
    def update_status(
        self,
        verification_id: str,
        verification_status: Outcome | OutcomeName,
        *,
        callback_enabled: bool | None = None,
        project_owner_email_enabled: bool | None = None,
        applicant_email_enabled: bool | None = None,
    ) -> RawResponse[VerificationStatusResult]: ...

class BlockingRawSignatures:
    addresses: BlockingRawAddresses
    affiliated_persons: BlockingRawAffiliatedPersons
    applicants: BlockingRawApplicants
    blacklist_databases: BlockingRawBlacklistDatabases
    business_activities: BlockingRawBusinessActivities
    countries: BlockingRawCountries
    crypto: BlockingRawCrypto
    documents: BlockingRawDocuments
    files: BlockingRawFiles
    forms: BlockingRawForms
    languages: BlockingRawLanguages
    non_doc_verifications: BlockingRawNonDocVerifications
    phone_numbers: BlockingRawPhoneNumbers
    qes: BlockingRawQes
    risk_checks: BlockingRawRiskChecks
    verifications: BlockingRawVerifications
    def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | Sequence[Any] | None = None,
        query: Mapping[str, Any] | None = None,
        replay: Replay | str | None = None,
    ) -> RawResponse[Any]: ...
