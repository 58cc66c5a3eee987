"""All commands, put together. Nothing heavy loads before one of them runs."""

from importlib.util import find_spec
from typing import Annotated

from kycaid_async import __version__
from kycaid_async.extras import missing

try:
    if find_spec("rich") is None:  # not loaded before it is needed
        raise ModuleNotFoundError("No module named 'rich'", name="rich")
    import typer
except ImportError as error:
    raise missing("cli", error) from error

from kycaid_async.cli import (
    audit,
    billing,
    callbacks,
    demo,
    doctor,
    key,
    ledger,
    manifest,
    operations,
    results,
    serve,
    shell_completion,
    upload,
    verify,
)
from kycaid_async.cli.calls import options as calls
from kycaid_async.cli.calls.root import RootGroup
from kycaid_async.cli.credentials import EnvFile, Keyring

# Plain text: it reads the same in a terminal, a pipe and a log.
app = typer.Typer(
    name="kycaid",
    cls=RootGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kycaid {__version__}")
        raise typer.Exit


# What commands say of themselves is no docstring: `python -OO` takes those away.
_KYCAID = """Call KYCAID, upload documents to it, or try its API: with a local sandbox, or with a server of your choice.

The key stands in the environment variable KYCAID_API_KEY, in a file for --env-file, or in the keyring for --keyring;
never on the command line, where others could see it.
"""


@app.callback(help=_KYCAID)
def kycaid(
    *,
    env_file: EnvFile = None,
    keyring: Keyring = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Run what all commands have in common."""


app.command(help=demo.HELP)(demo.demo)
app.command(help=upload.HELP)(upload.upload)
app.command(help=verify.HELP)(verify.verify)
app.command(help=results.HELP)(results.results)
app.command(help=audit.HELP)(audit.audit)
app.command(help=billing.HELP)(billing.report)
app.command(help=serve.HELP)(serve.sandbox)
app.command(help=operations.HELP)(operations.operations)
app.command(help=calls.CALL_HELP)(calls.call)
app.command(help=calls.GET_HELP)(calls.get)
app.command(help=callbacks.TRIGGER_HELP)(callbacks.trigger)
app.command(help=callbacks.LISTEN_HELP)(callbacks.listen)
app.command(help=doctor.HELP)(doctor.doctor)
app.command(help=shell_completion.HELP)(shell_completion.completion)
app.add_typer(manifest.manifest, help=manifest.HELP)
app.add_typer(ledger.ledger, help=ledger.HELP)
app.add_typer(key.key, help=key.HELP)
