"""Base of countries, languages and business activities: labels, and a cache of the last answer."""

from typing import Generic, TypeVar

import attrs

from kycaid_async.api.section import Section
from kycaid_async.masking import ValueObject
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.tracebacks import guarded
from kycaid_async.values.fields import IdText, LabelText
from kycaid_async.values.model import Response, response

L = TypeVar("L", bound=Response)


@response
class Label(Response):
    """A name in one language."""

    label: LabelText | None = None
    language_code: IdText | None = None
    """Upper case, as in ``EN``."""


@guarded
class Labelled:
    """Mixed into answers that have a name in several languages. The field itself stands in each, in its own place."""

    __slots__ = ()

    labels: list[Label] | None

    def label(self, language_code: str = "EN") -> str | None:
        """Return the name in a language, given in upper or lower case; None when there is none."""
        wanted, labels = language_code.upper(), self.labels or ()
        return next((lb.label for lb in labels if lb.language_code and lb.language_code.upper() == wanted), None)


@attrs.define(eq=False, repr=False)
class _CachedList(ValueObject, Generic[L]):
    items: list[L]
    at: float


@attrs.define(eq=False, repr=False)
class ReferenceSection(Section, Generic[L]):
    """A section with one slow-changing list."""

    _cached: _CachedList[L] | None = attrs.field(default=None, repr=False, init=False)

    async def _list(self, endpoint: Endpoint[list[L]], max_age: float | None) -> list[L]:
        now = self._timing.clock()
        if max_age is not None and self._cached is not None and now - self._cached.at < max_age:
            return list(self._cached.items)
        items = await self._call(endpoint)
        self._cached = _CachedList(items, now)
        return list(items)
