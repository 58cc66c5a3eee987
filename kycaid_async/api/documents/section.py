"""Documents: records that point to uploaded files. Reference: *Documents*."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Unpack, overload

from kycaid_async.api.documents.document import Document
from kycaid_async.api.documents.fields import DocumentChanges, DocumentFields
from kycaid_async.api.section import Section, id_or, one_of
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsId, ReturnsModel
from kycaid_async.tracebacks import confidential
from kycaid_async.values.model import Request

if TYPE_CHECKING:
    from kycaid_async.api.documents.models import DocumentUpdate, NewDocument

_WRITE_REFUSALS = (400, 401, 404, 409, 422, 429, 500, 502)


def _kinds() -> tuple[type[Request], ...]:
    from kycaid_async.api.documents.kinds import BY_AFFILIATED_PERSON, BY_APPLICANT

    return (*BY_APPLICANT.values(), *BY_AFFILIATED_PERSON.values())


def _update() -> tuple[type[Request], ...]:
    from kycaid_async.api.documents.models import DocumentUpdate

    return (DocumentUpdate,)


CREATE = Endpoint(
    name="documents.create",
    method="POST",
    path="/documents",
    accepts=_kinds,
    returns=ReturnsId("document_id"),
    replay=Replay.DUPLICATES,
    evidence=Evidence.DOCUMENTED,
    reference="Documents / Create a document",
    refusals=_WRITE_REFUSALS,
)
GET = Endpoint(
    name="documents.get",
    method="GET",
    path="/documents/{document_id}",
    returns=ReturnsModel(Document, needed=True),
    replay=Replay.SAFE,
    evidence=Evidence.DOCUMENTED,
    reference="Documents / Get a document",
    refusals=(400, 401, 404, 429, 500, 502),
)
UPDATE = Endpoint(
    name="documents.update",
    method="PATCH",
    path="/documents/{document_id}",
    accepts=_update,
    returns=ReturnsId("document_id"),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.DOCUMENTED,
    reference="Documents / Update a document",
    refusals=_WRITE_REFUSALS,
)
DELETE = Endpoint(
    name="documents.delete",
    method="DELETE",
    path="/documents/{document_id}",
    returns=ReturnsId("document_id", optional=True),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.DOCUMENTED,
    reference="Documents / Delete a document",
    refusals=(400, 401, 404, 409, 500, 502),
)
ENDPOINTS = (CREATE, GET, UPDATE, DELETE)


class Documents(Section):
    """Records that point to uploaded files. Reference: *Documents*."""

    @overload
    async def create(self, document: "NewDocument", /) -> str: ...
    @overload
    async def create(self, /, **fields: Unpack[DocumentFields]) -> str: ...
    @confidential
    def create(self, document: "NewDocument | None" = None, /, **fields: Any) -> Awaitable[str]:
        """Create a document and return its id. Reference: *Documents / Create a document*.

        Pass one of the 28 classes, such as ``CreditCard(applicant_id=…, card_number=…)``, or the same as keywords:
        ``type="CREDIT_CARD", applicant_id=…, card_number=…``.

        An applicant has one ``CREDIT_CARD``, says the reference; after a verification a new one takes its place. Other
        types are observed: some servers refuse a second document, and of ``ADDRESS_DOCUMENT`` a fourth. A lost answer
        is not repeated, because that could make a second document; the error then says ``maybe_processed``.

        Raises `InvalidRequestError` before anything is sent, and the errors of a call.
        """
        from kycaid_async.api.documents.kinds import new_document

        return self._call(CREATE, body=new_document(document, fields))

    @confidential
    def get(self, document_id: str) -> Awaitable[Document]:
        """Return a document. Reference: *Documents / Get a document*.

        Raises `NotFoundError`, and the errors of a call.
        """
        return self._call(GET, path={"document_id": document_id})

    @overload
    async def update(self, document_id: str, changes: "DocumentUpdate", /) -> str: ...
    @overload
    async def update(self, document_id: str, /, **fields: Unpack[DocumentChanges]) -> str: ...
    @confidential
    def update(self, document_id: str, changes: "DocumentUpdate | None" = None, /, **fields: Any) -> Awaitable[str]:
        """Change a document and return its id, which can be another. Reference: *Documents / Update a document*.

        Fields that are left out stay as they are; ``None`` is sent as null. Store the id that comes back: the server
        copies what takes part in a verification already. Raises `InvalidRequestError` when no field is set.
        """
        from kycaid_async.api.documents.kinds import warn_of
        from kycaid_async.api.documents.models import DocumentUpdate

        body = one_of("documents.update", changes, DocumentUpdate, fields)
        warn_of(body.type)
        return self._call(UPDATE, path={"document_id": document_id}, body=body)

    @confidential
    def delete(self, document_id: str) -> Awaitable[str]:
        """Delete a document and return its id. Reference: *Documents / Delete a document*.

        Refused with `ConflictError` (``delete_denied``) once it is part of a verification.
        """
        return id_or(document_id, self._call(DELETE, path={"document_id": document_id}))
