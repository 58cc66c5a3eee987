"""What the user of ``kycaid upload`` asked for."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import attrs

from kycaid_async import servers
from kycaid_async.bulk.ledger import SecretFrom
from kycaid_async.bulk.manifest.options import ManifestKeywords, ManifestOptions
from kycaid_async.bulk.manifest.rejects import UNCERTAIN, origin_of, rejects_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.reading import options_of
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
    """It may stand elsewhere, and knows the folder of the manifest: in another one the same paths are other files."""
    rejects: Path
    uncertain: Path
    """Where the uncertain rows go."""
    on_error: Literal["stop", "continue"] = "stop"
    on_uncertain: Literal["set_aside", "create"] = "set_aside"
    same_account: bool = False
    ledger_secret: SecretFrom | None = None
    concurrency: int
    applicants_at_once: int = 4
    dry_run: bool = False
    report: Path | None = None
    as_json: bool = False
    outside: Sequence[Path] = ()
    """Folders that rows may name beside that of the manifest."""
    urls: UrlRules | None = None
    """None when rows may name no URLs."""
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
    outside: Sequence[Path],
    urls: bool,
    protocols: Sequence[str],
    hosts: Sequence[str],
    applicants_at_once: int = 4,
    ledger_secret: SecretFrom | None = None,
    reading: ManifestKeywords | None = None,
) -> Plan:
    """Return the plan for options as they were given. Raises `UsageProblem` for those that cannot work."""
    if not api_key and not dry_run:
        raise UsageProblem("your key is needed, in the environment variable KYCAID_API_KEY")
    if rejects is not None and rejects.resolve().parent != manifest.resolve().parent:
        raise UsageProblem("--rejects: must stand in the folder of the manifest, where the paths in its rows start")
    if rejects is not None and rejects.exists():
        raise UsageProblem(f"--rejects: {rejects} exists; somebody may have corrected it, so it is not written over")
    if report is not None and not report.resolve().parent.is_dir():
        raise UsageProblem(f"--report: {report.parent} is not a folder")
    for folder in outside:
        if not folder.is_dir():
            raise UsageProblem(f"--allow-outside: {folder} is not a folder")
    server, proxy = way_to_server(base_url, proxy, trust_env=not dry_run)
    rules = url_rules(urls, protocols, hosts)
    return Plan(
        manifest=manifest,
        server=server,
        proxy=proxy,
        api_key=api_key,
        ledger=ledger or _ledger_of(manifest),
        rejects=rejects or rejects_of(manifest),
        uncertain=rejects_of(manifest, mark=UNCERTAIN),
        on_error=on_error,
        on_uncertain="create" if create_uncertain else "set_aside",
        same_account=same_account,
        ledger_secret=ledger_secret,
        concurrency=concurrency,
        applicants_at_once=applicants_at_once,
        dry_run=dry_run,
        report=report,
        as_json=as_json,
        outside=outside,
        urls=rules,
        reading=options_of(reading or {}, outside=outside, urls=rules),
    )


def url_rules(urls: bool, protocols: Sequence[str], hosts: Sequence[str]) -> UrlRules | None:
    """Return the rules for URLs, None when none are allowed. Raises `UsageProblem`."""
    try:
        rules = UrlRules(allow_protocols=protocols, allow_hosts=hosts)
    except ConfigurationError as error:
        words = str(error).replace("allow_protocols", "--allow-protocol").replace("allow_hosts", "--allow-host")
        raise UsageProblem(words) from error
    return rules if urls or protocols or hosts else None


def way_to_server(base_url: str | None, proxy: str | None, *, trust_env: bool) -> tuple[str, str | None]:
    """Return the server and the proxy before it. Raises `UsageProblem`."""
    try:
        allowed = allow_http_of(os.environ.get("KYCAID_ALLOW_HTTP"))
        server = base_url_of(base_url or servers.PRODUCTION, allowed)
    except ConfigurationError as error:
        raise UsageProblem(str(error).replace("base_url:", "--base-url:", 1)) from error
    try:
        return server, proxy_of(proxy, trust_env=trust_env, base_url=server, allow_http=allowed)
    except ConfigurationError as error:
        raise UsageProblem(str(error)) from error


def _ledger_of(manifest: Path) -> Path:
    """Return the ledger beside a manifest. Rejects have that of their manifest: it knows their applicants."""
    origin = origin_of(manifest)
    return origin.with_name(f"{origin.name}.ledger")
