"""The strict mode: what is not proven is refused, so that nobody comes to rely on it.

A lenient sandbox takes all that anybody was seen to send, and does all that is concluded by analogy. A strict one
differs in this, and in nothing else:

* Operations that are only inferred do not exist: 404 ``not_found``. ``kycaid operations`` tells which.
* The key is taken from ``Authorization: Token`` only, not from ``API-Key``, which one client was seen to send.
* Bodies are JSON only: form fields were taken from old clients.
* ``verifications.create`` needs ``form_id``: newer servers refuse a request without.
* An applicant has at most three documents of the type ADDRESS_DOCUMENT, as a later message said; six were seen.
* ``external_applicant_id`` is text: one client sends a number with form URLs.
* Documents have the types of the reference: OTHER, SELFIE and VISA were taken by a server under another name.
* ``verifications_count`` is text. For a new applicant that has none it is the number 0 otherwise: both are recorded.
* A person has ``nationality``, ``phone_status`` and ``questionnaires``, as in answers of 2025; those of 2022 had not.
* A company needs phone and email: a server was seen to insist.
* An authorised person needs all of its keys, null or not: the reference marks them as required.
* An update with a null is refused, with 422 for the field: whether null clears a value is not known.
* A document or an affiliated person that is part of a verification is copied by an update, and the answer holds the
  new id; the old one can no longer be changed. For addresses this is documented, and done in both modes.
* A file of a document that is part of a verification keeps its content: 409 ``edit_denied`` for a replacement.
* After a decline for DUPLICATE, AGE_RESTRICTION, PROHIBITED_JURISDICTION, COMPROMISED_PERSON or FAKE_DOCUMENT there is
  no other attempt: 403 ``forbidden_…_retries``. The types are documented, when a form uses them is not.
"""

from typing import Any, Final

from kycaid_async.api import affiliated_persons, applicants, verifications
from kycaid_async.api.affiliated_persons import AffiliatedPersonType, AuthorisedPerson
from kycaid_async.api.applicants import ApplicantType
from kycaid_async.protocol.endpoint import Endpoint, Evidence
from kycaid_async.sandbox.http.refusals import invalid, not_found, not_valid
from kycaid_async.values.decline_reasons import DeclineReason
from kycaid_async.values.fields import fields_of

FINAL: Final = {
    DeclineReason.DUPLICATE: "forbidden_duplicates_retries",
    DeclineReason.AGE_RESTRICTION: "forbidden_age_restricted_retries",
    DeclineReason.PROHIBITED_JURISDICTION: "forbidden_country_restricted_retries",
    DeclineReason.COMPROMISED_PERSON: "forbidden_compromised_person_retries",
    DeclineReason.FAKE_DOCUMENT: "forbidden_fake_document_retries",
}
"""How another attempt is refused after a decline for this reason."""

_AUTHORISED: Final = tuple(field.name for field in fields_of(AuthorisedPerson))


def require_proven(endpoint: Endpoint[Any], body: dict[str, Any]) -> None:
    """Refuse a request that only a lenient sandbox takes."""
    if endpoint.evidence is Evidence.INFERRED:
        raise not_found()
    faults = [name for name, value in body.items() if value is None] if endpoint.method == "PATCH" else []
    faults += [name for name in _needed(endpoint, body) if name not in body]
    if faults:
        section = endpoint.name.partition(".")[0]
        raise invalid(*(not_valid(section, name) for name in faults))


def _needed(endpoint: Endpoint[Any], body: dict[str, Any]) -> tuple[str, ...]:
    if endpoint == verifications.CREATE:
        return ("form_id",)
    if endpoint == applicants.CREATE and body["type"] == ApplicantType.COMPANY:
        return ("phone", "email")
    if endpoint == affiliated_persons.CREATE and body["type"] == AffiliatedPersonType.AUTHORISED:
        return _AUTHORISED
    return ()
