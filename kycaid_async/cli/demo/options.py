"""The options of ``kycaid demo``, checked and resolved."""

from pathlib import Path
from typing import TypedDict, Unpack

import attrs

from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.cli.problems import UsageProblem


class DemoChoices(TypedDict):
    """Options that are passed on as they were given."""

    concurrency: int
    wait: float
    as_json: bool


@attrs.frozen(kw_only=True)
class DemoOptions:
    """The options of a demo, checked."""

    folder: Path | None = None
    """Where the files are; None to draw specimens."""
    document_type: str
    base_url: str | None = None
    """The server; None for a sandbox of our own."""
    proxy: str | None = attrs.field(default=None, repr=False)
    """None for that of the environment."""
    api_key: str | None = attrs.field(default=None, repr=False)
    concurrency: int
    wait: float
    """Seconds to wait for the reviews."""
    as_json: bool = False


def options_of(
    *,
    folder: Path | None,
    document_type: str | None,
    base_url: str | None,
    proxy: str | None,
    api_key: str | None,
    **choices: Unpack[DemoChoices],
) -> DemoOptions:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    if folder is not None and not folder.is_dir():
        raise UsageProblem(f"--folder: {folder} {'is not a folder' if folder.exists() else 'does not exist'}")
    kind = _document_type(document_type, folder)
    if proxy is not None and base_url is None:
        raise UsageProblem("--proxy: a sandbox on this machine needs none; give --base-url too")
    if base_url is not None and not api_key:
        raise UsageProblem("--base-url: needs your key in the environment variable KYCAID_API_KEY")
    return DemoOptions(folder=folder, document_type=kind, base_url=base_url, proxy=proxy, api_key=api_key, **choices)


def _document_type(name: str | None, folder: Path | None) -> str:
    if name is None:
        return DocumentType.GOVERNMENT_ID
    if folder is None:
        raise UsageProblem("--type: says what the files in --folder are; give --folder too")
    found = DocumentType(name.strip().upper().replace("-", "_"))
    if not found.is_known:
        raise UsageProblem(f"--type: expected one of {', '.join(DocumentType)}")
    return found
