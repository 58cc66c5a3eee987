"""What the user of ``kycaid audit`` asked for."""

import os
from pathlib import Path

import attrs

from kycaid_async.bulk.manifest.options import ManifestKeywords, ManifestOptions
from kycaid_async.bulk.manifest.rejects import origin_of
from kycaid_async.cli.audit.table import is_of_an_audit
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.reading import options_of
from kycaid_async.cli.upload.options import way_to_server


@attrs.frozen(kw_only=True)
class Plan:
    """What the user asked for."""

    manifest: Path
    server: str
    proxy: str | None = attrs.field(default=None, repr=False)
    api_key: str = attrs.field(repr=False)
    ledger: Path
    state: Path | None
    """None where no file can be made."""
    fresh: bool
    same_account: bool
    concurrency: int
    csv: Path | None
    report: Path | None
    as_json: bool
    reading: ManifestOptions = attrs.field(factory=lambda: ManifestOptions(guess=True))
    """How the manifest is read."""

    @property
    def folder(self) -> str:
        """Where the paths in the rows start."""
        return str(self.manifest.resolve().parent)


def plan_of(
    manifest: Path,
    *,
    ledger: Path | None,
    fresh: bool,
    same_account: bool,
    concurrency: int,
    base_url: str | None,
    proxy: str | None,
    api_key: str | None,
    csv: Path | None,
    report: Path | None,
    as_json: bool,
    reading: ManifestKeywords | None = None,
) -> Plan:
    """Return the plan for options as they were given. Raises `UsageProblem` for those that cannot work."""
    if not api_key:
        raise UsageProblem("your key is needed, in the environment variable KYCAID_API_KEY")
    origin = origin_of(manifest)
    ledger = ledger or origin.with_name(f"{origin.name}.ledger")
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
    return Plan(
        manifest=manifest,
        server=server,
        proxy=proxy,
        api_key=api_key,
        ledger=ledger,
        state=state if os.access(state.parent, os.W_OK) else None,
        fresh=fresh,
        same_account=same_account,
        concurrency=concurrency,
        csv=csv,
        report=report,
        as_json=as_json,
        reading=options_of(reading or {}),
    )


def _check_output(option: str, path: Path, taken: set[Path]) -> None:
    if not path.resolve().parent.is_dir():
        raise UsageProblem(f"{option}: {path.parent} is not a folder")
    if path.is_dir() or path.resolve() in {other.resolve() for other in taken}:
        raise UsageProblem(f"{option}: {path} is something else, and is not written over")
