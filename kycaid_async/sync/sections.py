"""The sections of the blocking client: each method is the asynchronous one, carried out on the loop."""

from kycaid_async.api import (
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
    risk_checks,
    verifications,
)
from kycaid_async.sync.blocking import Blocking, BlockingSource, blocking, documented_as
from kycaid_async.tracebacks import border


class Addresses(Blocking, of=addresses.Addresses):
    create = blocking(addresses.Addresses.create)
    update = blocking(addresses.Addresses.update)
    delete = blocking(addresses.Addresses.delete)


class AffiliatedPersons(Blocking, of=affiliated_persons.AffiliatedPersons):
    create = blocking(affiliated_persons.AffiliatedPersons.create)
    update = blocking(affiliated_persons.AffiliatedPersons.update)
    delete = blocking(affiliated_persons.AffiliatedPersons.delete)


class Applicants(Blocking, of=applicants.Applicants):
    create = blocking(applicants.Applicants.create)
    get = blocking(applicants.Applicants.get)
    update = blocking(applicants.Applicants.update)


class BlacklistDatabases(Blocking, of=blacklist_databases.BlacklistDatabases):
    search_persons = blocking(blacklist_databases.BlacklistDatabases.search_persons)
    search_persons_v2 = blocking(blacklist_databases.BlacklistDatabases.search_persons_v2)
    search_documents = blocking(blacklist_databases.BlacklistDatabases.search_documents)
    search_tax_ids = blocking(blacklist_databases.BlacklistDatabases.search_tax_ids)


class BusinessActivities(Blocking, of=business_activities.BusinessActivities):
    list = blocking(business_activities.BusinessActivities.list)


class Countries(Blocking, of=countries.Countries):
    list = blocking(countries.Countries.list)


class Crypto(Blocking, of=crypto.Crypto):
    check_address = blocking(crypto.Crypto.check_address)
    check_transaction = blocking(crypto.Crypto.check_transaction)


class Documents(Blocking, of=documents.Documents):
    create = blocking(documents.Documents.create)
    get = blocking(documents.Documents.get)
    update = blocking(documents.Documents.update)
    delete = blocking(documents.Documents.delete)


class Files(Blocking):
    """The images, PDFs and videos that documents refer to. Reference: *Files*.

    A source can also be a function that returns a new plain iterator of bytes at each call. Both run in the calling
    thread.
    """

    @documented_as(files.Files.create)
    def create(
        self,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> str:
        with border:
            call = self._handle.new_call()
            wrapped = call.wrap_source(source)
            upload = files.Files.create(self._target, wrapped, filename=filename, content_type=content_type, size=size)
            del source, wrapped, filename
            return call.run(upload)

    @documented_as(files.Files.replace)
    def replace(
        self,
        file_id: str,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> str:
        with border:
            call = self._handle.new_call()
            wrapped = call.wrap_source(source)
            upload = files.Files.replace(
                self._target, file_id, wrapped, filename=filename, content_type=content_type, size=size
            )
            del source, wrapped, filename
            return call.run(upload)

    get = blocking(files.Files.get)
    delete = blocking(files.Files.delete)


class Forms(Blocking, of=forms.Forms):
    list = blocking(forms.Forms.list)
    create_url = blocking(forms.Forms.create_url)


class Languages(Blocking, of=languages.Languages):
    list = blocking(languages.Languages.list)


class NonDocVerifications(Blocking, of=non_doc_verifications.NonDocVerifications):
    us_eidv = blocking(non_doc_verifications.NonDocVerifications.us_eidv)
    ng_nin = blocking(non_doc_verifications.NonDocVerifications.ng_nin)
    run = blocking(non_doc_verifications.NonDocVerifications.run)


class PhoneNumbers(Blocking, of=phone_numbers.PhoneNumbers):
    check = blocking(phone_numbers.PhoneNumbers.check)


class Qes(Blocking, of=qes.Qes):
    verify = blocking(qes.Qes.verify)


class RiskChecks(Blocking, of=risk_checks.RiskChecks):
    submit_transaction = blocking(risk_checks.RiskChecks.submit_transaction)
    adverse_media = blocking(risk_checks.RiskChecks.adverse_media)


class Verifications(Blocking, of=verifications.Verifications):
    create = blocking(verifications.Verifications.create)
    get = blocking(verifications.Verifications.get)
    wait = blocking(verifications.Verifications.wait)
    report = blocking(verifications.Verifications.report)
    find = blocking(verifications.Verifications.find)
    update_status = blocking(verifications.Verifications.update_status)
