"""What pages act on."""

import attrs

from kycaid_async.sandbox.control import Control
from kycaid_async.sandbox.faults import Faults
from kycaid_async.sandbox.http.signed_urls import Links
from kycaid_async.sandbox.http.throttle import KeyThrottle
from kycaid_async.sandbox.review.background import Aftermath
from kycaid_async.sandbox.state import State


@attrs.frozen(kw_only=True)
class House:
    """A running sandbox, seen from its pages."""

    state: State
    aftermath: Aftermath
    control: Control
    links: Links
    faults: Faults
    max_file_size: int
    api_key: str = attrs.field(repr=False)
    throttle: KeyThrottle
    is_open: bool
    """True when it has the key that everybody knows: then nobody is asked for it, and only this machine is served."""
