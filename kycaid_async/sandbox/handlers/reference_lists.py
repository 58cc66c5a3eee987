"""Reference lists: countries, languages and business activities, which never change."""

from typing import Any, Final

from kycaid_async.sandbox.data import reference_lists
from kycaid_async.sandbox.handlers.context import Handler, RequestContext


def countries(_context: RequestContext) -> list[dict[str, Any]]:
    """Return the countries."""
    return reference_lists.countries()


def languages(_context: RequestContext) -> list[dict[str, Any]]:
    """Return the languages."""
    return reference_lists.languages()


def business_activities(_context: RequestContext) -> list[dict[str, Any]]:
    """Return the business activities."""
    return reference_lists.business_activities()


HANDLERS: Final[dict[str, Handler]] = {
    "countries.list": countries,
    "languages.list": languages,
    "business_activities.list": business_activities,
}
