"""What the user of ``kycaid upload`` asked for."""

import os
from pathlib import Path
from typing import Literal

import attrs

from kycaid_async import servers
from kycaid_async.bulk.rejects import origin_of, rejects_of
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.errors import ConfigurationError
from kycaid_async.transport.proxies import proxy_of
from kycaid_async.transport.settings import allow_http_of, base_url_of


@attrs.frozen(kw_only=True)
class Plan:
    """What the user asked for."""

    manifest: Path
    server: str
    proxy: str | None = attrs.field(default=None, repr=False)
    api_key: str | None = attrs.field(default=None, repr=False)
    """None for a run that sends nothing."""
    ledger: Path
    rejects: Path
    on_error: Literal["stop", "continue"] = "stop"
    on_uncertain: Literal["set_aside", "create"] = "set_aside"
    same_account: bool = False
    concurrency: int
    dry_run: bool = False
    report: Path | None = None
    as_json: bool = False


def plan_of(
    manifest: Path,
    *,
    ledger: Path | None,
    rejects: Path | None,
    on_error: Literal["stop", "continue"],
    create_uncertain: bool,
    same_account: bool,
    concurrency: int,
    base_url: str | None,
    proxy: str | None = None,
    api_key: str | None,
    dry_run: bool,
    report: Path | None,
    as_json: bool,
) -> Plan:
    """Return the plan for options as they were given. Raises `UsageProblem` for those that cannot work."""
    if not api_key and not dry_run:
        raise UsageProblem("your key is needed, in the environment variable KYCAID_API_KEY")
    for option, file in (("--rejects", rejects), ("--ledger", ledger)):
        # In another folder the same paths are other files, and the ledger would have those as done.
        if file is not None and file.resolve().parent != manifest.resolve().parent:
            raise UsageProblem(f"{option}: must stand in the folder of the manifest, where the paths in its rows start")
    if rejects is not None and rejects.exists():
        raise UsageProblem(f"--rejects: {rejects} exists; somebody may have corrected it, so it is not written over")
    if report is not None and not report.resolve().parent.is_dir():
        raise UsageProblem(f"--report: {report.parent} is not a folder")
    server, proxy = _way(base_url, proxy, trust_env=not dry_run)
    return Plan(
        manifest=manifest,
        server=server,
        proxy=proxy,
        api_key=api_key,
        ledger=ledger or _ledger_of(manifest),
        rejects=rejects or rejects_of(manifest),
        on_error=on_error,
        on_uncertain="create" if create_uncertain else "set_aside",
        same_account=same_account,
        concurrency=concurrency,
        dry_run=dry_run,
        report=report,
        as_json=as_json,
    )


def _way(base_url: str | None, proxy: str | None, *, trust_env: bool) -> tuple[str, str | None]:
    """Return the server and the proxy before it. Raises `UsageProblem`."""
    try:
        allowed = allow_http_of(os.environ.get("KYCAID_ALLOW_HTTP"))
        server = base_url_of(base_url or servers.PRODUCTION, allowed)
    except ConfigurationError as error:
        raise UsageProblem(f"--base-url: {error}") from error
    try:
        return server, proxy_of(proxy, trust_env=trust_env, base_url=server, allow_http=allowed)
    except ConfigurationError as error:
        raise UsageProblem(str(error)) from error


def _ledger_of(manifest: Path) -> Path:
    """Return the ledger beside a manifest. Rejects have that of their manifest: it knows their applicants."""
    origin = origin_of(manifest)
    return origin.with_name(f"{origin.name}.ledger")
