"""The options of commands over a manifest: its server, its folder and its ledger; and why a run over it ended."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TypedDict

import attrs

from kycaid_async import servers
from kycaid_async.bulk.ledger.opening import has_password, is_shared, ledger_url_of, shown_ledger
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.manifest.options import ManifestKeywords, ManifestOptions
from kycaid_async.bulk.manifest.rejects import REJECTS, origin_of, rejects_of
from kycaid_async.bulk.remote.url_rules import UrlRules
from kycaid_async.cli.credentials import KEY_IS_NEEDED
from kycaid_async.cli.options import RunChoices
from kycaid_async.cli.problems import Problem, UsageProblem, one_line
from kycaid_async.cli.reading import reading_of, words_of
from kycaid_async.errors import ConfigurationError, KycaidError, ManifestError
from kycaid_async.shell import command_line
from kycaid_async.transport.proxies import proxy_of
from kycaid_async.transport.settings import allow_http_of, base_url_of
from kycaid_async.uploads.reader import in_thread


@attrs.frozen(kw_only=True)
class ManifestCommand:
    """The options that all these commands have, checked."""

    manifest: Path
    server: str
    proxy: str | None = attrs.field(default=None, repr=False)
    api_key: str | None = attrs.field(default=None, repr=False)
    """None for a run that sends nothing."""
    ledger: Path
    """It may stand elsewhere, and knows the folder of the manifest: in another one the same paths are other files."""
    ledger_url: str | None = attrs.field(default=None, repr=shown_ledger)
    """That of a ledger in a database, in the place of ``ledger``."""
    same_account: bool = False
    concurrency: int = 64
    as_json: bool = False
    reading: ManifestOptions = attrs.field(factory=lambda: ManifestOptions(guess=True))
    """How the manifest is read."""

    @property
    def any_ledger(self) -> str | Path:
        """The ledger, a file or the URL of a database."""
        return self.ledger_url or self.ledger

    @property
    def ledger_words(self) -> list[str]:
        """The options that name the ledger again, for a command that somebody can paste. It shows no password."""
        if self.ledger_url is None:
            return [] if self.ledger == ledger_of(self.manifest) else ["--ledger", str(self.ledger)]
        return [] if has_password(self.ledger_url) else ["--ledger-url", self.ledger_url]

    @property
    def ledger_words_elsewhere(self) -> list[str]:
        """The same, for a command over rows in another file."""
        return self.ledger_words or ([] if self.ledger_url else ["--ledger", str(self.ledger)])


class CommonOptions(TypedDict):
    """The fields of a `ManifestCommand`, to make one of another class with."""

    manifest: Path
    server: str
    proxy: str | None
    api_key: str | None
    ledger: Path
    ledger_url: str | None
    same_account: bool
    concurrency: int
    as_json: bool
    reading: ManifestOptions


def common_options(
    manifest: Path,
    chosen: RunChoices,
    reading: ManifestKeywords | None,
    *,
    outside: Sequence[Path] = (),
    urls: UrlRules | None = None,
    sends: bool = True,
) -> CommonOptions:
    """Return the options for what was given. Raises `UsageProblem`; when it ``sends``, also when there is no key."""
    api_key = chosen.get("api_key")
    if not api_key and sends:
        raise UsageProblem(KEY_IS_NEEDED)
    server, proxy = way_to_server(chosen.get("base_url"), chosen.get("proxy"), trust_env=sends)
    ledger_url = _ledger_url(chosen)
    ledger = chosen.get("ledger") or (_own_ledger_of(manifest) if ledger_url is None else ledger_of(manifest))
    return {
        "manifest": manifest,
        "server": server,
        "proxy": proxy,
        "api_key": api_key,
        "ledger": ledger,
        "ledger_url": ledger_url,
        "same_account": chosen.get("same_account", False),
        "concurrency": chosen.get("concurrency", 64),
        "as_json": chosen.get("as_json", False),
        "reading": reading_of(reading or {}, outside=outside, urls=urls),
    }


def _ledger_url(chosen: RunChoices) -> str | None:
    """Return the URL of the ledger, when it is one in a database. Raises `UsageProblem`."""
    typed = chosen.get("ledger_url")
    if typed is not None and chosen.get("ledger") is not None:
        raise UsageProblem("--ledger and --ledger-url: a record is kept in one of them")
    if typed is not None and has_password(typed):
        raise UsageProblem(
            "--ledger-url: others on this machine can see a password that is typed here; put the URL into the "
            "environment variable KYCAID_LEDGER_URL"
        )
    url = typed if chosen.get("ledger") is not None else ledger_url_of(typed)
    if url is not None and not is_shared(url):
        raise UsageProblem("--ledger-url: expected a URL as postgresql+psycopg://user@host/database")
    return url


def own_options(choices: RunChoices) -> dict[str, Any]:
    """Return those of the options that are a command's own."""
    return {name: value for name, value in choices.items() if name not in RunChoices.__annotations__}


def check_output(option: str, path: Path, taken: Collection[Path]) -> None:
    """Raise `UsageProblem` for a path that no output may be written to. ``taken`` are those of other files."""
    if not path.resolve().parent.is_dir():
        raise UsageProblem(f"{option}: {path.parent} is not a folder")
    if path.is_dir() or path.resolve() in {other.resolve() for other in taken}:
        raise UsageProblem(f"{option}: {path} is something else, and is not written over")


def way_to_server(base_url: str | None, proxy: str | None, *, trust_env: bool) -> tuple[str, str | None]:
    """Return the server and the proxy before it. Raises `UsageProblem`."""
    try:
        allowed = allow_http_of(os.environ.get("KYCAID_ALLOW_HTTP"))
        server = base_url_of(base_url or servers.PRODUCTION, allowed)
    except ConfigurationError as error:
        raise UsageProblem(error.message.replace("base_url:", "--base-url:", 1)) from error
    try:
        return server, proxy_of(proxy, trust_env=trust_env, base_url=server, allow_http=allowed)
    except ConfigurationError as error:
        raise UsageProblem(error.message) from error


def ledger_of(manifest: Path) -> Path:
    """Return the ledger beside a manifest. Rejects have that of their manifest: it knows their applicants."""
    origin = origin_of(manifest)
    return origin.with_name(f"{origin.name}.ledger")


def _own_ledger_of(manifest: Path) -> Path:
    """Return the ledger beside a manifest, which nobody named. Raises `UsageProblem` where a new one would double rows.

    A manifest that was saved in another format has the same rows as before, and rows that were set aside are in the
    ledger of the whole.
    """
    ledger, origin = ledger_of(manifest), origin_of(manifest)
    if ledger.exists():
        return ledger
    for other in sorted(origin.parent.glob("*.ledger")):
        if other.with_suffix("").stem == origin.stem:
            raise UsageProblem(
                f"{ledger}: there is no such ledger, only {other}. With a new one, rows that it knows would be sent "
                "again: name it with --ledger, or a new one when these are other rows"
            )
    if origin != manifest:
        raise UsageProblem(
            f"{ledger}: there is no such ledger. Rows that were set aside go on with that of their manifest: name it "
            "with --ledger"
        )
    return ledger


def aside_of(manifest: Path, ledger: Path, *, mark: str = REJECTS) -> Path:
    """Return where rows of a manifest are set aside: beside it, or where its folder cannot be written, elsewhere.

    Elsewhere is beside the ledger, or else in the folder that somebody works in.
    """
    for folder in (manifest.parent, ledger.parent, Path()):
        if os.access(folder, os.W_OK):
            return rejects_of(folder / manifest.name, mark=mark)
    return rejects_of(manifest, mark=mark)


async def open_manifest(path: Path, reading: ManifestOptions, *, rejects: bool = False) -> Manifest:
    """Open a manifest; with ``rejects``, one whose rejects can be written. Raises `UsageProblem` and `Problem`."""
    try:
        manifest = await in_thread(lambda: Manifest.of(path, reading))
        if rejects:
            manifest.form.check_writer()
    except ManifestError as error:
        raise UsageProblem(error.message) from error
    except ModuleNotFoundError as error:
        raise Problem(str(error)) from error
    return manifest


def needs_documents(manifest: Manifest, path: Path, purpose: str) -> None:
    """Raise `UsageProblem` for a table that only names applicants: nothing of it is uploaded, or could be."""
    if not manifest.names_documents:
        raise UsageProblem(
            f"{path}: names applicants and no documents, for it has no column type and none for files, so there is "
            f"nothing to {purpose}; kycaid verify and kycaid results take it"
        )


def next_command(name: str, options: ManifestCommand, *more: str) -> str:
    """Return the command that follows over the same manifest, as somebody can paste it."""
    reading = words_of(attrs.evolve(options.reading, allow_same_files=False))
    return command_line(["kycaid", name, str(options.manifest), *reading, *options.ledger_words, *more])


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
        words = error.message.replace("allow_protocols", "--allow-protocol").replace("allow_hosts", "--allow-host")
        raise UsageProblem(words) from error
    return rules if urls or protocols or hosts else None
