"""``kycaid trigger`` and ``kycaid listen``: callbacks sent and received by hand. Here are their options and help."""

from typing import Annotated

import typer

from kycaid_async.cli.exit_codes import errors_by_kind
from kycaid_async.cli.options import KeyFlags, with_groups

TRIGGER_HELP = """\
Send a callback as KYCAID sends it, signed with your key, to an application of yours.

TYPE is VERIFICATION_COMPLETED, VERIFICATION_STATUS_CHANGED, DATABASE_SCREENING or SERVICE_RESULT. Its ids are made
up, and nothing in it is about a person, unless you say otherwise: --json takes fields to put in their place.

\b
  kycaid trigger VERIFICATION_COMPLETED --to http://127.0.0.1:8000/kycaid
  kycaid trigger VERIFICATION_COMPLETED --to … --json '{"verified": false}'
  kycaid trigger SERVICE_RESULT --to … --times 2

Exit code: 0 when it was answered with 200 or another 2xx, 7 when with anything else, 10 when it did not arrive, 2 for
wrong options. With --bad-signature it is the other way round: a receiver that takes it is wrong.
"""
LISTEN_HELP = """\
Show the callbacks that arrive on this machine, from a sandbox, or from KYCAID through a tunnel.

Each is checked against your key, answered, and shown in one line: what is personal is left out, and of ids the
beginning stands. --show prints the bodies, whole. It listens on 127.0.0.1 only, at every path.

\b
  kycaid listen --port 8080
  kycaid sandbox --callback-url http://127.0.0.1:8080/
"""


@with_groups
def trigger(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Of the callback, in any case.")],
    *,
    to: Annotated[str, typer.Option("--to", metavar="URL", help="Where your application takes callbacks.")],
    json: Annotated[
        str | None,
        typer.Option(metavar="OBJECT", help="Fields of the callback: an object, @FILE, or - for the standard input."),
    ] = None,
    times: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="Send the same one so often, as KYCAID repeats them.")
    ] = 1,
    bad_signature: Annotated[
        bool, typer.Option("--bad-signature", help="Sign it with another key: a receiver has to refuse it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print it with its headers, and send nothing.")] = False,
    key: KeyFlags,  # noqa: ARG001 - acts when it is read
) -> None:
    """Run ``kycaid trigger``."""
    from kycaid_async.cli.callbacks.trigger import run

    with errors_by_kind():
        code = run(kind, to, json=json, times=times, bad_signature=bad_signature, dry_run=dry_run)
    raise typer.Exit(code)


@with_groups
def listen(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port to listen on; 0 for a free one.")
    ] = 8080,
    show: Annotated[
        bool, typer.Option("--show", help="Print bodies on the standard output. They hold personal data.")
    ] = False,
    answer: Annotated[
        int, typer.Option(min=200, max=599, metavar="STATUS", help="Answer so, to see how it is repeated.")
    ] = 200,
    count: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="End after so many that are signed.", show_default=False)
    ] = None,
    key: KeyFlags,  # noqa: ARG001 - acts when it is read
) -> None:
    """Run ``kycaid listen``."""
    from kycaid_async.cli.callbacks.listen import Listener

    with errors_by_kind(leaves_quietly=True):
        Listener.of(show=show, answer=answer, count=count).run(port)
