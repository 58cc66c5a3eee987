"""The options of ``kycaid upload``, checked and resolved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Unpack

import attrs

from kycaid_async.bulk.ledger import SecretFrom
from kycaid_async.bulk.manifest.options import ManifestKeywords
from kycaid_async.bulk.manifest.rejects import UNCERTAIN
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.cli.cluster import ClusterCommand, check_workers
from kycaid_async.cli.manifests import aside_of, common_options, own_options, url_rules
from kycaid_async.cli.options import RunChoices
from kycaid_async.cli.problems import UsageProblem


class UploadChoices(RunChoices, total=False):
    """Options as they were given."""

    on_error: Literal["stop", "continue"]
    on_uncertain: Literal["set_aside", "create"]
    ledger_secret: SecretFrom | None
    applicants_at_once: int
    workers: int | None
    dask: str | None
    outside: Sequence[Path]
    dry_run: bool
    report: Path | None


@attrs.frozen(kw_only=True)
class UploadCommand(ClusterCommand):
    """The options of an upload, checked, with the defaults that depend on its manifest."""

    rejects: Path
    uncertain: Path
    """Where the uncertain rows go."""
    on_error: Literal["stop", "continue"] = "stop"
    on_uncertain: Literal["set_aside", "create"] = "set_aside"
    ledger_secret: SecretFrom | None = None
    applicants_at_once: int = 4
    dry_run: bool = False
    report: Path | None = None
    outside: Sequence[Path] = ()
    """Folders that rows may name beside that of the manifest."""
    urls: UrlRules | None = None
    """None when rows may name no URLs."""


def options_of(
    manifest: Path,
    *,
    rejects: Path | None = None,
    allow_urls: bool = False,
    allow_protocol: Sequence[str] = (),
    allow_host: Sequence[str] = (),
    reading: ManifestKeywords | None = None,
    **choices: Unpack[UploadChoices],
) -> UploadCommand:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    report, outside = choices.get("report"), choices.get("outside", ())
    urls = url_rules(allow_urls, allow_protocol, allow_host)
    sends = not choices.get("dry_run", False)
    common = common_options(manifest, choices, reading, outside=outside, urls=urls, sends=sends)
    if rejects is not None and rejects.resolve().parent != manifest.resolve().parent:
        raise UsageProblem("--rejects: must stand in the folder of the manifest, where the paths in its rows start")
    if rejects is not None and rejects.exists():
        raise UsageProblem(f"--rejects: {rejects} exists; somebody may have corrected it, so it is not written over")
    if report is not None and not report.resolve().parent.is_dir():
        raise UsageProblem(f"--report: {report.parent} is not a folder")
    check_workers(choices.get("workers"), choices.get("dask"), common["ledger_url"])
    for folder in outside:
        if not folder.is_dir():
            raise UsageProblem(f"--allow-outside: {folder} is not a folder")
    return UploadCommand(
        **common,
        **own_options(choices),
        rejects=rejects or aside_of(manifest, common["ledger"]),
        uncertain=aside_of(manifest, common["ledger"], mark=UNCERTAIN),
        urls=urls,
    )
