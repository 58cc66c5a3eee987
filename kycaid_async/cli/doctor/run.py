"""All checks of ``kycaid doctor``, one after the other, and their report."""

import os
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import typer

from kycaid_async import servers
from kycaid_async.cli.credentials import api_key
from kycaid_async.cli.deliver import check_receiver
from kycaid_async.cli.doctor import checks
from kycaid_async.cli.doctor.checks import Finding
from kycaid_async.cli.json_io import write_json
from kycaid_async.cli.problems import Problem, one_line
from kycaid_async.errors import ConfigurationError
from kycaid_async.signals import run_async
from kycaid_async.transport.proxies import proxy_of
from kycaid_async.transport.settings import allow_http_of, base_url_of

_WIDTH: Final = 80
_INDENT: Final = " " * 26
_MARKS: Final = {"ok": "ok", "warning": "WARNING", "wrong": "WRONG", "skipped": "-"}


def run(
    *,
    base_url: str | None,
    proxy: str | None,
    ledger: Path | None,
    folder: Path | None,
    callback_url: str | None,
    as_json: bool,
) -> int:
    """Do all checks, print what they found, and return the exit code. Raises `Problem`."""
    if callback_url is not None:
        check_receiver("--callback-url", callback_url)
    found: list[Finding] = []

    async def look() -> None:
        async for finding in _findings(base_url, proxy, ledger, folder, callback_url):
            found.append(finding)
            if not as_json:
                typer.echo(line_of(finding))  # as they come: some take seconds

    run_async(look)
    wrong = sum(finding.state == "wrong" for finding in found)
    if as_json:
        write_json(checks.as_json(found))
    else:
        typer.echo(f"{wrong} wrong." if wrong else "Nothing is wrong.")
    return 1 if wrong else 0


def line_of(finding: Finding) -> str:
    """Return a finding as text, in at most 80 columns."""
    head = f"{_MARKS[finding.state]:<8} {finding.name:<16} "
    return textwrap.fill(finding.text, _WIDTH, initial_indent=head, subsequent_indent=_INDENT, break_on_hyphens=False)


async def _findings(
    base_url: str | None, proxy: str | None, ledger: Path | None, folder: Path | None, callback_url: str | None
) -> AsyncIterator[Finding]:
    from kycaid_async.cli.doctor import network

    for finding in checks.versions():
        yield finding
    key, problem = _key()
    server = base_url or servers.PRODUCTION
    yield Finding("key", "wrong", problem) if problem else checks.key(key, server)
    try:
        allowed = allow_http_of(os.environ.get("KYCAID_ALLOW_HTTP"))
        server = base_url_of(server, allowed)
        way = proxy_of(proxy, trust_env=True, base_url=server, allow_http=allowed)
    except ConfigurationError as error:
        yield Finding("server", "wrong", one_line(error))
    else:
        yield checks.server_name(server)
        yield checks.proxy_of(way)
        async for finding in network.look(server, way, key):
            yield finding
    yield checks.open_files()
    if ledger is not None:
        yield checks.ledger(ledger)
    if folder is not None:
        yield checks.folder(folder)
    if callback_url is not None:
        async for finding in network.receiver(callback_url, key):
            yield finding


def _key() -> tuple[str | None, str]:
    """Return the key, and what is wrong with the keyring where it does not give one."""
    try:
        return api_key(), ""
    except Problem as problem:
        return None, one_line(problem)
