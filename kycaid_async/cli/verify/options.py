"""Options of ``kycaid verify``."""

from pathlib import Path
from typing import TypedDict, Unpack

import attrs

from kycaid_async.bulk.manifest.options import ManifestKeywords, ManifestOptions
from kycaid_async.cli.manifests import ledger_of, way_to_server
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.reading import reading_of
from kycaid_async.values.fields import ID_LENGTH


class VerifyChoices(TypedDict, total=False):
    """Options that are passed on as they were given."""

    same_account: bool
    concurrency: int
    as_json: bool
    form: str | None
    partial: bool
    limit: int | None
    max_verifications: int | None
    dry_run: bool
    yes: bool
    create_uncertain: bool
    callback_url: str | None


@attrs.frozen(kw_only=True)
class VerifyCommand:
    """The options of one run."""

    manifest: Path
    server: str
    proxy: str | None = attrs.field(default=None, repr=False)
    api_key: str = attrs.field(repr=False)
    ledger: Path
    form: str | None = None
    partial: bool = False
    limit: int | None = None
    max_verifications: int | None = None
    dry_run: bool = False
    yes: bool = False
    create_uncertain: bool = False
    callback_url: str | None = attrs.field(default=None, repr=False)
    same_account: bool = False
    concurrency: int = 64
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
    **choices: Unpack[VerifyChoices],
) -> VerifyCommand:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    if not api_key:
        raise UsageProblem("your key is needed, in the environment variable KYCAID_API_KEY")
    form = choices.get("form")
    if form is not None and len(form) != ID_LENGTH:
        raise UsageProblem(f"--form: the id of a form has {ID_LENGTH} characters, and this one {len(form)}")
    ledger = ledger or ledger_of(manifest)
    server, proxy = way_to_server(base_url, proxy, trust_env=True)
    return VerifyCommand(
        manifest=manifest,
        server=server,
        proxy=proxy,
        api_key=api_key,
        ledger=ledger,
        reading=reading_of(reading or {}),
        **choices,
    )
