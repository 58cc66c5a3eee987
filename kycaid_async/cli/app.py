"""The commands and their options. Nothing heavy loads before a command runs."""

import os
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from kycaid_async import __version__
from kycaid_async.cli.failures import plain_errors
from kycaid_async.cli.manifest import manifest_app
from kycaid_async.cli.reading import Convert, DateFormat, EncodingName, Map, SameFiles, Sheet, Transliterate

# Plain text: it reads the same in a terminal, a pipe and a log.
app = typer.Typer(
    name="kycaid",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


_Proxy = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Connect through this proxy, as http://host:port. Default: that of the environment (HTTPS_PROXY, or "
        "HTTP_PROXY for a server without TLS, or ALL_PROXY), unless NO_PROXY names the server.",
    ),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kycaid {__version__}")
        raise typer.Exit


# What commands say of themselves is no docstring: `python -OO` takes those away.
_KYCAID = "Upload documents to KYCAID, or try its API: with a local sandbox, or with a server of your choice."


@app.callback(help=_KYCAID)
def kycaid(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Run what all commands have in common."""


_DEMO = """Upload documents and show why any was declined.

Without options it draws some fifty specimens of invented people and sends them to a sandbox on this machine.

Exit code: 0 when every file went through, 1 when one failed, 2 for wrong options.
"""


@app.command(help=_DEMO)
def demo(
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="Send the files below this folder, one applicant each. Skips hidden files."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Use this server and the key in KYCAID_API_KEY, not a sandbox."),
    ] = None,
    proxy: _Proxy = None,
    document_type: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="Type of the documents in --folder.  [default: GOVERNMENT_ID]"),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=1024, metavar="N", help="Requests at once.")] = 16,
    wait: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for the reviews.")] = 60,
) -> None:
    """Run ``kycaid demo``."""
    from kycaid_async.cli.demo.run import Plan, run

    plan = Plan(
        folder=_folder(folder),
        document_type=_document_type(document_type, folder),
        base_url=base_url,
        proxy=_proxy_for(base_url, proxy),
        api_key=_key_for(base_url),
        concurrency=concurrency,
        wait=wait,
        as_json=as_json,
    )
    with plain_errors(leaves_quietly=True):
        report = run(plan)
    raise typer.Exit(1 if report.failures else 0)


_UPLOAD = """\
Upload many documents: every one, and none twice. The key stands in the environment variable KYCAID_API_KEY.

Rows name files in the manifest's folder and below. A manifest may come from somebody else, so more is only read
with the --allow options.

It checks the whole manifest first. Run again after any interruption, it goes on where it was; a second run does
nothing. The first Ctrl-C finishes what is in flight, the second stops at once.

Exit code: 0 when all is done, 1 when rows failed or are uncertain, 2 for wrong options or a bad manifest, 130
after Ctrl-C, 143 after SIGTERM.
"""


@app.command(help=_UPLOAD)
def upload(
    manifest: Annotated[
        Path,
        typer.Argument(help="What to upload: .xlsx, CSV, JSON Lines or Parquet, a document a row.", show_default=False),
    ],
    *,
    ledger: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Record of what was sent. Default: MANIFEST.ledger. Elsewhere, for one folder only."
        ),
    ] = None,
    on_error: Annotated[
        Literal["stop", "continue"],
        typer.Option(
            help="stop: send nothing when a row is bad, and stop at the first that fails. "
            "continue: set such rows aside in a rejects file."
        ),
    ] = "stop",
    on_uncertain: Annotated[
        Literal["set-aside", "create"],
        typer.Option(help="What to do with a row that was sent and got no answer, when the server cannot be asked."),
    ] = "set-aside",
    rejects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where --on-error continue sets rows aside. In the manifest's folder, as NAME.rejects."
        ),
    ] = None,
    ledger_secret: Annotated[
        Literal["file", "api-key"] | None,
        typer.Option(
            help="What keeps a new ledger from giving anything away: a .key file beside it (the default), or the API "
            "key, which every later run then needs; after a change of the key, in KYCAID_LEDGER_KEY.",
            show_default=False,
        ),
    ] = None,
    same_account: Annotated[
        bool, typer.Option("--same-account", help="The ledger was begun with another key of the same account.")
    ] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=1024, metavar="N", help="Rows at once, at most.")] = 64,
    applicants_at_once: Annotated[
        int,
        typer.Option(
            min=1,
            max=1024,
            metavar="N",
            help="Applicants that are made at once, at most: so many are uncertain after a kill.",
        ),
    ] = 4,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="KYCAID_BASE_URL", help="Use this server.", show_envvar=True, show_default=False
        ),
    ] = None,
    allow_outside: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", help="Rows may name files below this folder too, not only below the manifest's. Repeatable."
        ),
    ] = None,
    allow_urls: Annotated[
        bool,
        typer.Option("--allow-urls", help="Rows may name files by URL: https, s3, gs, az; https at public addresses."),
    ] = False,
    allow_protocol: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="And by URLs of this protocol, such as sftp, at any host. Repeatable."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST", help="And by https at this host or network, public or not, such as 10.0.0.0/8. Repeatable."
        ),
    ] = None,
    proxy: _Proxy = None,
    map_: Map = None,
    date_format: DateFormat = None,
    encoding: EncodingName = None,
    sheet: Sheet = None,
    transliterate: Transliterate = False,
    convert: Convert = None,
    allow_same_files: SameFiles = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all rows and files, and send nothing.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page (HTML) about the run, also when interrupted.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per row, then one with the sums.")
    ] = False,
) -> None:
    """Run ``kycaid upload``."""
    from kycaid_async.cli.reading import keywords
    from kycaid_async.cli.upload.options import plan_of
    from kycaid_async.cli.upload.run import run

    with plain_errors():
        plan = plan_of(
            manifest,
            ledger=ledger,
            rejects=rejects,
            on_error=on_error,
            create_uncertain=on_uncertain == "create",
            ledger_secret=ledger_secret,
            same_account=same_account,
            concurrency=concurrency,
            applicants_at_once=applicants_at_once,
            base_url=base_url,
            proxy=proxy,
            api_key=os.environ.get("KYCAID_API_KEY"),
            dry_run=dry_run,
            report=report,
            as_json=as_json,
            outside=allow_outside or [],
            urls=allow_urls,
            protocols=allow_protocol or [],
            hosts=allow_host or [],
            reading=keywords(
                map_=map_,
                date_format=date_format,
                encoding=encoding,
                sheet=sheet,
                transliterate=transliterate,
                convert=convert,
                allow_same_files=allow_same_files,
            ),
        )
        code = run(plan)
    raise typer.Exit(code)


_AUDIT = """\
Say what the server has of an upload: each row there as sent, there twice, missing or different.

It only reads, and changes neither the server nor the ledger. What the server does not show proves nothing: such
rows are not to be told. Files are not compared by content. The key stands in the environment variable
KYCAID_API_KEY. An audit that was cut off goes on within six hours where it was.

Exit code: 0 when all is there as sent, 1 when a row is missing, there twice, different or not sent, 2 for wrong
options or a bad manifest, 3 when something cannot be told or the audit ended early, 130 after Ctrl-C, 143 after
SIGTERM.
"""


@app.command(help=_AUDIT)
def audit(
    manifest: Annotated[Path, typer.Argument(help="What was uploaded.", show_default=False)],
    *,
    ledger: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Record of what was sent. Default: MANIFEST.ledger.")
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", "-o", metavar="FILE", help="Write a table: a row for each row, and what to do."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page (HTML) about it, also when interrupted.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per row, then one with the sums.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Go on from no earlier audit: ask for all again.")] = False,
    same_account: Annotated[
        bool, typer.Option("--same-account", help="The ledger was begun with another key of the same account.")
    ] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=1024, metavar="N", help="Applicants at once, at most.")] = 64,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="KYCAID_BASE_URL", help="Use this server.", show_envvar=True, show_default=False
        ),
    ] = None,
    map_: Map = None,
    date_format: DateFormat = None,
    encoding: EncodingName = None,
    sheet: Sheet = None,
    transliterate: Transliterate = False,
    convert: Convert = None,
    proxy: _Proxy = None,
) -> None:
    """Run ``kycaid audit``."""
    from kycaid_async.cli.audit.options import plan_of
    from kycaid_async.cli.audit.run import run
    from kycaid_async.cli.reading import keywords

    with plain_errors():
        plan = plan_of(
            manifest,
            ledger=ledger,
            fresh=fresh,
            same_account=same_account,
            concurrency=concurrency,
            base_url=base_url,
            proxy=proxy,
            api_key=os.environ.get("KYCAID_API_KEY"),
            csv=csv,
            report=report,
            as_json=as_json,
            reading=keywords(
                map_=map_,
                date_format=date_format,
                encoding=encoding,
                sheet=sheet,
                transliterate=transliterate,
                convert=convert,
            ),
        )
        code = run(plan)
    raise typer.Exit(code)


app.add_typer(manifest_app, help="Make a manifest, or look at one, before anything is sent.")
_REPORT = """Export what was verified from START to END: each verification and paid service, its outcome and its fee.

Days are in UTC, both included. Without --output it prints the sums only. Names and contacts are left out unless
--personal asks for them. Whether a verification passed is inferred from its decline reasons. The key stands in the
environment variable KYCAID_API_KEY.

Exit code: 0 when all was exported, 1 when it was not, and then no file is left; 2 for wrong options.
"""


@app.command(help=_REPORT)
def report(
    start: Annotated[str, typer.Argument(metavar="START", help="The first day: YYYY-MM-DD.", show_default=False)],
    end: Annotated[
        str | None, typer.Argument(metavar="[END]", help="The last day.  [default: START]", show_default=False)
    ] = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write a table: .csv, .xlsx, .jsonl or .parquet, by its ending."
        ),
    ] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Have names, dates of birth and contacts in the table too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the sums as one JSON object.")] = False,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="KYCAID_BASE_URL", help="Use this server.", show_envvar=True, show_default=False
        ),
    ] = None,
    proxy: _Proxy = None,
) -> None:
    """Run ``kycaid report``."""
    from kycaid_async.cli.billing import plan_of, run

    with plain_errors():
        run(
            plan_of(
                start,
                end,
                output=output,
                personal=personal,
                as_json=as_json,
                base_url=base_url,
                proxy=proxy,
                api_key=os.environ.get("KYCAID_API_KEY"),
            )
        )


ledger_app = typer.Typer(name="ledger", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(ledger_app, help="Look into the ledger of an upload, or make it fit to go on from.")
_LEDGER = Annotated[Path, typer.Argument(metavar="LEDGER", help="The ledger of an upload.", show_default=False)]


_SHOW = """Say what is in a ledger, whether it can be opened, and what repair would do. Changes nothing.

Exit code: 0 when it is fit to go on from, 1 when it is not.
"""


@ledger_app.command(help=_SHOW)
def show(ledger: _LEDGER) -> None:
    """Run ``kycaid ledger show``."""
    from kycaid_async.cli.ledger import run_show

    with plain_errors():
        lines, code = run_show(ledger)
    typer.echo("\n".join(lines))
    raise typer.Exit(code)


_REPAIR = """Make a ledger fit to go on from, whatever became of it, so that no row is sent twice.

What can be read is kept, and so are the old files, under other names. Every row of which it is not known that its
document was made counts as perhaps sent from then on: the next upload asks the server before it sends one.

Exit code: 0 when it is fit to go on from, 1 when it cannot be made so.
"""


@ledger_app.command(help=_REPAIR)
def repair(
    ledger: _LEDGER,
    *,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The server of its rows, if the ledger does not say it any more.")
    ] = None,
    new_secret: Annotated[
        bool,
        typer.Option(
            "--new-secret",
            help="Its .key file, or the API key that it needs, is gone for good: give up what only that tells.",
        ),
    ] = False,
) -> None:
    """Run ``kycaid ledger repair``."""
    from kycaid_async.cli.ledger import run_repair

    with plain_errors():
        lines = run_repair(ledger, server=base_url, new_secret=new_secret)
    typer.echo("\n".join(lines))


_SANDBOX = """Run a local KYCAID until Ctrl-C, for development and tests.

What goes wrong on purpose is given as --fault KIND[=NUMBER][:OPERATIONS[:PROBABILITY[:COUNT]]]. Without OPERATIONS,
or with "all", every operation meets it; without PROBABILITY always, without COUNT for ever.

\b
  latency=SECONDS     it waits before it acts
  429, 429=SECONDS    refused as one too many, with Retry-After if SECONDS are given
  500, 503            refused with JSON
  502                 refused with an HTML page, as gateways do
  reset               the connection is reset before it acts
  lost                it acts, and the connection is reset in place of the answer
  gateway             it acts, and a gateway answers 503 in its place
  truncated           it acts, and the answer ends half-way
  slow=BYTES          it acts, and the answer comes at so many bytes a second

\b
  kycaid sandbox --fault latency=0.2 --fault 429=2:documents.create:0.1
  kycaid sandbox --fault lost:documents.create,files.create:1:3
"""


@app.command(help=_SANDBOX)
def sandbox(
    *,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port to listen on; 0 for a free one.")
    ] = 8000,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            envvar="KYCAID_SANDBOX_KEY",
            help="Key to accept; a host that others can reach needs one of its own.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the data here. Without it they are gone at the end; after a kill, when another sandbox starts.",
        ),
    ] = None,
    review_after: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long a new document waits for its review.")
    ] = 0,
    manual: Annotated[
        bool, typer.Option("--manual", help="Leave documents and verifications to a person at the dashboard.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what is not proven of the real service.")] = False,
    balance: Annotated[
        float | None, typer.Option(metavar="EUROS", help="What is on the account. Default: it never runs out.")
    ] = None,
    callback_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where callbacks go for which no request names a URL.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="FAULT", help="Let this go wrong: see above. May be given more than once."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="What chance depends on: the same runs are the same.")] = 0,
) -> None:
    """Run ``kycaid sandbox``."""
    from kycaid_async.cli.serve import serve

    with plain_errors(leaves_quietly=True):
        serve(
            host=host,
            port=port,
            api_key=api_key,
            data=data,
            review="manual" if manual else "rules",
            review_after=review_after,
            strict=strict,
            balance=balance,
            callback_url=callback_url,
            faults=fault or [],
            seed=seed,
        )


_OPERATIONS = """List every operation: how well it is known, and whether it is repeated after a lost answer."""


@app.command(help=_OPERATIONS)
def operations(
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as it stands in the README.")] = False,
    repeats: Annotated[
        bool, typer.Option("--repeats", help="Print which are sent again after what, as it stands in the README.")
    ] = False,
) -> None:
    """Run ``kycaid operations``."""
    from kycaid_async.cli.operations import as_markdown, as_text, repeats_as_markdown

    typer.echo(repeats_as_markdown() if repeats else as_markdown() if markdown else as_text(), nl=False)


def _folder(folder: Path | None) -> Path | None:
    if folder is not None and not folder.is_dir():
        _misused(f"--folder: {folder} {'is not a folder' if folder.exists() else 'does not exist'}")
    return folder


def _document_type(name: str | None, folder: Path | None) -> str:
    from kycaid_async.api.documents.fields import DocumentType

    if name is None:
        return DocumentType.GOVERNMENT_ID
    if folder is None:
        _misused("--type: says what the files in --folder are; give --folder too")
    found = DocumentType(name.strip().upper().replace("-", "_"))
    if not found.is_known:
        _misused(f"--type: expected one of {', '.join(DocumentType)}")
    return found


def _key_for(base_url: str | None) -> str | None:
    key = os.environ.get("KYCAID_API_KEY")
    if base_url is not None and not key:
        _misused("--base-url: needs your key in the environment variable KYCAID_API_KEY")
    return key


def _proxy_for(base_url: str | None, proxy: str | None) -> str | None:
    if proxy is not None and base_url is None:
        _misused("--proxy: a sandbox on this machine needs none; give --base-url too")
    return proxy


def _misused(message: str) -> NoReturn:
    from kycaid_async.cli.problems import one_line

    typer.echo(f"kycaid: {one_line(message)}", err=True)
    raise typer.Exit(2)
