"""Findings, and checks that need no network: libraries, the key, the server's name, files and folders."""

import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import attrs

from kycaid_async import __version__, servers
from kycaid_async.cli.credentials import KEY, source_of_key
from kycaid_async.cli.problems import one_line
from kycaid_async.errors import KycaidError
from kycaid_async.extras import FLOORS, is_recent
from kycaid_async.masking import shown_name

State = Literal["ok", "warning", "wrong", "skipped"]

KEY_LENGTH: Final = 36
_OWN: Final = ("aiohttp", "anyio", "attrs", "cattrs")
_EXTRAS: Final = (*FLOORS, "typer", "rich", "keyring", "uvloop")
_FEW_FILES: Final = 256
_OTHERS: Final = 0o077


@attrs.frozen
class Finding:
    """The result of one check. Nothing secret or personal is in its text."""

    name: str
    state: State
    text: str


def versions() -> Iterator[Finding]:
    """Look at Python, the system and the libraries."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield Finding("versions", "ok", f"kycaid_async {__version__}, {python}, {system}")
    own = ", ".join(f"{name} {_version(name) or 'not installed'}" for name in _OWN)
    yield Finding("libraries", "ok", own)
    found = {name: version for name in _EXTRAS if (version := _version(name))}
    old = [name for name, version in found.items() if name in FLOORS and not is_recent(name, version)]
    listed = ", ".join(f"{name} {version}" for name, version in found.items())
    absent = ", ".join(name for name in _EXTRAS if name not in found)
    text = f"{listed or 'none'}{f'; not installed: {absent}' if absent else ''}"
    too_old = f"; too old: {', '.join(old)}: update with pip install -U" if old else ""
    yield Finding("extras", "warning" if old else "ok", text + too_old)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def key(text: str | None, server: str) -> Finding:
    """Look whether a key is set and can be one. It is not shown."""
    where = source_of_key()
    if not text:
        told = f"no key in {where}: set {KEY}, or say --env-file FILE or --keyring NAME"
        return Finding("key", "wrong", told)
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        problem = "it has spaces, line breaks or quotes around it, or letters that no key has: copy it again"
        return Finding("key", "wrong", f"from {where}: {problem}")
    from kycaid_async.sandbox.http.listening import SANDBOX_KEY

    if text == SANDBOX_KEY and server in (servers.PRODUCTION, servers.MOCK):
        return Finding("key", "wrong", f"from {where}: it is the key of a sandbox, and the server is none")
    if len(text) != KEY_LENGTH:
        size = f"it has {len(text)} characters, and keys are said to have {KEY_LENGTH}"
        return Finding("key", "warning", f"from {where}: {size}. Was it cut off, or copied with its quotes?")
    return Finding("key", "ok", f"from {where}; {KEY_LENGTH} characters")


def server_name(server: str) -> Finding:
    """Say which server it is."""
    names = {servers.PRODUCTION: "production", servers.MOCK: "the mock of the documentation"}
    parts = urlsplit(server)
    return Finding("server", "ok", f"{names.get(server, 'your own choice')}: {parts.scheme}://{parts.netloc}")


def proxy_of(proxy: str | None) -> Finding:
    """Say which proxy it is, without its user and password."""
    if proxy is None:
        return Finding("proxy", "ok", "none for this server")
    parts = urlsplit(proxy)
    user = " with a user" if parts.username else ""
    return Finding("proxy", "ok", f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{user}")


def open_files() -> Finding:
    """Look how many files and connections this process may have open."""
    if sys.platform == "win32":
        return Finding("open files", "skipped", "this system has no such limit")
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"{'no limit' if soft == resource.RLIM_INFINITY else f'at most {soft:,}'}"
    if soft != resource.RLIM_INFINITY and soft < _FEW_FILES:
        more = "ulimit -n raises it" if hard == resource.RLIM_INFINITY or hard > soft else "the system allows no more"
        return Finding("open files", "warning", f"{text}, which is little for a bulk upload; {more}")
    return Finding("open files", "ok", text)


def ledger(path: Path) -> Finding:
    """Look whether a ledger can be gone on from. It is not changed."""
    from kycaid_async.bulk.ledger import repair

    name, folder = one_line(shown_name(path)), path.resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Finding("ledger", "wrong", f"{name}: its folder is not there, or cannot be written to")
    if not path.exists():
        return Finding("ledger", "ok", f"{name}: there is none yet; its folder can be written to")
    if not os.access(path, os.R_OK | os.W_OK):
        return Finding("ledger", "wrong", f"{name}: it cannot be read and written by this user")
    try:
        report = repair.show(path)
    except (KycaidError, OSError) as error:
        return Finding("ledger", "wrong", f"{name}: it cannot be read ({type(error).__name__})")
    if report.problem is not None:
        return Finding("ledger", "wrong", f"{name}: not fit to go on from; kycaid ledger show says why")
    return _private("ledger", path, f"{name}: fit to go on from, {sum(report.rows.values()):,} rows")


def folder(path: Path) -> Finding:
    """Look whether a folder of files can be read, and things be written beside them."""
    name = one_line(shown_name(path))
    if not path.is_dir() or not os.access(path, os.R_OK | os.X_OK):
        return Finding("folder", "wrong", f"{name}: it is no folder, or cannot be read by this user")
    try:
        unreadable = sum(not os.access(entry.path, os.R_OK) for entry in os.scandir(path))
    except OSError as error:
        return Finding("folder", "wrong", f"{name}: {error.strerror}")
    if unreadable:
        return Finding("folder", "wrong", f"{name}: {unreadable:,} entries cannot be read by this user")
    if not os.access(path, os.W_OK):
        told = "it cannot be written to: ledgers and rejects need another place (--ledger, --rejects)"
        return Finding("folder", "warning", f"{name}: {told}")
    return _private("folder", path, f"{name}: can be read and written to")


def _private(what: str, path: Path, text: str) -> Finding:
    """Return that all is well, but for the rights of others: personal data are in it."""
    if sys.platform != "win32" and path.stat().st_mode & _OTHERS:
        return Finding(what, "warning", f"{text}; others on this machine have rights to it, which chmod go= takes away")
    return Finding(what, "ok", text)


def as_json(findings: "list[Finding]") -> dict[str, Any]:
    """Return findings as an object."""
    return {
        "ok": all(finding.state != "wrong" for finding in findings),
        "checks": [attrs.asdict(finding) for finding in findings],
    }
