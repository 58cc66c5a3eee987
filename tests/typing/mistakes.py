"""Programs that are wrong, one a line: each type checker has to refuse each line that is marked so. Not run."""

from kycaid_async import Address, AsyncKycaid, BulkRow, Company, CreditCard, Kycaid, Passport, Person, PersonAddress
from kycaid_async.callbacks import Event, confirm, confirm_blocking


def blocking(client: Kycaid, event: Event) -> None:
    client.documents.get(1)  # wrong
    client.documents.get()  # wrong
    client.documents.get("d", "e")  # wrong
    client.documents.nothing()  # wrong
    client.documents.create(1)  # wrong
    client.documents.create(Person())  # wrong
    client.documents.update(CreditCard(applicant_id="a"))  # wrong
    client.documents.delete(document="d")  # wrong
    client.applicants.get(applicant=None)  # wrong
    client.applicants.get("a", verification_id=7)  # wrong
    client.files.create(3.5)  # wrong
    client.files.create(b"", size="8")  # wrong
    client.verifications.wait("v", 60)  # wrong
    client.verifications.wait("v", timeout="60")  # wrong
    client.verifications.update_status("v", "aproved")  # wrong
    client.verifications.report(20261101)  # wrong
    client.countries.list(max_age="60")  # wrong
    client.request("GET")  # wrong
    client.with_options(retries=3)  # wrong
    client.passports.get("p")  # wrong
    confirm_blocking(event, AsyncKycaid())  # wrong
    Kycaid(session=None)  # wrong
    number: int = client.documents.create(Passport(applicant_id="a"))  # wrong
    print(number, client.documents.get("d").nothing)  # wrong


async def asynchronous(client: AsyncKycaid, event: Event) -> None:
    client.documents.get("d").status  # wrong
    await client.documents.get(1)  # wrong
    await client.applicants.update()  # wrong
    await client.forms.create_url()  # wrong
    await confirm(event, Kycaid())  # wrong
    AsyncKycaid(timeout="5")  # wrong
    print(event)


def models() -> None:
    CreditCard(card_number="5375411422962063", colour="red")  # wrong
    CreditCard(card_number=5375411422962063)  # wrong
    Person(gender="X")  # wrong
    Person(first_name=b"Jane")  # wrong
    Company(dob="1990-01-01")  # wrong
    PersonAddress(applicant_id="a", type="HOME")  # wrong
    BulkRow(document={}, front_side=7)  # wrong
    Address.nothing()  # wrong


def keywords(client: Kycaid) -> None:
    client.documents.create(type="PASPORT", applicant_id="a")  # wrong
    client.documents.create(type="PASSPORT", applicant_id="a", colour="red")  # wrong, not seen by ty
    client.documents.create(type="PASSPORT", applicant_id="a", card_number=1)  # wrong
    client.documents.update("d", income_sources=["LOTTERY"])  # wrong
    client.applicants.create(type="PERSON", gender="X")  # wrong
    client.addresses.create(type="HOME", applicant_id="a")  # wrong
    client.documents.create(applicant_id="a", document_number="1")  # wrong
    client.addresses.create(applicant_id="a", country="DE")  # wrong
    client.affiliated_persons.create(type="BOSS", applicant_id="a")  # wrong
    client.verifications.create(applicant_id="a", types=["EVERYTHING"])  # wrong


async def runs(client: Kycaid, other: AsyncKycaid) -> None:
    client.bulk.upload([], concurency=4)  # wrong, not seen by ty
    client.bulk.upload([], concurrency="4")  # wrong
    client.bulk.upload_all([], on_error="ignore")  # wrong
    client.bulk.audit([])  # wrong
    client.bulk.audit([], ledger="l", on_error="stop")  # wrong, not seen by ty
    client.bulk.verify([], form_id="f")  # wrong
    client.bulk.verify([7], ledger="l")  # wrong
    client.bulk.verify(["a"], ledger="l", limit="1")  # wrong
    client.bulk.results([])  # wrong
    client.bulk.results(ledger="l", wait="6h")  # wrong
    client.bulk.results([7], ledger="l")  # wrong
    other.bulk.results_all(ledger="l", per_document="yes")  # wrong
    other.bulk.upload([], ledger=7)  # wrong
    other.bulk.verify([], ledger="l", on_uncertain="make")  # wrong
    await other.bulk.upload_all([], on_uncertain="make")  # wrong
    other.bulk.audit([], ledger=None)  # wrong
