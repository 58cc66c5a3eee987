"""The services that pages use."""

import attrs

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.control import Control
from kycaid_async.sandbox.faults import Faults
from kycaid_async.sandbox.http.access import KeyThrottle, SignedUrls
from kycaid_async.sandbox.review.background import BackgroundWork
from kycaid_async.sandbox.state import SandboxState


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PageContext(ValueObject):
    """A running sandbox, seen from its pages."""

    state: SandboxState
    background: BackgroundWork
    control: Control
    urls: SignedUrls
    faults: Faults
    max_file_size: int
    api_key: str = attrs.field(repr=False)
    throttle: KeyThrottle
    is_open: bool
    """True when it has the key that everybody knows: then nobody is asked for it, and only this machine is served."""
