"""The options of ``kycaid audit``, checked and resolved."""

import os
from pathlib import Path
from typing import Unpack

import attrs

from kycaid_async.bulk.manifest.options import ManifestKeywords, ManifestOptions
from kycaid_async.cli.audit.table import is_of_an_audit
from kycaid_async.cli.manifests import RunChoices, ledger_of, way_to_server
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.reading import reading_of


class AuditChoices(RunChoices, total=False):
    """Options that are passed on as they were given."""

    fresh: bool
    csv: Path | None


@attrs.frozen(kw_only=True)
class AuditOptions:
    """The options of an audit, checked, with the defaults that depend on its manifest."""

    manifest: Path
    server: str
    proxy: str | None = attrs.field(default=None, repr=False)
    api_key: str = attrs.field(repr=False)
    ledger: Path
    state: Path | None
    """None where no file can be made."""
    fresh: bool = False
    same_account: bool = False
    concurrency: int = 64
    csv: Path | None = None
    report: Path | None = None
    as_json: bool = False
    reading: ManifestOptions = attrs.field(factory=lambda: ManifestOptions(guess=True))
    """How the manifest is read."""


def options_of(
    manifest: Path,
    *,
    ledger: Path | None,
    base_url: str | None,
    proxy: str | None,
    api_key: str | None,
    reading: ManifestKeywords | None = None,
    **choices: Unpack[AuditChoices],
) -> AuditOptions:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    csv, report = choices.get("csv"), choices.get("report")
    if not api_key:
        raise UsageProblem("your key is needed, in the environment variable KYCAID_API_KEY")
    ledger = ledger or ledger_of(manifest)
    if not ledger.exists():
        raise UsageProblem(f"{ledger}: there is no such ledger, so nothing is known to be sent; --ledger names another")
    state = manifest.with_name(f"{manifest.name}.audit")
    for name, path in (("--csv", csv), ("--report", report)):
        if path is not None:
            _check_output(name, path, {manifest, ledger, state})
    if csv is not None and report is not None and csv.resolve() == report.resolve():
        raise UsageProblem("--csv and --report: are the same file")
    if csv is not None and csv.exists() and not is_of_an_audit(csv):
        raise UsageProblem(f"--csv: {csv} exists, and is not of an audit, so it is not written over")
    server, proxy = way_to_server(base_url, proxy, trust_env=True)
    return AuditOptions(
        manifest=manifest,
        server=server,
        proxy=proxy,
        api_key=api_key,
        ledger=ledger,
        state=state if os.access(state.parent, os.W_OK) else None,
        reading=reading_of(reading or {}),
        **choices,
    )


def _check_output(option: str, path: Path, taken: set[Path]) -> None:
    if not path.resolve().parent.is_dir():
        raise UsageProblem(f"{option}: {path.parent} is not a folder")
    if path.is_dir() or path.resolve() in {other.resolve() for other in taken}:
        raise UsageProblem(f"{option}: {path} is something else, and is not written over")
