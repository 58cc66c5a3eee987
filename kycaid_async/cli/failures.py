"""What commands say when something goes wrong outside this program."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from kycaid_async.errors import KycaidError


@contextmanager
def plain_errors(*, leaves_quietly: bool = False) -> Iterator[None]:
    """Turn what can go wrong outside this program into one line and an exit code.

    Ctrl-C gets a line too, unless the command is one that is always ended so: then it ``leaves_quietly``.
    """
    from kycaid_async.cli.problems import Problem, interrupted, one_line
    from kycaid_async.signals import end_like_ctrl_c

    try:
        end_like_ctrl_c()
        yield
    except Problem as problem:
        typer.echo(f"kycaid: {one_line(problem)}", err=True)
        raise typer.Exit(problem.exit_code) from None
    except KycaidError as error:
        typer.echo(f"kycaid: {one_line(error)}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt as interrupt:
        if not leaves_quietly:
            typer.echo("kycaid: interrupted", err=True)
        raise typer.Exit(interrupted(interrupt)) from None
