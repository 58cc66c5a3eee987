"""``kycaid sandbox``: a local KYCAID until it is told to stop."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from kycaid_async.cli.options import plain_errors, with_groups
from kycaid_async.cli.problems import Problem, UsageProblem
from kycaid_async.errors import ConfigurationError

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


@attrs.frozen(kw_only=True)
class SandboxFlags:
    """The options of a sandbox, as they are typed."""

    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, metavar="N", help="Port to listen on; 0 for a free one."),
    ] = 8000
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            envvar="KYCAID_SANDBOX_KEY",
            help="Key to accept; a host that others can reach needs one of its own.",
        ),
    ] = attrs.field(default=None, repr=False)
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the data here. Without it they are gone at the end; after a kill, when another sandbox starts.",
        ),
    ] = None
    review_after: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long a new document waits for its review.")
    ] = 0
    manual: Annotated[
        bool, typer.Option("--manual", help="Leave documents and verifications to a person at the dashboard.")
    ] = False
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what is not proven of the real service.")] = False
    balance: Annotated[
        float | None, typer.Option(metavar="EUROS", help="What is on the account. Default: it never runs out.")
    ] = None
    callback_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where callbacks go for which no request names a URL.")
    ] = None
    seed: Annotated[int, typer.Option(metavar="N", help="What chance depends on: the same runs are the same.")] = 0


@with_groups
def sandbox(
    *,
    flags: SandboxFlags,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="FAULT", help="Let this go wrong: see above. May be given more than once."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no line for each request.")] = False,
) -> None:
    """Run ``kycaid sandbox``."""
    with plain_errors(leaves_quietly=True):
        _serve(flags, fault or [], quiet=quiet)


def _serve(flags: SandboxFlags, faults: Sequence[str], *, quiet: bool) -> None:
    """Run a sandbox until it is told to stop. Raises `Problem` and `ConfigurationError` when it cannot start."""
    from kycaid_async.sandbox import SANDBOX_KEY, Sandbox
    from kycaid_async.sandbox.command import is_port_in_use, run

    options = attrs.asdict(flags, filter=attrs.filters.exclude("manual"))
    options |= {"api_key": flags.api_key or SANDBOX_KEY, "review": "manual" if flags.manual else "rules"}
    try:
        sandbox = Sandbox(**options)
    except ConfigurationError as error:
        raise UsageProblem(str(error)) from None
    for text in faults:
        sandbox.faults.add(_fault(text))
    try:
        run(sandbox, typer.echo, quiet=quiet)
    except ConfigurationError as error:
        if is_port_in_use(error):
            raise Problem(f"port {flags.port} of {flags.host} is in use; choose another with --port") from error
        raise


def _fault(text: str) -> "Fault":
    from kycaid_async.sandbox import Fault

    try:
        return Fault.parse(text)
    except ConfigurationError as error:
        raise UsageProblem(f"--fault: {error}") from None
