"""Completes a form: the calls of the API that its parts stand for, and the start of its verification."""

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.handlers.catalog import HANDLERS
from kycaid_async.sandbox.handlers.context import RequestContext
from kycaid_async.sandbox.handlers.verifications import start_form
from kycaid_async.sandbox.http.refusals import Refused
from kycaid_async.sandbox.http.validation import validated
from kycaid_async.sandbox.outcome import SandboxOutcome
from kycaid_async.sandbox.pages.questions import FormPart, Question
from kycaid_async.sandbox.pages.submission import FormSubmission
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.values.check import check_values

NewContext = Callable[..., RequestContext]
"""Makes a request context inside the transaction: ``new_context(body=…, ids=…, upload=…)``."""


class InvalidForm(SandboxOutcome):
    """A form cannot be taken."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(sorted(faults))
        self.faults = faults
        """What to tell the person, by the name of the input; ``""`` for the whole form."""


def find_faults(parts: Iterable[FormPart], submission: FormSubmission) -> dict[str, str]:
    """Return what can be said of the answers alone, by the name of the input."""
    faults = dict(submission.faults)
    for part in parts:
        body = _answers(part, submission)
        for question in part.questions:
            name = part.input_of(question.field)
            if question.needed and question.field not in body and not (part.is_optional and not body):
                faults.setdefault(name, "Pick a file." if question.kind == "file" else "This is needed.")
        wrong = {problem.field: problem.expected for problem in check_values(part.model, body)}
        for question in part.questions:
            if question.field in body and question.field in wrong and question.kind != "file":
                faults.setdefault(part.input_of(question.field), f"Expected {wrong[question.field]}.")
    return faults


@attrs.frozen(eq=False, repr=False)
class Completion(ValueObject):
    """Completes one form."""

    new_context: NewContext
    verification: Row
    """Of the form: unused so far."""
    parts: tuple[FormPart, ...]
    submission: FormSubmission

    def run(self) -> Row:
        """Do the calls, start the verification and return it. Raises `InvalidForm`; then nothing of it must stay."""
        owner = self.verification["applicant_id"]
        for part in self.parts:
            owner = self._do(part, owner)
        try:
            return start_form(self.new_context(body={"applicant_id": owner}), self.verification)
        except Refused as refused:
            raise InvalidForm({"": _text(refused)}) from None

    def _do(self, part: FormPart, owner: str | None) -> str | None:
        """Do the call of a part, and return who owns what follows."""
        answers = _answers(part, self.submission)
        if not answers and part.is_optional:
            return owner
        body = {**part.fixed, **self._with_files(part, answers)}
        ids = {}
        if part.name != "applicant":
            body["applicant_id"] = owner
        elif owner is not None:
            ids = {"applicant_id": owner}
        elif self.verification["external_applicant_id"] is not None:
            body["external_applicant_id"] = self.verification["external_applicant_id"]
        try:
            answer: Any = HANDLERS[part.endpoint.name](self.new_context(body=validated(part.endpoint, body), ids=ids))
        except Refused as refused:
            raise InvalidForm(_placed(part, refused)) from None
        return answer["applicant_id"] if part.name == "applicant" else owner

    def _with_files(self, part: FormPart, answers: dict[str, Any]) -> dict[str, Any]:
        create: Any = HANDLERS["files.create"]
        uploads = {
            question.field: self.submission.files.get(part.input_of(question.field)) for question in part.questions
        }
        kept = {
            field: create(self.new_context(upload=upload))["file_id"] for field, upload in uploads.items() if upload
        }
        return answers | kept


def _answers(part: FormPart, submission: FormSubmission) -> dict[str, Any]:
    """Return the fields that were answered. Of a file it is the name, until it has an id."""
    answers = {question.field: _answer(part, question, submission) for question in part.questions}
    return {field: value for field, value in answers.items() if value}


def _answer(part: FormPart, question: Question, submission: FormSubmission) -> str | None:
    name = part.input_of(question.field)
    if question.kind == "file":
        file = submission.files.get(name)
        return file.name if file else None
    return submission.texts.get(name)


def _placed(part: FormPart, refused: Refused) -> dict[str, str]:
    """Return what was refused next to what was asked; anything else is said of the whole form."""
    asked = {question.field for question in part.questions}
    problems = {error["parameter"]: error["message"] for error in refused.body["errors"]}
    own = {part.input_of(field): f"{message}." for field, message in problems.items() if field in asked}
    return own or {"": f"{part.title}: {_text(refused)}"}


def _text(refused: Refused) -> str:
    messages = [error["message"] for error in refused.body["errors"]]
    return f"{'; '.join(messages) or refused.body['type'].replace('_', ' ')}."
