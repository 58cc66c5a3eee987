"""Options that several commands share, and their errors as one line and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer

from kycaid_async.cli.credentials import api_key, required_key
from kycaid_async.cli.problems import Problem, interrupted, say
from kycaid_async.errors import KycaidError
from kycaid_async.signals import end_like_ctrl_c

__all__ = ["AsJson", "BaseUrl", "Proxy", "SameAccount", "api_key", "plain_errors", "required_key"]

Proxy: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Connect through this proxy, as http://host:port. Default: that of the environment (HTTPS_PROXY, or "
        "HTTP_PROXY for a server without TLS, or ALL_PROXY), unless NO_PROXY names the server.",
    ),
]
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL", envvar="KYCAID_BASE_URL", help="Use this server.", show_envvar=True, show_default=False
    ),
]
SameAccount: TypeAlias = Annotated[
    bool, typer.Option("--same-account", help="The ledger was begun with another key of the same account.")
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object per row, then one with the sums.")
]


@contextmanager
def plain_errors(*, leaves_quietly: bool = False) -> Iterator[None]:
    """Turn what can go wrong outside this program into one line and an exit code.

    Ctrl-C gets a line too, unless the command is one that is always ended so: then it ``leaves_quietly``.
    """
    try:
        end_like_ctrl_c()
        yield
    except Problem as problem:
        say(problem)
        raise typer.Exit(problem.exit_code) from None
    except KycaidError as error:
        say(error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt as interrupt:
        if not leaves_quietly:
            say("interrupted")
        raise typer.Exit(interrupted(interrupt)) from None
