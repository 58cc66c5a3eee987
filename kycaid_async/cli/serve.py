"""``kycaid sandbox``: a local KYCAID until it is told to stop."""

import errno
from functools import partial
from pathlib import Path

import anyio
import typer

from kycaid_async.cli.problems import Problem
from kycaid_async.cli.signals import stop_signals
from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox import SANDBOX_KEY, Sandbox


def serve(
    *,
    host: str,
    port: int,
    api_key: str | None,
    data: Path | None,
    review_after: float,
    callback_url: str | None,
) -> None:
    """Run a sandbox until it is told to stop. Raises `Problem` and `ConfigurationError` when it cannot start."""
    sandbox = Sandbox(
        api_key=api_key or SANDBOX_KEY,
        host=host,
        port=port,
        data=data,
        review_after=review_after,
        callback_url=callback_url,
    )
    try:
        anyio.run(partial(_serve, sandbox))
    except ConfigurationError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE:
            raise Problem(f"port {port} of {host} is in use; choose another with --port") from error
        raise


async def _serve(sandbox: Sandbox) -> None:
    # Before anybody can know that it listens: who starts it may stop it at the first word.
    with stop_signals() as told_to_stop:
        async with sandbox:
            typer.echo(
                f"A local KYCAID listens on {sandbox.url} until Ctrl-C. To use it:\n\n"
                f"  export KYCAID_BASE_URL={sandbox.url}\n"
                f"  export KYCAID_API_KEY={SANDBOX_KEY if sandbox.api_key == SANDBOX_KEY else '(your key)'}"
            )
            await told_to_stop()
