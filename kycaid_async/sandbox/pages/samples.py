"""Sample data: invented people in every state that a page can show."""

import hashlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.sandbox.handlers.catalog import HANDLERS
from kycaid_async.sandbox.handlers.context import NewContext
from kycaid_async.sandbox.http.uploads import ReceivedFile
from kycaid_async.sandbox.rules.verdict import ReviewOutcome

NewFile = Callable[[], ReceivedFile]
"""Gives a place for a file that stays only if it is kept."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Sample(ValueObject):
    """A person with a document, and what becomes of them."""

    first_name: str
    last_name: str
    country: str
    document: str = "PASSPORT"
    expiry_date: str = "2035-01-01"
    outcome: str | None = None
    """Of the verification; None where the rules decide."""
    is_verified: bool = True
    colour: str = "#dfe7f5"


_PEOPLE: Final = (
    _Sample(first_name="Jane", last_name="Example", country="GB"),
    _Sample(first_name="John", last_name="Doe", country="US", document="DRIVERS_LICENSE", colour="#f5e3df"),
    _Sample(first_name="Ada", last_name="Specimen", country="SE", expiry_date="2001-01-01", colour="#e4f0e2"),
    _Sample(first_name="Mira", last_name="Sample", country="DE", outcome="pending", colour="#f3ecd8"),
    _Sample(first_name="Hugo", last_name="Testcase", country="FR", outcome="decline:BAD_QUALITY,OTHER"),
    _Sample(first_name="Otto", last_name="Placeholder", country="AT", document="GOVERNMENT_ID", is_verified=False),
)
MOST_FILES: Final = len(_PEOPLE)
"""How many files the samples have."""
_COMPANY: Final = {"company_name": "Example Trading Ltd", "registration_country": "GB", "email": "office@example.com"}


def add_samples(new_context: NewContext, new_file: NewFile) -> None:
    """Add the samples inside a transaction, by the operations of the API."""
    # Loaded twice, nobody becomes a duplicate of anybody.
    known = new_context().unit.applicants.count("")
    for number, sample in enumerate(_PEOPLE, 1):
        _add_person(new_context, new_file, sample, number, f"X{known + number:07}")
    company = _call(new_context, "applicants.create", {"type": "COMPANY", **_COMPANY})["applicant_id"]
    for kind, first_name in (("AUTHORISED", "Vera"), ("BENEFICIAL", "Nils")):
        person = {"applicant_id": company, "type": kind, "first_name": first_name, "last_name": "Example"}
        _call(new_context, "affiliated_persons.create", person)
    _call(new_context, "verifications.create", {"applicant_id": company, "form_id": FORMS[1].id})
    _call(new_context, "forms.create_url", {}, ids={"form_id": FORMS[0].id})


def _add_person(new_context: NewContext, new_file: NewFile, sample: _Sample, number: int, document_number: str) -> None:
    person = {
        "type": "PERSON",
        "first_name": sample.first_name,
        "last_name": sample.last_name,
        "residence_country": sample.country,
        "dob": f"19{70 + number}-05-0{number}",
        "email": f"{sample.first_name.lower()}@example.com",
        "external_applicant_id": f"user-{1000 + number}",
    }
    owner = _call(new_context, "applicants.create", person)["applicant_id"]
    front = _write(new_file(), "front.jpg", _picture(sample, document_number))
    document = {
        "applicant_id": owner,
        "type": sample.document,
        "document_number": document_number,
        "expiry_date": sample.expiry_date,
        "front_side_id": _call(new_context, "files.create", {}, upload=front)["file_id"],
    }
    _call(new_context, "documents.create", document)
    if sample.is_verified:
        outcome = None if sample.outcome is None else ReviewOutcome.parse(sample.outcome)
        verification = {"applicant_id": owner, "form_id": FORMS[0].id}
        _call(new_context, "verifications.create", verification, outcome=outcome)


def _call(new_context: NewContext, operation: str, body: Mapping[str, Any], **options: Any) -> Any:
    return HANDLERS[operation](new_context(body=body, **options))


def _write(file: ReceivedFile, name: str, content: bytes) -> ReceivedFile:
    Path(file.path).write_bytes(content)
    file.name, file.mime_type, file.size = name, "image/jpeg", len(content)
    file.digest = hashlib.sha256(content)
    return file


def _picture(sample: _Sample, document_number: str) -> bytes:
    """Draw a document that nobody could take for a real one."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (640, 400), sample.colour)
    draw = ImageDraw.Draw(image)
    draw.rectangle((24, 24, 616, 376), outline="#5a6375", width=3)
    draw.rectangle((48, 110, 208, 310), fill="#c3cad8")
    draw.ellipse((92, 140, 164, 212), fill="#8b93a5")
    draw.pieslice((72, 216, 184, 400), 180, 360, fill="#8b93a5")
    lines = (
        "SPECIMEN",
        sample.document.replace("_", " "),
        sample.last_name.upper(),
        sample.first_name,
        document_number,
    )
    for row, line in enumerate(lines):
        draw.text((240, 60 + 58 * row), line, fill="#1b2130", font_size=34)
    for stripe in range(32, 608, 8):
        draw.line((stripe, 340, stripe + 4, 376), fill="#1b2130")
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
