"""``kycaid sandbox``: a local KYCAID until it is told to stop."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import typer

from kycaid_async.cli.problems import Problem, UsageProblem
from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox import SANDBOX_KEY, Fault, Sandbox
from kycaid_async.sandbox.command import is_port_in_use, run


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
        run(sandbox, typer.echo)
    except ConfigurationError as error:
        if is_port_in_use(error):
            raise Problem(f"port {port} of {host} is in use; choose another with --port") from error
        raise


def _fault(text: str) -> Fault:
    try:
        return Fault.parse(text)
    except ConfigurationError as error:
        raise UsageProblem(f"--fault: {error}") from None
