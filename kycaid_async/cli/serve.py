"""``kycaid sandbox``: a local KYCAID until it is told to stop."""

from typing import TYPE_CHECKING

import typer

from kycaid_async.cli.options import plain_errors, with_groups
from kycaid_async.cli.problems import Problem, UsageProblem
from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox_options import SandboxOptions

if TYPE_CHECKING:
    from kycaid_async.sandbox import Fault

HELP = """Run a local KYCAID until Ctrl-C, for development and tests.

A line is printed for each request: status, time, method and path, and nobody's data.

What goes wrong on purpose is given as --fault KIND[=NUMBER][:OPERATIONS[:PROBABILITY[:COUNT]]]. Without OPERATIONS,
or with "all", every operation meets it; without PROBABILITY always, without COUNT for ever.

\b
  latency=SECONDS     it waits before it acts
  429, 429=SECONDS    one too many, with Retry-After if SECONDS are given
  500, 503            refused with JSON
  502                 refused with an HTML page, as gateways do
  reset               the connection is reset before it acts
  lost                it acts, and resets the connection instead of an answer
  gateway             it acts, and a gateway answers 503 in its place
  truncated           it acts, and the answer ends half-way
  slow=BYTES          it acts, and the answer comes at so many bytes a second

\b
  kycaid sandbox --fault latency=0.2 --fault 429=2:documents.create:0.1
  kycaid sandbox --fault lost:documents.create,files.create:1:3
"""


@with_groups
def sandbox(*, options: SandboxOptions) -> None:
    """Run ``kycaid sandbox``."""
    with plain_errors(leaves_quietly=True):
        _serve(options)


def _serve(options: SandboxOptions) -> None:
    """Run a sandbox until it is told to stop. Raises `Problem` and `ConfigurationError` when it cannot start."""
    from kycaid_async.sandbox import Sandbox
    from kycaid_async.sandbox.command import is_port_in_use, run

    try:
        sandbox = Sandbox(**options.of_sandbox)
    except ConfigurationError as error:
        raise UsageProblem(error.message) from None
    for text in options.fault or ():
        sandbox.faults.add(_fault(text))
    try:
        run(sandbox, typer.echo, quiet=options.quiet)
    except ConfigurationError as error:
        if is_port_in_use(error):
            raise Problem(f"port {options.port} of {options.host} is in use; choose another with --port") from error
        raise


def _fault(text: str) -> "Fault":
    from kycaid_async.sandbox import Fault

    try:
        return Fault.parse(text)
    except ConfigurationError as error:
        raise UsageProblem(f"--fault: {error.message}") from None
