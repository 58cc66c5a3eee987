"""The verifications that the rows of one applicant ask for: each with its form, none for two rows that say the same."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import attrs

from kycaid_async.api.verifications.fields import CheckType, CheckTypeName
from kycaid_async.bulk.row import plain_id
from kycaid_async.bulk.spool import SpooledRow
from kycaid_async.bulk.verify import remarks
from kycaid_async.bulk.verify.result import VerifyStatus

GIVEN: Final = "given"
"""State of a row that is a verification of its own, of an applicant that is there."""
DELIVERED: Final = "delivered"

Types = Sequence[CheckType | CheckTypeName]


class RunDefaults(Protocol):
    """The options of a run that hold for rows which do not say it themselves."""

    @property
    def form_id(self) -> str | None: ...
    @property
    def partial(self) -> bool: ...
    @property
    def callback_url(self) -> str | None: ...
    @property
    def types(self) -> Types | None: ...


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AskingRow(SpooledRow):
    """A row of an applicant: what it asks for, and what the ledger says of it."""

    form_id: str | None
    callback_url: str | None = None
    types: Sequence[str] | None = None
    state: str
    is_known: bool
    """False when the ledger does not know its applicant."""
    is_lost: bool = False
    """True when its applicant was perhaps made, and nobody knows its id."""


@attrs.frozen(kw_only=True, eq=False)
class WantedVerification:
    """A verification of one applicant that its rows ask for."""

    form_id: str | None
    rows: Sequence[AskingRow]
    """Those that it is for."""
    callback_url: str | None = None
    types: Types | None = None
    refusal: str = ""
    """Why it is not to be started; empty when it is."""
    refused_as: VerifyStatus = VerifyStatus.NOT_DELIVERED
    silent: int = 0
    """Of the rows, those of documents that name no form, and go by that of others."""
    note: str = ""
    """What somebody should know who looks at it before money is spent."""


def wanted_by(rows: Sequence[AskingRow], defaults: RunDefaults) -> list[WantedVerification]:
    """Return the verifications that the rows of one applicant ask for, each form once.

    A row that is a verification of its own asks for its form, or for that of the run. Rows of documents speak for
    their applicant: those that name no form go by the others, and only where none names one that of the run holds.
    """
    default = None if defaults.form_id is None else plain_id(defaults.form_id)
    is_named = any(row.form_id is not None for row in rows if row.state != GIVEN)
    silent: list[AskingRow] = []
    by_form: dict[str | None, list[AskingRow]] = {}
    for row in rows:
        if is_named and row.state != GIVEN and row.form_id is None:
            silent.append(row)
        else:
            by_form.setdefault(default if row.form_id is None else row.form_id, []).append(row)
    several = len(by_form) if len(by_form) > 1 else 0
    return [_wanted(form_id, [*named, *silent], rows, defaults, several) for form_id, named in by_form.items()]


def _wanted(
    form_id: str | None, rows: list[AskingRow], of_applicant: Sequence[AskingRow], defaults: RunDefaults, several: int
) -> WantedVerification:
    rows.sort(key=lambda row: row.number)
    extras: dict[str, Any] = {}
    clashes: list[str] = []
    for name in ("callback_url", "types"):
        said = _said(rows, name, getattr(defaults, name))
        extras[name] = said[0] if said else None
        clashes += [name] if len(said) > 1 else []
    silent = _silent(rows)
    refusal = _refusal(rows, of_applicant, partial=defaults.partial)
    disagree = "" if refusal or not clashes else remarks.DISAGREEING_ROWS.format(fields=" and ".join(clashes))
    return WantedVerification(
        form_id=form_id,
        rows=rows,
        refusal=refusal or disagree,
        refused_as=VerifyStatus.REFUSED if disagree else VerifyStatus.NOT_DELIVERED,
        silent=silent,
        note=remarks.note_of(form_id, several=several, silent=silent),
        **extras,
    )


def _said(rows: Sequence[AskingRow], name: str, default: Any) -> list[Any]:
    """Return the values of a field that rows say, each once; the run's for those that speak for themselves."""
    values = [
        default if value is None and row.state == GIVEN else value for row in rows for value in [getattr(row, name)]
    ]
    said = [value for value in values if value is not None]
    known: dict[Any, Any] = {}
    for value in said:
        known.setdefault(tuple(sorted(map(str, value))) if isinstance(value, list | tuple) else value, value)
    return list(known.values()) or ([] if default is None else [default])


def _silent(rows: Sequence[AskingRow]) -> int:
    """Return how many rows of documents go by the form of others."""
    documents = [row for row in rows if row.state != GIVEN]
    without = sum(row.form_id is None for row in documents)
    return without if without < len(documents) else 0


def _refusal(rows: Sequence[AskingRow], of_applicant: Sequence[AskingRow], *, partial: bool) -> str:
    """Return why an applicant is not verified; nothing when it is."""
    if not rows[0].is_known:
        return remarks.LOST_APPLICANT if any(row.is_lost for row in of_applicant) else remarks.UNKNOWN_APPLICANT
    states = [row.state for row in of_applicant if row.state != GIVEN]
    own = [row.state for row in rows]
    if states.count(DELIVERED) == len(states) or (partial and (DELIVERED in own or GIVEN in own)):
        return ""
    return remarks.not_delivered(states)
