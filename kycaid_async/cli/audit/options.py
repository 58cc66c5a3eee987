"""The options of ``kycaid audit``, checked and resolved."""

import os
from pathlib import Path
from typing import Unpack

import attrs

from kycaid_async.bulk.manifest.options import ManifestKeywords
from kycaid_async.cli.audit.report import is_of_an_audit
from kycaid_async.cli.manifests import ManifestCommand, check_output, common_options, own_options
from kycaid_async.cli.options import RunChoices
from kycaid_async.cli.problems import UsageProblem


class AuditChoices(RunChoices, total=False):
    """Options as they were given."""

    fresh: bool
    csv: Path | None
    report: Path | None


@attrs.frozen(kw_only=True)
class AuditCommand(ManifestCommand):
    """The options of an audit, checked, with the defaults that depend on its manifest."""

    state: Path | None
    """None where no file can be made."""
    fresh: bool = False
    csv: Path | None = None
    report: Path | None = None


def options_of(
    manifest: Path, *, reading: ManifestKeywords | None = None, **choices: Unpack[AuditChoices]
) -> AuditCommand:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    csv, report = choices.get("csv"), choices.get("report")
    common = common_options(manifest, choices, reading)
    ledger = common["ledger"]
    if common["ledger_url"] is None and not ledger.exists():
        raise UsageProblem(f"{ledger}: there is no such ledger, so nothing is known to be sent; --ledger names another")
    state = manifest.with_name(f"{manifest.name}.audit")
    for name, path in (("--csv", csv), ("--report", report)):
        if path is not None:
            check_output(name, path, {manifest, ledger, state})
    if csv is not None and report is not None and csv.resolve() == report.resolve():
        raise UsageProblem("--csv and --report: are the same file")
    if csv is not None and csv.exists() and not is_of_an_audit(csv):
        raise UsageProblem(f"--csv: {csv} exists, and is not of an audit, so it is not written over")
    own = own_options(choices)
    return AuditCommand(**common, **own, state=state if os.access(state.parent, os.W_OK) else None)
