"""One call of the command line: a look at what it would send, the question, the files, the call, and its answer."""

import contextlib
import os
import sys
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import attrs
import typer

from kycaid_async import servers
from kycaid_async.api.sections import SECTIONS
from kycaid_async.cli.calls.arguments import (
    NOT_UPLOADED,
    arguments_of,
    as_plain,
    explain,
    field_models,
    prepare,
)
from kycaid_async.cli.calls.operation import Operation, Parameter, operations_of
from kycaid_async.cli.calls.output import Format, Output, rows_of
from kycaid_async.cli.calls.typed_values import file_of
from kycaid_async.cli.exit_codes import ExitCode
from kycaid_async.cli.options import required_key
from kycaid_async.cli.problems import Problem, UsageProblem, one_line, say
from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import (
    ConfigurationError,
    InvalidRequestError,
    KycaidError,
    UnconfirmedEndpointWarning,
    UnconfirmedValueWarning,
)
from kycaid_async.signals import run_async


@attrs.frozen(kw_only=True)
class CallOptions:
    """The options that all calls have."""

    fields: str | None = None
    csv: bool = False
    text: bool = False
    yes: bool = False
    dry_run: bool = False
    base_url: str | None = None
    proxy: str | None = attrs.field(default=None, repr=False)

    def output(self, model: Any = None) -> Output:
        """Return where the answer goes. Raises `UsageProblem`."""
        if self.csv and self.text:
            raise UsageProblem("--csv and --text: choose one")
        names = [name for name in map(str.strip, (self.fields or "").split(",")) if name]
        if self.fields is not None and not names:
            raise UsageProblem("--fields: expected names with commas between, as in applicant_id,documents.type")
        form: Format = "csv" if self.csv else "text" if self.text else "json"
        return Output(names, form, model)

    def client(self) -> AsyncKycaid:
        """Return a client. Raises `UsageProblem`."""
        try:
            return AsyncKycaid(required_key(), base_url=self.base_url, proxy=self.proxy, trust_env=True)
        except ConfigurationError as error:
            raise UsageProblem(error.message.replace("base_url:", "--base-url:", 1)) from error


def call(operation: Operation, values: Mapping[str, Any], options: CallOptions) -> None:
    """Do what an operation does, and print its answer. Raises `Problem` and `KycaidError`."""
    output = options.output(field_models(operation))
    values = dict(values)
    files = [parameter for parameter in operation.files() if parameter.name in values]
    sources = {parameter: file_of(parameter, values.pop(parameter.name)) for parameter in files}
    for parameter, path in sources.items():
        name = parameter.is_file_of
        if name and name in values:
            raise UsageProblem(f"{parameter.option}: --{name.replace('_', '-')} names a file, too; choose one")
        values[name or "source"] = NOT_UPLOADED if name else path
    try:
        with notes_of_warnings():
            prepared = prepare(operation, *arguments_of(operation, values))
    except InvalidRequestError as error:
        explain(operation, error, values)
    if options.dry_run:
        if prepared is not None:
            output.write(prepared.as_json())
        return
    client = options.client()
    if not options.yes:
        _agree_to(operation, options.base_url or servers.PRODUCTION)
    with _explained(operation, values):
        run_async(_carry_out, client, operation, values, sources, output)
    output.end()


@contextmanager
def _explained(operation: Operation, values: Mapping[str, Any]) -> Iterator[None]:
    """Say what is wrong with a call that could not be looked at before, and of one that is broken off what may be."""
    try:
        yield
    except InvalidRequestError as error:
        if operation.endpoint is not None:
            raise
        explain(operation, error, values)
    except KeyboardInterrupt:
        if operation.changes:
            say(f"{operation.name}: perhaps it is done: look before you repeat it")
        raise


def _agree_to(operation: Operation, server: str) -> None:
    """Ask before money is spent, or something is deleted. Raises `Problem` when the answer is no, or there is none."""
    if not (operation.is_billed or operation.deletes):
        return
    why = "costs a fee" if operation.is_billed else "takes it away for good"
    if not _somebody_is_there():
        raise UsageProblem(f"{operation.name} {why}: say --yes, or look with --dry-run; nothing was sent")
    if not typer.confirm(f"{operation.name} at {server} {why}. Go on?", err=True):
        raise Problem("nothing was sent")


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


class UntoldProblem(Problem):
    """A call that is done, and whose answer could not be written: it is not to be repeated."""

    exit_code = ExitCode.UNCERTAIN


def _write(output: Output, operation: Operation, value: Any) -> None:
    """Write an answer. Raises `UntoldProblem` where that fails after something was made or changed."""
    try:
        output.write(value)
        if operation.changes:
            sys.stdout.flush()
    except OSError as error:
        if not operation.changes:
            raise
        with contextlib.suppress(OSError, ValueError):  # what is left to be written would fail again at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        answer = value if isinstance(value, dict) else {"_id": value}
        ids = [text for name, text in answer.items() if name.endswith("_id") and isinstance(text, str)]
        told = f": {', '.join(ids)}" if ids else ""
        problem = f"{operation.name} is done, and its answer could not be written ({error.strerror}){told}"
        raise UntoldProblem(problem) from None


async def _carry_out(
    client: AsyncKycaid,
    operation: Operation,
    values: dict[str, Any],
    sources: Mapping[Parameter, Path],
    output: Output,
) -> None:
    with notes_of_warnings():
        async with client:
            uploaded: dict[str, str] = {}
            try:
                for parameter, path in sources.items():
                    if parameter.is_file_of:
                        uploaded[parameter.is_file_of] = await client.files.create(path)
                args, kwargs = arguments_of(operation, values | uploaded)
                method = getattr(getattr(client, operation.section), operation.method)
                async for value in _answers(method(*args, **kwargs)):
                    _write(output, operation, as_plain(operation, value))
            except KycaidError:
                for name, file_id in uploaded.items():
                    # Not lost with the call: it can be repeated without sending the files again.
                    say(f"already uploaded: --{name.replace('_', '-')} {file_id}")
                raise


async def _answers(answer: Any) -> AsyncIterator[Any]:
    """Give the objects of an answer, as they come."""
    if isinstance(answer, AsyncIterator):
        async for row in answer:
            yield row
        return
    for value in rows_of(await answer):
        yield value


@contextmanager
def notes_of_warnings() -> Iterator[None]:
    """Say on stderr in one line that an operation is inferred, or a value not in the reference."""
    with warnings.catch_warnings():
        for kind in (UnconfirmedEndpointWarning, UnconfirmedValueWarning):
            warnings.simplefilter("always", kind)
        warnings.showwarning = lambda message, *_: say(f"note: {message}")
        yield


def get(path: str, query: Sequence[str], options: CallOptions) -> None:
    """Read what stands at a path, and print it. Raises `Problem` and `KycaidError`."""
    path, _, more = path.partition("?")
    pairs: dict[str, list[str]] = {}
    for name, sign, value in (pair.partition("=") for pair in query):
        if not sign or not name:
            raise UsageProblem("--query: expected NAME=VALUE")
        pairs.setdefault(name, []).append(value)
    for name, value in parse_qsl(more, keep_blank_values=True):
        pairs.setdefault(name, []).append(value)
    output = options.output()
    client = options.client()

    async def run() -> None:
        async with client:
            answer = await client.request("GET", path if path.startswith("/") else f"/{path}", query=pairs)
        for value in rows_of(answer):
            output.write(value)

    run_async(run)
    output.end()


def operation_of(name: str) -> Operation:
    """Return the operation of a name, as in ``documents.create``. Raises `UsageProblem` with the nearest one."""
    section, _, method = name.replace("-", "_").partition(".")
    if section in SECTIONS and method in (operations := operations_of(section)):
        return operations[method]
    from difflib import get_close_matches

    known = [operation.name for one in SECTIONS for operation in operations_of(one).values()]
    near = get_close_matches(name, known, n=1)
    guess = f"did you mean {near[0]}?" if near else "kycaid operations lists them"
    raise UsageProblem(f"there is no operation {one_line(name)}; {guess}")
