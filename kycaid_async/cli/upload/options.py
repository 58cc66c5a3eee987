"""The options of ``kycaid upload``, checked and resolved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Unpack

import attrs

from kycaid_async.bulk.ledger import SecretFrom
from kycaid_async.bulk.manifest.options import ManifestKeywords, ManifestOptions
from kycaid_async.bulk.manifest.rejects import UNCERTAIN, rejects_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.cli.manifests import RunChoices, ledger_of, url_rules, way_to_server
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.reading import reading_of


class UploadChoices(RunChoices, total=False):
    """Options that are passed on as they were given."""

    api_key: str | None
    on_error: Literal["stop", "continue"]
    on_uncertain: Literal["set_aside", "create"]
    ledger_secret: SecretFrom | None
    applicants_at_once: int
    outside: Sequence[Path]
    dry_run: bool


@attrs.frozen(kw_only=True)
class UploadOptions:
    """The options of an upload, checked, with the defaults that depend on its manifest."""

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
    concurrency: int = 64
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


def options_of(
    manifest: Path,
    *,
    ledger: Path | None = None,
    rejects: Path | None = None,
    base_url: str | None = None,
    proxy: str | None = None,
    allow_urls: bool = False,
    allow_protocol: Sequence[str] = (),
    allow_host: Sequence[str] = (),
    reading: ManifestKeywords | None = None,
    **choices: Unpack[UploadChoices],
) -> UploadOptions:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    dry_run, report = choices.get("dry_run", False), choices.get("report")
    if not choices.get("api_key") and not dry_run:
        raise UsageProblem("your key is needed, in the environment variable KYCAID_API_KEY")
    if rejects is not None and rejects.resolve().parent != manifest.resolve().parent:
        raise UsageProblem("--rejects: must stand in the folder of the manifest, where the paths in its rows start")
    if rejects is not None and rejects.exists():
        raise UsageProblem(f"--rejects: {rejects} exists; somebody may have corrected it, so it is not written over")
    if report is not None and not report.resolve().parent.is_dir():
        raise UsageProblem(f"--report: {report.parent} is not a folder")
    for folder in choices.get("outside", ()):
        if not folder.is_dir():
            raise UsageProblem(f"--allow-outside: {folder} is not a folder")
    server, proxy = way_to_server(base_url, proxy, trust_env=not dry_run)
    urls = url_rules(allow_urls, allow_protocol, allow_host)
    return UploadOptions(
        manifest=manifest,
        server=server,
        proxy=proxy,
        ledger=ledger or ledger_of(manifest),
        rejects=rejects or rejects_of(manifest),
        uncertain=rejects_of(manifest, mark=UNCERTAIN),
        urls=urls,
        reading=reading_of(reading or {}, outside=choices.get("outside", ()), urls=urls),
        **choices,
    )
