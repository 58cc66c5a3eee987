"""The questions of the hosted forms: each part is one call of the API, each question one of its fields."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

import attrs

from kycaid_async.api import affiliated_persons, applicants, documents
from kycaid_async.api.affiliated_persons import AffiliatedPersonType, AuthorisedPerson, BeneficialOwner
from kycaid_async.api.applicants import ApplicantType, ApplicantUpdate, Company, Person
from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.api.documents.models import ApplicantDocument
from kycaid_async.masking import ValueObject
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.sandbox.data import reference_lists
from kycaid_async.values.model import Request

Kind = Literal["text", "date", "email", "tel", "select", "file"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Question(ValueObject):
    """A question, and the field of the API that its answer becomes."""

    field: str
    label: str
    kind: Kind = "text"
    needed: bool = False
    hint: str | None = None
    autocomplete: str = "off"
    choices: tuple[tuple[str, str], ...] = ()
    """Value and label of each, for ``select``."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FormPart(ValueObject):
    """A part of a form: one call, made of fixed fields and of answers."""

    name: str
    title: str
    about: str | None = None
    endpoint: Endpoint[Any]
    model: type[Request]
    fixed: Mapping[str, str] = attrs.field(factory=dict)
    questions: tuple[Question, ...]
    is_optional: bool = False
    """Without an answer the call is not made."""

    def input_of(self, field: str) -> str:
        """Return the name of the input for a field."""
        return f"{self.name}.{field}"


def _labels(entries: list[dict[str, Any]], key: str) -> tuple[tuple[str, str], ...]:
    return tuple((entry[key], entry["labels"][0]["label"]) for entry in entries)


_COUNTRIES: Final = tuple(sorted(_labels(reference_lists.countries(), "country_code"), key=lambda pair: pair[1]))
"""By their names: the list itself is in the order of the codes."""
_ACTIVITIES: Final = tuple(
    pair
    for category in reference_lists.business_activities()
    for pair in _labels(category["activities"], "business_activity_id")
)
_IDENTITY: Final = (
    (DocumentType.PASSPORT.value, "Passport"),
    (DocumentType.GOVERNMENT_ID.value, "Identity card"),
    (DocumentType.DRIVERS_LICENSE.value, "Driving licence"),
    (DocumentType.PERMANENT_RESIDENCE_PERMIT.value, "Residence permit"),
)
_LATIN: Final = "In Latin letters"
_CONTACT: Final = (
    Question(field="email", label="E-mail", kind="email", autocomplete="email"),
    Question(field="phone", label="Phone", kind="tel", autocomplete="tel"),
)


def _person_questions(*, is_owner: bool) -> tuple[Question, ...]:
    own = "" if is_owner else "off"
    return (
        Question(field="first_name", label="First name", needed=True, hint=_LATIN, autocomplete=own or "given-name"),
        Question(field="last_name", label="Last name", needed=True, hint=_LATIN, autocomplete=own or "family-name"),
        Question(field="dob", label="Date of birth", kind="date", needed=is_owner, autocomplete=own or "bday"),
    )


def _document(name: str, title: str, *questions: Question, **options: Any) -> FormPart:
    return FormPart(
        name=name,
        title=title,
        endpoint=documents.CREATE,
        model=ApplicantDocument,
        questions=questions,
        **options,
    )


def _affiliate(name: str, title: str, kind: AffiliatedPersonType, model: type[Request]) -> FormPart:
    return FormPart(
        name=name,
        title=title,
        endpoint=affiliated_persons.CREATE,
        model=model,
        fixed={"type": kind.value},
        questions=_person_questions(is_owner=False),
    )


_PERSON: Final = (
    FormPart(
        name="applicant",
        title="About you",
        endpoint=applicants.CREATE,
        model=Person,
        fixed={"type": ApplicantType.PERSON.value},
        questions=(
            *_person_questions(is_owner=True),
            Question(
                field="residence_country",
                label="Country of residence",
                kind="select",
                needed=True,
                autocomplete="country",
                choices=_COUNTRIES,
            ),
            *_CONTACT,
        ),
    ),
    _document(
        "document",
        "Your document",
        Question(field="type", label="Document", kind="select", needed=True, choices=_IDENTITY),
        Question(field="document_number", label="Number", needed=True),
        Question(field="issue_date", label="Date of issue", kind="date"),
        Question(field="expiry_date", label="Date of expiry", kind="date", needed=True),
        Question(field="front_side_id", label="Front side", kind="file", needed=True),
        Question(field="back_side_id", label="Back side", kind="file", hint="Not needed for a passport"),
    ),
    _document(
        "selfie",
        "A picture of you",
        Question(field="front_side_id", label="Selfie", kind="file"),
        fixed={"type": DocumentType.SELFIE_IMAGE.value},
        is_optional=True,
    ),
)
_COMPANY: Final = (
    FormPart(
        name="applicant",
        title="The company",
        endpoint=applicants.CREATE,
        model=Company,
        fixed={"type": ApplicantType.COMPANY.value},
        questions=(
            Question(field="company_name", label="Name", needed=True, autocomplete="organization"),
            Question(
                field="registration_country",
                label="Country of registration",
                kind="select",
                needed=True,
                choices=_COUNTRIES,
            ),
            Question(field="registration_number", label="Registration number"),
            Question(field="business_activity_id", label="Activity", kind="select", needed=True, choices=_ACTIVITIES),
            *_CONTACT,
        ),
    ),
    _affiliate("authorised", "Who may act for it", AffiliatedPersonType.AUTHORISED, AuthorisedPerson),
    _affiliate("beneficial", "Who owns it", AffiliatedPersonType.BENEFICIAL, BeneficialOwner),
    _document(
        "registration",
        "Proof of registration",
        Question(field="front_side_id", label="Document", kind="file"),
        fixed={"type": DocumentType.REGISTRATION_COMPANY.value},
        is_optional=True,
    ),
)
_FORMS: Final = {ApplicantType.PERSON.value: _PERSON, ApplicantType.COMPANY.value: _COMPANY}


def parts_for(kind: str, known: Mapping[str, Any] | None, persons: Collection[str]) -> tuple[FormPart, ...]:
    """Return what to ask: of somebody new, or of an applicant of whom fields are ``known`` and ``persons`` named."""
    asked = tuple(part for part in _FORMS[kind] if part.fixed.get("type") not in persons)
    return (
        asked if known is None else tuple(_update(part, known) if part.name == "applicant" else part for part in asked)
    )


def _update(part: FormPart, known: Mapping[str, Any]) -> FormPart:
    questions = tuple(
        attrs.evolve(question, needed=False, hint="Known already: leave it empty to keep it")
        if known.get(question.field) is not None
        else question
        for question in part.questions
    )
    return attrs.evolve(
        part, endpoint=applicants.UPDATE, model=ApplicantUpdate, fixed={}, questions=questions, is_optional=True
    )
