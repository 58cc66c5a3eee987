"""Non-doc verifications: comparisons with records that nobody keeps.

US eIDV: John Doe matches nothing. Of everybody else what was given matches, a name without its first or last part
partially; a social security number matches when the sum of its digits is even. Nigeria NIN: a number is valid when the
sum of its digits is even. Every other service answers with what it was sent.
"""

import re
from typing import Any, Final

from kycaid_async.api.non_doc_verifications import MatchType
from kycaid_async.sandbox.handlers.context import Handler, RequestContext
from kycaid_async.sandbox.http.refusals import invalid, not_found, not_valid

_COUNTRY: Final = re.compile(r"[a-z]{2}", re.ASCII)


def us_eidv(context: RequestContext) -> dict[str, Any]:
    """Compare a person's data. The score is the share of matches in percent."""
    context.charge("US_EIDV")
    matches = {
        "address_match_type": _all(context, ("address", "city", "state", "postal_code")),
        "name_match_type": _all(context, ("first_name", "last_name")),
        "dob_match_type": _all(context, ("dob",)),
        "ssn_match_type": _all(context, ("ssn",)) if _is_even(context.body.get("ssn") or "") else MatchType.NO_MATCH,
    }
    score = round(100 * sum(match == MatchType.MATCH for match in matches.values()) / len(matches))
    return {"data": {"score": score, "score_descriptions": [], **{name: m.value for name, m in matches.items()}}}


def ng_nin(context: RequestContext) -> dict[str, Any]:
    """Look up a number."""
    number = context.body.get("nin_number")
    if number is None:
        raise invalid(not_valid("non_doc_verifications", "nin_number"))
    context.charge("NG_NIN")
    valid = _is_even(number)
    return {"validation": {"valid": valid}, "data": _registered(number) if valid else None}


def run(context: RequestContext) -> dict[str, Any]:
    """Answer with what was sent."""
    if not _COUNTRY.fullmatch(context.ids["country_code"]):
        raise not_found()
    context.charge(f"{context.ids['country_code']}_{context.ids['service']}".upper())
    return {"data": dict(context.body)}


def _all(context: RequestContext, names: tuple[str, ...]) -> MatchType:
    present = [name for name in names if context.body.get(name)]
    name = f"{context.body.get('first_name') or ''} {context.body.get('last_name') or ''}"
    if not present or name.strip().casefold() == "john doe":
        return MatchType.NO_MATCH
    return MatchType.MATCH if len(present) == len(names) else MatchType.PARTIAL_MATCH


def _is_even(digits: str) -> bool:
    return sum(int(digit) for digit in digits if digit in "0123456789") % 2 == 0


def _registered(number: str) -> dict[str, Any]:
    return {
        "nin": number,
        "first_name": "Ada",
        "middle_name": None,
        "last_name": "Example",
        "dob": "1990-01-01",
        "phone": "+2340000000000",
        "email": None,
        "gender": "F",
        "residence_country": "NG",
        "profile_image": None,
        "address": {"country": "NG", "state": "Lagos", "district": "Ikeja"},
    }


HANDLERS: Final[dict[str, Handler]] = {
    "non_doc_verifications.us_eidv": us_eidv,
    "non_doc_verifications.ng_nin": ng_nin,
    "non_doc_verifications.run": run,
}
