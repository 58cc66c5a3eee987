"""The options of a sandbox, but for where it listens and where it keeps its data."""

import math
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Literal, get_args

import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox.data.account import MAX_BALANCE, is_balance
from kycaid_async.sandbox.rules.case import REFUSED_COUNTRIES, Rule
from kycaid_async.sandbox.rules.rules import RULES
from kycaid_async.values.decline_reasons import reason_of

Review = Literal["rules", "manual"]


def _tuple(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rules)


def _upper(countries: Collection[str]) -> frozenset[str]:
    return frozenset(code.upper() for code in countries)


def _must(holds: Callable[[Any], bool], otherwise: str) -> Callable[[Any, Any, Any], None]:
    """Return a validator that wants this of a value."""

    def check(_self: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if not holds(value):
            raise ConfigurationError(f"{attribute.name} is {otherwise}")

    return check


_AMOUNT: Final = _must(is_balance, f"a number of euros from 0 to {MAX_BALANCE}, or None for an endless account")
_LIMIT: Final = _must(lambda value: value is None or value >= 1, "a number from 1, or None for no limit")
_SECONDS: Final = _must(lambda value: 0 <= value < math.inf, "a number of seconds, 0 or more")
_REVIEW: Final = _must(lambda value: value in get_args(Review), f"one of {', '.join(get_args(Review))}")
_RULES: Final = _must(
    lambda value: all(isinstance(rule, Rule) and reason_of(rule.reason).is_known for rule in value),
    "a list of Rule, each with a reason of DeclineReason",
)
_URL: Final = _must(
    lambda value: value is None or re.fullmatch(r"https?://[^\s/]+(/\S*)?", value) is not None,
    "a URL that starts with http:// or https://",
)


@attrs.frozen(kw_only=True)
class SandboxSettings:
    """The options of a sandbox. Raises `ConfigurationError` for what cannot be."""

    strict: bool = False
    review: Review = attrs.field(validator=_REVIEW)
    review_after: float = attrs.field(default=0.0, validator=_SECONDS)
    rules: tuple[Rule, ...] = attrs.field(default=RULES, converter=_tuple, validator=_RULES)
    refused_countries: frozenset[str] = attrs.field(default=REFUSED_COUNTRIES, converter=_upper)
    applicants_per_minute: int | None = attrs.field(default=None, validator=_LIMIT)
    attempts: int | None = attrs.field(default=None, validator=_LIMIT)
    balance: float | None = attrs.field(default=None, validator=_AMOUNT)
    callback_url: str | None = attrs.field(default=None, validator=_URL)

    @property
    def undecided(self) -> str | None:
        """The outcome where nobody set one: None where the rules decide."""
        return "pending" if self.review == "manual" else None
