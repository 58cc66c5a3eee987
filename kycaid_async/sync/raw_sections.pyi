# Written by `python -m tests.derived` from the asynchronous sections.
import builtins
from collections.abc import Mapping, Sequence
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
from kycaid_async.api.verifications.models import Verification, VerificationCreate, VerificationStatusResult
from kycaid_async.protocol.endpoint import Replay
from kycaid_async.sync.blocking import Blocking
from kycaid_async.sync.files import BlockingSource

class Addresses(Blocking):
    @overload
    def create(self, address: NewAddress, /) -> RawResponse[str]: ...
    @overload
    def create(self, /, **fields: Unpack[AddressFields]) -> RawResponse[str]: ...
    @overload
    def update(self, address_id: str, changes: AddressUpdate, /) -> RawResponse[str]: ...
    @overload
    def update(self, address_id: str, /, **fields: Unpack[AddressChanges]) -> RawResponse[str]: ...
    def delete(self, address_id: str) -> RawResponse[str]: ...

class AffiliatedPersons(Blocking):
    @overload
    def create(self, person: NewAffiliatedPerson, /) -> RawResponse[str]: ...
    @overload
    def create(self, /, **fields: Unpack[AffiliatedPersonFields]) -> RawResponse[str]: ...
    @overload
    def update(self, affiliated_person_id: str, changes: AffiliatedPersonUpdate, /) -> RawResponse[str]: ...
    @overload
    def update(self, affiliated_person_id: str, /, **fields: Unpack[AffiliatedPersonChanges]) -> RawResponse[str]: ...
    def delete(self, affiliated_person_id: str) -> RawResponse[str]: ...

class Applicants(Blocking):
    @overload
    def create(self, applicant: NewApplicant, /) -> RawResponse[str]: ...
    @overload
    def create(self, /, **fields: Unpack[ApplicantChanges]) -> RawResponse[str]: ...
    def get(self, applicant_id: str, *, verification_id: str | None = None) -> RawResponse[AnyApplicant]: ...
    @overload
    def update(self, applicant_id: str, changes: ApplicantUpdate, /) -> RawResponse[str]: ...
    @overload
    def update(self, applicant_id: str, /, **fields: Unpack[ApplicantChanges]) -> RawResponse[str]: ...

class BlacklistDatabases(Blocking):
    def search_persons(self, search: PersonSearchByFullName | PersonSearchByNames) -> RawResponse[list[PersonHit]]: ...
    def search_persons_v2(
        self, search: PersonSearchV2ByFullName | PersonSearchV2ByNames
    ) -> RawResponse[PersonSearchV2Result]: ...
    def search_documents(self, search: DocumentSearch) -> RawResponse[list[DocumentHit]]: ...
    def search_tax_ids(self, search: TaxIdSearch) -> RawResponse[list[TaxIdHit]]: ...

class BusinessActivities(Blocking):
    def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[BusinessCategory]]: ...

class Countries(Blocking):
    def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[Country]]: ...

class Crypto(Blocking):
    def check_address(self, address: str, *, asset: str, callback_url: str) -> RawResponse[ServiceRequest]: ...
    def check_transaction(
        self, transaction_hash: str, *, asset: str, callback_url: str
    ) -> RawResponse[ServiceRequest]: ...

class Documents(Blocking):
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

class Files(Blocking):
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

class Forms(Blocking):
    def list(self) -> RawResponse[builtins.list[Form]]: ...
    @overload
    def create_url(self, form_id: str, url: FormUrlCreate, /) -> RawResponse[FormUrl]: ...
    @overload
    def create_url(self, form_id: str, /, **fields: Unpack[FormUrlFields]) -> RawResponse[FormUrl]: ...

class Languages(Blocking):
    def list(self, *, max_age: float | None = None) -> RawResponse[builtins.list[Language]]: ...

class NonDocVerifications(Blocking):
    @overload
    def us_eidv(self, person: UsEidvRequest, /) -> RawResponse[UsEidvResult]: ...
    @overload
    def us_eidv(self, /, **fields: Unpack[UsEidvFields]) -> RawResponse[UsEidvResult]: ...
    def ng_nin(self, nin_number: str) -> RawResponse[NgNinResult]: ...
    def run(self, country_code: str, service: str, body: Mapping[str, Any]) -> RawResponse[Any]: ...

class PhoneNumbers(Blocking):
    def check(self, phone: str) -> RawResponse[Any]: ...

class Qes(Blocking):
    def verify(self, body: Mapping[str, Any]) -> RawResponse[Any]: ...

class RiskChecks(Blocking):
    def submit_transaction(self, screening: TransactionScreening) -> RawResponse[ServiceRequest]: ...
    def adverse_media(self, search: AdverseMediaSearch) -> RawResponse[AdverseMediaRequest]: ...

class Verifications(Blocking):
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

class RawSections(Blocking):
    def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | Sequence[Any] | None = None,
        query: Mapping[str, Any] | None = None,
        replay: Replay | str | None = None,
    ) -> RawResponse[Any]: ...
    addresses: Addresses
    affiliated_persons: AffiliatedPersons
    applicants: Applicants
    blacklist_databases: BlacklistDatabases
    business_activities: BusinessActivities
    countries: Countries
    crypto: Crypto
    documents: Documents
    files: Files
    forms: Forms
    languages: Languages
    non_doc_verifications: NonDocVerifications
    phone_numbers: PhoneNumbers
    qes: Qes
    risk_checks: RiskChecks
    verifications: Verifications
