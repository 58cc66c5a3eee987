"""``kycaid report``: what was verified on some days and what it cost, as a table and as sums."""

import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs

from kycaid_async.api.verifications.models import VerificationReportRow
from kycaid_async.bulk.tables import TableWriter, open_table
from kycaid_async.cli.credentials import KEY_IS_NEEDED
from kycaid_async.cli.manifests import way_to_server
from kycaid_async.cli.problems import Problem, UsageProblem, one_line
from kycaid_async.cli.screen import Screen, reasons_text
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import ConfigurationError, InvalidRequestError
from kycaid_async.signals import run_async

COLUMNS: Final = {
    "created_at": str,
    "verification_id": str,
    "applicant_id": str,
    "external_applicant_id": str,
    "form_id": str,
    "status": str,
    "passed": str,
    "decline_reasons": str,
    "service": str,
    "method": str,
    "checks": str,
    "country": str,
    "mode": str,
    "fee": float,
    "processing_time": float,
}
PERSONAL: Final = ("name", "dob", "email", "phone", "tax_id_number", "wallet_address", "telegram_username")
_UNKNOWN: Final = "unknown"


@attrs.frozen(kw_only=True)
class ReportOptions:
    """The options of an export, checked."""

    start: str
    end: str | None
    output: Path | None
    server: str
    proxy: str | None = attrs.field(default=None, repr=False)
    api_key: str = attrs.field(repr=False)
    personal: bool = False
    """True when the table shall say who they are."""
    as_json: bool = False


def options_of(
    start: str,
    end: str | None,
    *,
    output: Path | None,
    personal: bool,
    as_json: bool,
    base_url: str | None,
    proxy: str | None,
    api_key: str | None,
) -> ReportOptions:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    if not api_key:
        raise UsageProblem(KEY_IS_NEEDED)
    if output is not None and (output.is_dir() or not output.resolve().parent.is_dir()):
        raise UsageProblem(f"--output: {output} is a folder, or in none")
    server, proxy = way_to_server(base_url, proxy, trust_env=True)
    return ReportOptions(
        start=start,
        end=end,
        output=output,
        server=server,
        proxy=proxy,
        api_key=api_key,
        personal=personal,
        as_json=as_json,
    )


@attrs.define
class Tally:
    """Rows of one kind, counted."""

    rows: int = 0
    completed: int = 0
    declined: int = 0
    fees: Decimal = Decimal(0)

    def count(self, row: VerificationReportRow) -> None:
        """Add a row."""
        self.rows += 1
        self.completed += row.status == "completed"
        self.declined += row.passed is False
        # By its digits: sums of floats end in digits that nobody was charged.
        self.fees += Decimal(str(row.price or 0))

    def __add__(self, other: "Tally") -> "Tally":
        """Return the sum of both."""
        mine, others = attrs.astuple(self), attrs.astuple(other)
        return Tally(*(one + more for one, more in zip(mine, others, strict=True)))


def run(options: ReportOptions) -> None:
    """Do what ``options`` say. Raises `Problem` and `KycaidError`; then no file is left half-written."""
    try:
        run_async(_run, options)
    except InvalidRequestError as error:
        raise UsageProblem(one_line(error)) from error
    except (ModuleNotFoundError, OSError) as error:
        raise Problem(f"{options.output}: {getattr(error, 'strerror', None) or error}") from error


async def _run(options: ReportOptions) -> None:
    screen, tallies = Screen(as_json=options.as_json), dict[tuple[str, str], Tally]()
    async with AsyncKycaid(options.api_key, base_url=options.server, proxy=options.proxy) as client:
        with _table(options) or nullcontext() as table:
            async for row in client.verifications.report(options.start, options.end):
                tallies.setdefault((row.mode or _UNKNOWN, row.service or _UNKNOWN), Tally()).count(row)
                if table is not None:
                    table.add(cells(row, personal=options.personal))
    for line in [json.dumps(as_json(tallies))] if options.as_json else as_text(tallies):
        screen.line(line)


def _table(options: ReportOptions) -> TableWriter | None:
    if options.output is None:
        return None
    try:
        return open_table(
            options.output, COLUMNS | dict.fromkeys(PERSONAL if options.personal else (), str), sheet="Report"
        )
    except ConfigurationError as error:
        raise UsageProblem(f"--output: {error.message}") from error


def cells(row: VerificationReportRow, *, personal: bool) -> Sequence[Any]:
    """Return the cells of a row, in the order of the columns."""
    return [
        row.created_at and row.created_at.replace(tzinfo=None),
        row.verification_id,
        row.applicant_id,
        row.external_applicant_id,
        row.form_id,
        row.status,
        row.passed,
        reasons_text(row.reasons),
        row.service,
        row.method,
        ", ".join(row.verification_types or ()),
        row.country_code,
        row.mode,
        row.price,
        row.processing_time,
        *((getattr(row, name) for name in PERSONAL) if personal else ()),
    ]


def as_text(tallies: dict[tuple[str, str], Tally]) -> Iterator[str]:
    """Give the sums as lines of a table."""
    if not tallies:
        yield "No rows on these days."
        return
    form = "{:<8} {:<8} {:>10} {:>10} {:>10} {:>14}"
    yield form.format("mode", "service", "rows", "completed", "declined", "fees")
    for (mode, service), tally in sorted(tallies.items()):
        yield form.format(one_line(mode), one_line(service), *_numbers(tally))
    yield form.format("all", "", *_numbers(sum(tallies.values(), Tally())))
    yield "Fees as KYCAID gives them: in euros, as live data show; its reference says euro cents."


def _numbers(tally: Tally) -> tuple[str, ...]:
    counts = (f"{count:,}" for count in (tally.rows, tally.completed, tally.declined))
    return *counts, f"{tally.fees:,.2f}"


def as_json(tallies: dict[tuple[str, str], Tally]) -> dict[str, Any]:
    """Return the sums as an object."""
    kinds = [{"mode": mode, "service": service, **_fields(tally)} for (mode, service), tally in sorted(tallies.items())]
    return {"kind": "summary", **_fields(sum(tallies.values(), Tally())), "of": kinds}


def _fields(tally: Tally) -> dict[str, Any]:
    return attrs.asdict(tally) | {"fees": float(tally.fees)}
