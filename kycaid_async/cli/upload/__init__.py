"""``kycaid upload``: from a manifest to documents, with a ledger. Here are its options and its help."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from kycaid_async.cli.options import DaskAddress, RunFlags, Workers, api_key, plain_errors, with_groups
from kycaid_async.cli.reading import ReadingFlags, SameFiles

HELP = """\
Upload many documents: every one, and none twice. The key stands in the environment variable KYCAID_API_KEY.

Rows name files in the manifest's folder and below. A manifest may come from somebody else, so more is only read
with the --allow options.

It checks the whole manifest first. Run again after any interruption, it goes on where it was; a second run does
nothing. The first Ctrl-C finishes what is in flight, the second stops at once.

Exit code: 0 when all is done, 1 when rows failed or are uncertain, 2 for wrong options or a bad manifest, 130
after Ctrl-C, 143 after SIGTERM.
"""

Manifest: TypeAlias = Annotated[
    Path, typer.Argument(help="What to upload: .xlsx, CSV, JSON Lines or Parquet.", show_default=False)
]
OnError: TypeAlias = Annotated[
    Literal["stop", "continue"],
    typer.Option(
        help="stop: send nothing when a row is bad, and stop at the first that fails. "
        "continue: set such rows aside in a rejects file."
    ),
]
OnUncertain: TypeAlias = Annotated[
    Literal["set-aside", "create"],
    typer.Option(help="What to do with a row that was sent and got no answer, when the server cannot be asked."),
]
RejectsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Where --on-error continue sets rows aside. In the manifest's folder, as NAME.rejects."
    ),
]
LedgerSecret: TypeAlias = Annotated[
    Literal["file", "api-key"] | None,
    typer.Option(
        help="What keeps a new ledger from giving anything away: a .key file beside it (the default), or the API "
        "key, which every later run then needs; after a change of the key, in KYCAID_LEDGER_KEY.",
        show_default=False,
    ),
]
ApplicantsAtOnce: TypeAlias = Annotated[
    int,
    typer.Option(
        min=1,
        max=1024,
        metavar="N",
        help="Applicants that are made at once, at most: so many are uncertain after a kill.",
    ),
]
AllowOutside: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="DIR", help="Rows may name files below this folder too, not only below the manifest's. Repeatable."
    ),
]
AllowUrls: TypeAlias = Annotated[
    bool,
    typer.Option("--allow-urls", help="Rows may name files by URL: https, s3, gs, az; https at public addresses."),
]
AllowProtocol: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="And by URLs of this protocol, such as sftp, at any host. Repeatable."),
]
AllowHost: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST", help="And by https at this host or network, public or not, such as 10.0.0.0/8. Repeatable."
    ),
]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Check all rows and files, and send nothing.")]
ReportFile: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write a page (HTML) about the run, also when interrupted.")
]


@with_groups
def upload(
    manifest: Manifest,
    *,
    on_error: OnError = "stop",
    on_uncertain: OnUncertain = "set-aside",
    rejects: RejectsFile = None,
    ledger_secret: LedgerSecret = None,
    applicants_at_once: ApplicantsAtOnce = 4,
    workers: Workers = None,
    dask: DaskAddress = None,
    allow_outside: AllowOutside = None,
    allow_urls: AllowUrls = False,
    allow_protocol: AllowProtocol = None,
    allow_host: AllowHost = None,
    allow_same_files: SameFiles = False,
    dry_run: DryRun = False,
    report: ReportFile = None,
    flags: RunFlags,
    reading: ReadingFlags,
) -> None:
    """Run ``kycaid upload``."""
    from kycaid_async.cli.upload.options import options_of
    from kycaid_async.cli.upload.run import run

    with plain_errors():
        options = options_of(
            manifest,
            **flags.chosen(api_key=api_key()),
            rejects=rejects,
            allow_urls=allow_urls,
            allow_protocol=allow_protocol or [],
            allow_host=allow_host or [],
            on_error=on_error,
            on_uncertain="create" if on_uncertain == "create" else "set_aside",
            ledger_secret=ledger_secret,
            applicants_at_once=applicants_at_once,
            workers=workers,
            dask=dask,
            outside=allow_outside or [],
            dry_run=dry_run,
            report=report,
            reading=reading.keywords(allow_same_files=allow_same_files),
        )
        code = run(options)
    raise typer.Exit(code)
