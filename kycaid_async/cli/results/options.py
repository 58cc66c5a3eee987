"""The options of ``kycaid results``, checked and resolved."""

import re
from pathlib import Path
from typing import Final, Unpack

import attrs

from kycaid_async.bulk.manifest.options import ManifestKeywords, ManifestOptions
from kycaid_async.bulk.tables import FORMATS
from kycaid_async.cli.manifests import RunChoices, ledger_of, way_to_server
from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.reading import reading_of

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_TIME: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([smhd]?)", re.ASCII)


class ResultsChoices(RunChoices, total=False):
    """Options that are passed on as they were given."""

    output: Path | None
    per_document: bool
    fresh: bool


@attrs.frozen(kw_only=True)
class ResultsCommand:
    """The options of a look at verdicts, checked, with the defaults that depend on its manifest."""

    manifest: Path
    server: str
    proxy: str | None = attrs.field(default=None, repr=False)
    api_key: str = attrs.field(repr=False)
    ledger: Path
    wait: float | None = None
    """Seconds."""
    output: Path | None = None
    per_document: bool = False
    fresh: bool = False
    same_account: bool = False
    concurrency: int = 64
    report: Path | None = None
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
    wait: str | None = None,
    reading: ManifestKeywords | None = None,
    **choices: Unpack[ResultsChoices],
) -> ResultsCommand:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    if not api_key:
        raise UsageProblem("your key is needed, in the environment variable KYCAID_API_KEY")
    ledger = ledger or ledger_of(manifest)
    if not ledger.exists():
        raise UsageProblem(f"{ledger}: there is no such ledger, so nothing is known to be started; --ledger names it")
    outputs = [("--output", choices.get("output")), ("--report", choices.get("report"))]
    taken = {manifest.resolve(), ledger.resolve()}
    for name, path in outputs:
        if path is not None:
            _check_output(name, path, taken)
            taken.add(path.resolve())
    output = choices.get("output")
    if output is not None and output.suffix.lower() not in FORMATS:
        raise UsageProblem(f"--output: {output}: the ending says the format; expected one of {', '.join(FORMATS)}")
    server, proxy = way_to_server(base_url, proxy, trust_env=True)
    return ResultsCommand(
        manifest=manifest,
        server=server,
        proxy=proxy,
        api_key=api_key,
        ledger=ledger,
        wait=None if wait is None else _seconds(wait),
        reading=reading_of(reading or {}),
        **choices,
    )


def _check_output(option: str, path: Path, taken: set[Path]) -> None:
    if not path.resolve().parent.is_dir():
        raise UsageProblem(f"{option}: {path.parent} is not a folder")
    if path.is_dir() or path.resolve() in taken:
        raise UsageProblem(f"{option}: {path} is something else, and is not written over")


def _seconds(text: str) -> float:
    match = _TIME.fullmatch(text.strip().lower())
    if match is None:
        raise UsageProblem("--wait: expected a time such as 6h, 90m or 600s")
    return float(match[1]) * _UNITS[match[2]]
