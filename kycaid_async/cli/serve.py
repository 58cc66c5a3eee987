"""``kycaid sandbox``: a local KYCAID until it is told to stop."""

import errno
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import anyio
import typer

from kycaid_async.cli.problems import Problem, UsageProblem
from kycaid_async.cli.shell import assignments
from kycaid_async.cli.signals import stop_signals
from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox import SANDBOX_KEY, Fault, Sandbox
from kycaid_async.sandbox.pages.shell import HOME


def serve(
    *,
    host: str,
    port: int,
    api_key: str | None,
    data: Path | None,
    review: Literal["rules", "manual"],
    review_after: float,
    strict: bool,
    balance: float | None,
    callback_url: str | None,
    faults: Sequence[str],
    seed: int,
) -> None:
    """Run a sandbox until it is told to stop. Raises `Problem` and `ConfigurationError` when it cannot start."""
    make = partial(
        Sandbox,
        api_key=api_key or SANDBOX_KEY,
        host=host,
        port=port,
        data=data,
        review=review,
        review_after=review_after,
        strict=strict,
        balance=balance,
        callback_url=callback_url,
        seed=seed,
    )
    try:
        sandbox = make()
    except ConfigurationError as error:
        raise UsageProblem(str(error)) from None
    for text in faults:
        sandbox.faults.add(_fault(text))
    try:
        anyio.run(partial(_serve, sandbox))
    except ConfigurationError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE:
            raise Problem(f"port {port} of {host} is in use; choose another with --port") from error
        raise


def _fault(text: str) -> Fault:
    try:
        return Fault.parse(text)
    except ConfigurationError as error:
        raise UsageProblem(f"--fault: {error}") from None


async def _serve(sandbox: Sandbox) -> None:
    # Before anybody can know that it listens: who starts it may stop it at the first word.
    with stop_signals() as told_to_stop:
        async with sandbox:
            typer.echo(_welcome(sandbox))
            await told_to_stop()


def _welcome(sandbox: Sandbox) -> str:
    key = SANDBOX_KEY if sandbox.api_key == SANDBOX_KEY else "(your key)"
    lines = [
        f"A local KYCAID listens on {sandbox.url} until Ctrl-C. To use it:",
        "",
        *assignments({"KYCAID_BASE_URL": sandbox.url, "KYCAID_API_KEY": key}),
        "",
        f"To watch it: {sandbox.url}{HOME}",
    ]
    wrong = [str(active.fault) for active in sandbox.faults.list()]
    if wrong:
        lines += ["", f"Goes wrong on purpose, with seed {sandbox.faults.seed}:", *(f"  {fault}" for fault in wrong)]
    return "\n".join(lines)
