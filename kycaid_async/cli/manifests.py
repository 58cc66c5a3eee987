"""The server, the folder and the ledger of a manifest, and the reason why a run over it ended."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import attrs

from kycaid_async import servers
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.rejects import origin_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.cli.problems import Problem, UsageProblem, one_line
from kycaid_async.cli.reading import words_of
from kycaid_async.errors import ConfigurationError, KycaidError, ManifestError
from kycaid_async.shell import command_line
from kycaid_async.transport.proxies import proxy_of
from kycaid_async.transport.settings import allow_http_of, base_url_of
from kycaid_async.uploads.reader import in_thread


class RunChoices(TypedDict, total=False):
    """Options of commands that run over a manifest, passed on as they were given."""

    same_account: bool
    concurrency: int
    report: Path | None
    as_json: bool


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


def ledger_of(manifest: Path) -> Path:
    """Return the ledger beside a manifest. Rejects have that of their manifest: it knows their applicants."""
    origin = origin_of(manifest)
    return origin.with_name(f"{origin.name}.ledger")


async def open_manifest(path: Path, reading: ManifestOptions, *, rejects: bool = False) -> Manifest:
    """Open a manifest; with ``rejects``, one whose rejects can be written. Raises `UsageProblem` and `Problem`."""
    try:
        manifest = await in_thread(lambda: Manifest.of(path, reading))
        if rejects:
            manifest.form.check_writer()
    except ManifestError as error:
        raise UsageProblem(str(error)) from error
    except ModuleNotFoundError as error:
        raise Problem(str(error)) from error
    return manifest


def next_command(name: str, manifest: Path, *more: str, ledger: Path, reading: ManifestOptions) -> str:
    """Return the command that follows over the same manifest, as somebody can paste it."""
    words = ["kycaid", name, str(manifest), *words_of(attrs.evolve(reading, allow_same_files=False))]
    words += [] if ledger == ledger_of(manifest) else ["--ledger", str(ledger)]
    return command_line([*words, *more])


def folder_of(manifest: Path) -> str:
    """Return where the paths in the rows start."""
    return str(manifest.resolve().parent)


def reason_of_end(error: Exception) -> str:
    """Return in one line why a run ended early."""
    if isinstance(error, OSError) and not isinstance(error, KycaidError):
        return one_line(f"{error.filename or 'the output'}: {error.strerror}")
    return one_line(error)


def url_rules(urls: bool, protocols: Sequence[str], hosts: Sequence[str]) -> UrlRules | None:
    """Return the rules for URLs, None when none are allowed. Raises `UsageProblem`."""
    try:
        rules = UrlRules(allow_protocols=protocols, allow_hosts=hosts)
    except ConfigurationError as error:
        words = str(error).replace("allow_protocols", "--allow-protocol").replace("allow_hosts", "--allow-host")
        raise UsageProblem(words) from error
    return rules if urls or protocols or hosts else None
