"""``kycaid key``: API keys in the keyring of the system."""

import sys
from typing import Annotated, TypeAlias

import typer

from kycaid_async.cli.credentials import SERVICE, keyring_problems
from kycaid_async.cli.exit_codes import errors_by_kind
from kycaid_async.cli.problems import Problem, UsageProblem, one_line

HELP = "Keep API keys in the keyring of the system, for --keyring NAME."
_SET = """Store a key under a name of yours, such as live or test. It is asked for, or read from the standard input.

Then: kycaid --keyring NAME forms list, or KYCAID_KEYRING=NAME in the environment. Needs the extra keyring.
"""
_DELETE = "Remove a key from the keyring."

Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="Your name of the key, such as live or test.")]

key = typer.Typer(name="key", no_args_is_help=True, rich_markup_mode=None)


@key.command(name="set", help=_SET)
def store(name: Name) -> None:
    """Run ``kycaid key set``."""
    from kycaid_async.errors import ConfigurationError
    from kycaid_async.transport.settings import api_key_of

    with errors_by_kind():
        with keyring_problems():
            pass  # before anybody types a key
        text = typer.prompt("API key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
        try:
            checked = api_key_of(text.strip())
        except ConfigurationError:
            raise UsageProblem("this is no API key: it is empty, or has characters that no key has") from None
        with keyring_problems() as keyring:
            keyring.set_password(SERVICE, name, checked.reveal())
    typer.echo(f"Stored. Use it with --keyring {one_line(name)}.", err=True)


@key.command(name="delete", help=_DELETE)
def remove(name: Name) -> None:
    """Run ``kycaid key delete``."""
    with errors_by_kind(), keyring_problems() as keyring:
        if keyring.get_password(SERVICE, name) is None:
            raise Problem(f"the keyring has no key named {name}")
        keyring.delete_password(SERVICE, name)
    typer.echo("Removed.", err=True)
