"""``python -m kycaid_async.sandbox``: a sandbox until it is told to stop, with nothing to load but the sandbox."""

import argparse
import contextlib
import errno
import gc
import os
import select
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NoReturn, get_args

import anyio
import attrs

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.errors import ConfigurationError
from kycaid_async.sandbox.events.feed import Event, Missed, RequestServed, Watch
from kycaid_async.sandbox.faults import Fault
from kycaid_async.sandbox.http.listening import SANDBOX_KEY
from kycaid_async.sandbox.pages.layout import HOME
from kycaid_async.sandbox.server import Sandbox
from kycaid_async.sandbox_options import SandboxOptions
from kycaid_async.shell import assignments
from kycaid_async.signals import run_async, stop_signals

_GARBAGE: Final = 100_000
"""Objects between two searches for garbage. What a start makes stays: to search it takes a sixth of the time."""
_UNUSABLE: Final = 2


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run a sandbox and exit: with 2 for options that cannot be, with 1 when it cannot start."""
    gc.set_threshold(_GARBAGE)
    parser = _parser()
    options = SandboxOptions(**vars(parser.parse_args(words)))
    try:
        sandbox = Sandbox(**options.of_sandbox)
        for text in options.fault or ():
            sandbox.faults.add(Fault.parse(text))
    except ConfigurationError as error:
        parser.exit(_UNUSABLE, f"{parser.prog}: {error.message}\n")
    try:
        run(sandbox, partial(print, flush=True), quiet=options.quiet)
    except ConfigurationError as error:
        in_use = f"port {options.port} of {options.host} is in use; choose another with --port"
        parser.exit(1, f"{parser.prog}: {in_use if is_port_in_use(error) else error.message}\n")
    sys.exit(0)


def run(sandbox: Sandbox, say: Callable[[str], object], *, quiet: bool = False) -> None:
    """Run a sandbox until a signal stops it, and ``say`` where it listens, and unless ``quiet`` what it answers.

    Raises `ConfigurationError`.
    """
    run_async(partial(_serve, sandbox, say, quiet=quiet))


def is_port_in_use(error: ConfigurationError) -> bool:
    """Say whether a sandbox could not start because another program listens there."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m kycaid_async.sandbox", description="Run a local KYCAID until Ctrl-C.")
    add: Any = parser.add_argument
    for field in attrs.fields(SandboxOptions):
        default = os.environ.get(field.metadata.get("envvar", "")) or field.default
        about = {"default": default, "help": field.metadata["help"]}
        if field.type is bool:
            about |= {"action": "store_true"}
        elif field.name == "fault":
            about |= {"action": "append", "metavar": field.metadata["metavar"]}
        else:
            about |= {"type": (get_args(field.type) or (field.type,))[0], "metavar": field.metadata["metavar"]}
        add(f"--{field.name.replace('_', '-')}", **about)
    return parser


async def _serve(sandbox: Sandbox, say: Callable[[str], object], *, quiet: bool) -> None:
    # Before anybody can know that it listens: who starts it may stop it at the first word.
    with stop_signals() as told_to_stop:
        async with sandbox:
            say(_welcome(sandbox))
            with sandbox.watch() as events:
                async with anyio.create_task_group() as group:
                    if not quiet:
                        group.start_soon(_say_requests, events, say)
                    await told_to_stop()
                    group.cancel_scope.cancel()


async def _say_requests(events: Watch, say: Callable[[str], object]) -> None:
    """Say each request that was answered, for as long as somebody reads it; nobody's data."""
    with contextlib.suppress(OSError):  # a terminal that was closed, or a pipe: it serves on
        while waiting := await events.all_waiting():
            if _takes_more() and (lines := [line for event in waiting if (line := request_line(event))]):
                say("\n".join(lines))


def request_line(event: Event) -> str | None:
    """Return what a console shows of a request: status, time, method and path template. None for other events."""
    if isinstance(event, Missed):
        return f"({event.count:,} events are not shown)"
    if not isinstance(event, RequestServed):
        return None
    endpoint = ENDPOINTS.get(event.operation)
    what = f"{endpoint.method} {endpoint.path}" if endpoint else f"({event.operation})"
    fault = f"  fault: {event.fault}" if event.fault else ""
    return f"{event.status} {event.milliseconds:7.1f} ms  {what}{fault}"


def _takes_more() -> bool:
    """Say whether the standard output takes a line now: a pipe that nobody reads must not stop the sandbox."""
    try:
        if sys.stdout.isatty() or sys.platform == "win32":
            return sys.stdout.isatty()
        return bool(select.select([], [sys.stdout], [], 0)[1])
    except (OSError, ValueError):  # one without a descriptor, as in tests
        return True


def _welcome(sandbox: Sandbox) -> str:
    own = sandbox.api_key != SANDBOX_KEY  # it is not shown, and what stood in its place would be pasted
    given = {"KYCAID_BASE_URL": sandbox.url} | ({} if own else {"KYCAID_API_KEY": SANDBOX_KEY})
    lines = [
        f"A local KYCAID listens on {sandbox.url} until Ctrl-C. To use it:",
        "",
        *assignments(given),
        *(["", "and your key in KYCAID_API_KEY."] if own else []),
        "",
        f"To watch it: {sandbox.url}{HOME}",
    ]
    wrong = [str(active.fault) for active in sandbox.faults.list()]
    if wrong:
        lines += ["", f"Goes wrong on purpose, with seed {sandbox.faults.seed}:", *(f"  {fault}" for fault in wrong)]
    return "\n".join(lines)
