"""The forms of the sandbox's account. Both are invented."""

from typing import Final

import attrs

from kycaid_async.sandbox.ids import fixed_id

PATH: Final = "/forms/{token}"
"""The page of a form, below the sandbox's URL."""


@attrs.frozen
class HostedForm:
    """A form."""

    id: str
    number: int
    """The short number that stands for it in the report."""
    name: str


FORMS: Final = (
    HostedForm(fixed_id("form of a person"), 10_001, "Person: document and selfie"),
    HostedForm(fixed_id("form of a company"), 10_002, "Company"),
)
