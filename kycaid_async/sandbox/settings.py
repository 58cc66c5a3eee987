"""How a sandbox behaves: the options that have nothing to do with where it listens and what it keeps."""

import math
import re
from collections.abc import Collection, Iterable
from typing import Any, Literal

import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox.review.rules import REFUSED_COUNTRIES, RULES, Rule
from kycaid_async.values.decline_reasons import DeclineReason

Review = Literal["rules", "manual"]


def _tuple(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rules)


def _upper(countries: Collection[str]) -> frozenset[str]:
    return frozenset(code.upper() for code in countries)


@attrs.frozen(kw_only=True)
class Settings:
    """The options of a sandbox. Raises `ConfigurationError` for what cannot be."""

    strict: bool = False
    review: Review = attrs.field(default="rules")
    review_after: float = attrs.field(default=0.0)
    rules: tuple[Rule, ...] = attrs.field(default=RULES, converter=_tuple)
    refused_countries: frozenset[str] = attrs.field(default=REFUSED_COUNTRIES, converter=_upper)
    applicants_per_minute: int | None = attrs.field(default=None)
    attempts: int | None = attrs.field(default=None)
    balance: float | None = attrs.field(default=None)
    callback_url: str | None = attrs.field(default=None)

    @review.validator
    def _check_review(self, _: Any, value: object) -> None:
        if value not in ("rules", "manual"):
            raise ConfigurationError('review is "rules" or "manual"')

    @review_after.validator
    def _check_review_after(self, _: Any, value: float) -> None:
        if not (0 <= value < math.inf):
            raise ConfigurationError("review_after is a number of seconds, 0 or more")

    @rules.validator
    def _check_rules(self, _: Any, value: tuple[object, ...]) -> None:
        if not all(isinstance(rule, Rule) and DeclineReason(rule.reason).is_known for rule in value):
            raise ConfigurationError("rules are instances of Rule, each with a reason of DeclineReason")

    @applicants_per_minute.validator
    @attempts.validator
    def _check_limit(self, attribute: "attrs.Attribute[int | None]", value: int | None) -> None:
        if value is not None and value < 1:
            raise ConfigurationError(f"{attribute.name} is a number from 1, or None for no limit")

    @balance.validator
    def _check_balance(self, _: Any, value: float | None) -> None:
        if value is not None and not (0 <= value < math.inf):
            raise ConfigurationError("balance is a number of euros, 0 or more, or None for an account without end")

    @callback_url.validator
    def _check_callback_url(self, _: Any, value: str | None) -> None:
        if value is not None and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
            raise ConfigurationError("callback_url is a URL that starts with http:// or https://")

    @property
    def undecided(self) -> str | None:
        """The outcome of what nobody said anything about: None where the rules decide."""
        return "pending" if self.review == "manual" else None
