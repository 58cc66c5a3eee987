"""Business activities, which a company needs. Reference: *Business activities*."""

import builtins

from kycaid_async.api.reference_lists import Label, Labelled, ReferenceSection
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsList
from kycaid_async.tracebacks import confidential
from kycaid_async.values.fields import IdText
from kycaid_async.values.model import Response, response


@response
class BusinessActivity(Labelled, Response):
    """An activity of a company."""

    business_activity_id: IdText | None = None
    """What ``Company(business_activity_id=…)`` takes. Whether it is the same for every account is not known."""
    labels: list[Label] | None = None


@response
class BusinessCategory(Labelled, Response):
    """A group of activities."""

    business_category_id: IdText | None = None
    labels: list[Label] | None = None
    activities: list[BusinessActivity] | None = None


LIST = Endpoint(
    name="business_activities.list",
    method="GET",
    path="/business-activities",
    returns=ReturnsList(BusinessCategory),
    replay=Replay.SAFE,
    evidence=Evidence.OBSERVED,
    reference="Business activities",
    refusals=(401, 429, 500, 502),
)
ENDPOINTS = (LIST,)


class BusinessActivities(ReferenceSection[BusinessCategory]):
    """Business activities, which a company needs. Reference: *Business activities*."""

    @confidential
    async def list(self, *, max_age: float | None = None) -> builtins.list[BusinessCategory]:
        """Return the categories with their activities (22 and 734 in 2026).

        With ``max_age`` in seconds, the last answer serves again while it is not older. Raises the errors of a call.
        """
        return await self._list(LIST, max_age)
