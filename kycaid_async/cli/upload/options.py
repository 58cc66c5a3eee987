"""The options of ``kycaid upload``, checked and resolved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Unpack

import attrs

from kycaid_async.bulk.ledger import SecretFrom
from kycaid_async.bulk.ledger.opening import has_password, is_shared, ledger_url_of, shown_ledger
from kycaid_async.bulk.manifest.options import ManifestKeywords
from kycaid_async.bulk.manifest.rejects import UNCERTAIN, rejects_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.cli.manifests import ManifestCommand, common_options, own_options, url_rules
from kycaid_async.cli.options import RunChoices
from kycaid_async.cli.problems import UsageProblem


class UploadChoices(RunChoices, total=False):
    """Options as they were given."""

    on_error: Literal["stop", "continue"]
    on_uncertain: Literal["set_aside", "create"]
    ledger_secret: SecretFrom | None
    applicants_at_once: int
    ledger_url: str | None
    workers: int | None
    dask: str | None
    outside: Sequence[Path]
    dry_run: bool
    report: Path | None


@attrs.frozen(kw_only=True)
class UploadCommand(ManifestCommand):
    """The options of an upload, checked, with the defaults that depend on its manifest."""

    rejects: Path
    uncertain: Path
    """Where the uncertain rows go."""
    on_error: Literal["stop", "continue"] = "stop"
    on_uncertain: Literal["set_aside", "create"] = "set_aside"
    ledger_secret: SecretFrom | None = None
    applicants_at_once: int = 4
    ledger_url: str | None = attrs.field(default=None, repr=shown_ledger)
    """That of a ledger in a database, in the place of ``ledger``."""
    workers: int | None = None
    dask: str | None = None
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
    _settle_ledger(choices)
    for folder in outside:
        if not folder.is_dir():
            raise UsageProblem(f"--allow-outside: {folder} is not a folder")
    return UploadCommand(
        **common,
        **own_options(choices),
        rejects=rejects or rejects_of(manifest),
        uncertain=rejects_of(manifest, mark=UNCERTAIN),
        urls=urls,
    )


def _settle_ledger(choices: UploadChoices) -> None:
    """Find out which ledger is meant, and whether it is one that workers can share. Raises `UsageProblem`."""
    typed = choices.get("ledger_url")
    if typed is not None and choices.get("ledger") is not None:
        raise UsageProblem("--ledger and --ledger-url: a record is kept in one of them")
    if typed is not None and has_password(typed):
        raise UsageProblem(
            "--ledger-url: others on this machine can see a password that is typed here; put the URL into the "
            "environment variable KYCAID_LEDGER_URL"
        )
    url = typed if choices.get("ledger") is not None else ledger_url_of(typed)
    if url is not None and not is_shared(url):
        raise UsageProblem("--ledger-url: expected a URL as postgresql+psycopg://user@host/database")
    choices["ledger_url"] = url
    if (choices.get("workers") or choices.get("dask")) and url is None:
        raise UsageProblem(
            "--workers, --dask: workers share a ledger in a database: name it with --ledger-url, or in the environment "
            "variable KYCAID_LEDGER_URL"
        )
    if choices.get("workers") and choices.get("dask"):
        raise UsageProblem("--workers and --dask: workers are those of this machine, or those of the scheduler")
