"""Documents as they come back. Reference: *Documents*.

Apart from those that are sent: these take a while to make, and what only reads does without them.
"""

from datetime import date, datetime
from typing import Annotated

from kycaid_async.api.documents.fields import (
    AnnualIncome,
    DocumentProvider,
    DocumentStatus,
    DocumentType,
    IncomeSource,
)
from kycaid_async.values.decline_reasons import DeclineReason, read_reasons
from kycaid_async.values.fields import IdText, Shown
from kycaid_async.values.model import Response, response


@response
class Document(Response):
    """A document. Reference: *Documents / Get a document*.

    Inside an applicant some keys may be missing, and others appear: those are in ``extra``.
    """

    document_id: IdText | None = None
    applicant_id: IdText | None = None
    type: DocumentType | None = None
    provider: DocumentProvider | None = None
    """The person or the service that made it."""
    status: DocumentStatus | None = None
    """``new`` until it is reviewed, then ``valid`` or ``invalid``."""
    comment: str | None = None
    """The reviewer's remark on a decline."""
    document_number: str | None = None
    additional_number: str | None = None
    issue_date: date | None = None
    expiry_date: date | None = None
    issuing_authority: str | None = None
    income_sources: list[IncomeSource] | None = None
    annual_income: AnnualIncome | None = None
    transaction_amount: float | None = None
    """In units of ``transaction_currency``."""
    transaction_currency: str | None = None
    transaction_datetime: datetime | None = None
    """Aware; read as UTC, since the vendor does not say."""
    transaction_purpose: str | None = None
    origin_funds: str | None = None
    card_number: str | None = None
    account_number: str | None = None
    portrait: str | None = None
    """URL of the face that was cut out of the document. A secret: whoever has it can fetch the image."""
    front_side_id: IdText | None = None
    front_side: str | None = None
    """URL of the file. A secret, as all URLs of files."""
    back_side_id: IdText | None = None
    back_side: str | None = None
    other_side_1_id: IdText | None = None
    other_side_1: str | None = None
    other_side_2_id: IdText | None = None
    other_side_2: str | None = None
    other_side_3_id: IdText | None = None
    other_side_3: str | None = None
    """The reference describes this one as an id of a file, unlike its siblings. Expect a URL, accept any text."""
    created_at: Annotated[datetime, Shown] | None = None
    """Aware; read as UTC, since the vendor does not say."""
    decline_reasons_ids: list[int] | None = None
    """As the server sent them. See `reasons`."""
    decline_reasons: list[DeclineReason] | None = None
    """The reasons given by name. See `reasons`."""
    affiliated_person_id: IdText | None = None
    """The owner, when it is an affiliated person. The name of this key is inferred."""
    front_side_size: int | None = None
    """Bytes. Observed, as the fields below are."""
    front_side_signature: str | None = None
    back_side_signature: str | None = None
    other_side_1_signature: str | None = None
    other_side_2_signature: str | None = None
    other_side_3_signature: str | None = None
    origin_other_side_1: str | None = None
    origin_other_side_2: str | None = None
    origin_other_side_3: str | None = None

    @property
    def reasons(self) -> list[DeclineReason]:
        """Every reason for a decline, whether it came as an id or as a name, each once."""
        by_id = read_reasons(self.decline_reasons_ids or [])
        return list(dict.fromkeys([*by_id, *(self.decline_reasons or ())]))
