"""The options of ``kycaid results``, checked and resolved."""

import re
from pathlib import Path
from typing import Final, Unpack

import attrs

from kycaid_async.bulk.manifest.options import ManifestKeywords
from kycaid_async.bulk.tables import FORMATS
from kycaid_async.cli.manifests import ManifestCommand, check_output, common_options, own_options
from kycaid_async.cli.options import RunChoices
from kycaid_async.cli.problems import UsageProblem

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_TIME: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([smhd]?)", re.ASCII)


class ResultsChoices(RunChoices, total=False):
    """Options as they were given."""

    output: Path | None
    per_document: bool
    report: Path | None
    fresh: bool


@attrs.frozen(kw_only=True)
class ResultsCommand(ManifestCommand):
    """The options of a look at verdicts, checked, with the defaults that depend on its manifest."""

    wait: float | None = None
    """Seconds."""
    output: Path | None = None
    per_document: bool = False
    fresh: bool = False
    report: Path | None = None


def options_of(
    manifest: Path,
    *,
    wait: str | None = None,
    reading: ManifestKeywords | None = None,
    **choices: Unpack[ResultsChoices],
) -> ResultsCommand:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    output, report = choices.get("output"), choices.get("report")
    common = common_options(manifest, choices, reading)
    ledger = common["ledger"]
    if common["ledger_url"] is None and not ledger.exists():
        raise UsageProblem(f"{ledger}: there is no such ledger, so nothing is known to be started; --ledger names it")
    taken = [manifest, ledger]
    for name, path in (("--output", output), ("--report", report)):
        if path is not None:
            check_output(name, path, taken)
            taken.append(path)
    if output is not None and output.suffix.lower() not in FORMATS:
        raise UsageProblem(f"--output: {output}: the ending says the format; expected one of {', '.join(FORMATS)}")
    return ResultsCommand(**common, **own_options(choices), wait=None if wait is None else _seconds(wait))


def _seconds(text: str) -> float:
    match = _TIME.fullmatch(text.strip().lower())
    if match is None:
        raise UsageProblem("--wait: expected a time such as 6h, 90m or 600s")
    return float(match[1]) * _UNITS[match[2]]
