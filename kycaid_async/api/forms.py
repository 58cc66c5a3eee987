"""Forms: pages of the vendor on which a person enters data. Reference: *Forms*."""

import builtins
from collections.abc import Awaitable
from typing import Annotated, Any, TypedDict, Unpack, overload

from kycaid_async.api.section import Section, one_of
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsList, ReturnsModel
from kycaid_async.tracebacks import confidential
from kycaid_async.values.constraints import ExternalId, LanguageCode, Length, ObjectId, external_id
from kycaid_async.values.fields import IdText, LabelText
from kycaid_async.values.model import Request, Response, request, response
from kycaid_async.values.unset import UNSET, Opt


@request
class FormUrlCreate(Request):
    """A request for a form URL. Every field may be left out."""

    applicant_id: Opt[ObjectId] = UNSET
    """An existing applicant, for another attempt. Without it the submitted form makes a new applicant. None is
    sent as null: observed, the vendor's own mobile SDK does so."""
    external_applicant_id: Opt[ExternalId] = external_id()
    """Your own id of the user: at most 50 characters, or a whole number."""
    redirect_url: Opt[Annotated[str, Length(0, 2048)]] = UNSET
    """Where the browser goes after submitting: at most 2048 characters."""
    language_code: Opt[LanguageCode] = UNSET
    """Not documented; one client sends ``EN``."""


@response
class FormUrl(Response):
    """A one-time URL of a form."""

    form_id: IdText | None = None
    form_url: str | None = None
    """A secret: whoever has it can fill in the form. It works until the form is completed."""
    verification_id: IdText | None = None
    verificaiton_id: IdText | None = None
    """A misspelling on one page of the vendor. Read `id_of_verification`."""
    form_token: str | None = None
    verification_attempts_left: int | str | None = None
    """A number, or ``unlimited``; null means unlimited too."""

    @property
    def id_of_verification(self) -> str | None:
        """The id of the verification, under whichever spelling it came."""
        return self.verification_id or self.verificaiton_id


@response
class Form(Response):
    """A form of the account."""

    form_id: IdText | None = None
    id: IdText | None = None
    """Another key of ``form_id``, observed. Read `id_of_form`."""
    name: LabelText | None = None
    form_name: LabelText | None = None
    """Another key of ``name``, observed. Read `name_of_form`."""
    title: LabelText | None = None
    """The same."""

    @property
    def id_of_form(self) -> str | None:
        """The id, under whichever key it came."""
        return self.form_id or self.id

    @property
    def name_of_form(self) -> str | None:
        """The name, under whichever key it came."""
        return self.name or self.form_name or self.title


class FormUrlFields(TypedDict, total=False):
    """Keywords of ``forms.create_url``."""

    applicant_id: str | None
    external_applicant_id: str | int | None
    redirect_url: str | None
    language_code: str | None


LIST = Endpoint(
    name="forms.list",
    method="GET",
    path="/forms",
    returns=ReturnsList(Form, ("items", "data", "forms", "results")),
    replay=Replay.SAFE,
    evidence=Evidence.OBSERVED,
    refusals=(401, 404, 429, 500, 502),
)
CREATE_URL = Endpoint(
    name="forms.create_url",
    method="POST",
    path="/forms/{form_id}/urls",
    accepts=(FormUrlCreate,),
    returns=ReturnsModel(FormUrl, needed=True),
    replay=Replay.DUPLICATES,
    evidence=Evidence.DOCUMENTED,
    reference="Forms / Create a form URL",
    refusals=(400, 401, 402, 403, 404, 409, 422, 429, 500, 502),
)
ENDPOINTS = (LIST, CREATE_URL)


class Forms(Section):
    """Pages of the vendor on which a person enters data. Reference: *Forms*."""

    @confidential
    def list(self) -> Awaitable[builtins.list[Form]]:
        """Return the forms of the account. Not in the 2.0 reference; one live account got an empty or failing answer.

        Raises the errors of a call.
        """
        return self._call(LIST)

    @overload
    async def create_url(self, form_id: str, url: FormUrlCreate, /) -> FormUrl: ...
    @overload
    async def create_url(self, form_id: str, /, **fields: Unpack[FormUrlFields]) -> FormUrl: ...
    @confidential
    def create_url(self, form_id: str, url: FormUrlCreate | None = None, /, **fields: Any) -> Awaitable[FormUrl]:
        """Make a one-time URL of a form and return it. Reference: *Forms / Create a form URL*.

        Give ``applicant_id`` for another attempt of an applicant; without it the submitted form makes a new one, which
        duplicates the person. The fee is taken when the form is submitted.

        Raises `InvalidRequestError` before anything is sent, `PermissionDeniedError` when the form forbids another
        attempt, `InsufficientFundsError`, and the errors of a call.
        """
        body = one_of("forms.create_url", url, FormUrlCreate, fields)
        return self._call(CREATE_URL, path={"form_id": form_id}, body=body)
