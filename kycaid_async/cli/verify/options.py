"""Options of ``kycaid verify``."""

from pathlib import Path
from typing import Unpack

import attrs

from kycaid_async.bulk.manifest.options import ManifestKeywords
from kycaid_async.cli.cluster import ClusterCommand, check_workers
from kycaid_async.cli.manifests import common_options, own_options
from kycaid_async.cli.options import RunChoices
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.values.fields import ID_LENGTH


class VerifyChoices(RunChoices, total=False):
    """Options as they were given."""

    form: str | None
    partial: bool
    limit: int | None
    max_verifications: int | None
    dry_run: bool
    yes: bool
    create_uncertain: bool
    callback_url: str | None
    types: list[str] | None
    workers: int | None
    dask: str | None


@attrs.frozen(kw_only=True)
class VerifyCommand(ClusterCommand):
    """The options of one run."""

    form: str | None = None
    partial: bool = False
    limit: int | None = None
    max_verifications: int | None = None
    dry_run: bool = False
    yes: bool = False
    create_uncertain: bool = False
    callback_url: str | None = attrs.field(default=None, repr=False)
    types: list[str] | None = None


def options_of(
    manifest: Path, *, reading: ManifestKeywords | None = None, **choices: Unpack[VerifyChoices]
) -> VerifyCommand:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    common, form = common_options(manifest, choices, reading), choices.get("form")
    if form is not None and len(form) != ID_LENGTH:
        raise UsageProblem(f"--form: the id of a form has {ID_LENGTH} characters, and this one {len(form)}")
    check_workers(choices.get("workers"), choices.get("dask"), common["ledger_url"])
    return VerifyCommand(**common, **own_options(choices))
