"""Commands made of operations: a group for each section, which makes its commands when they are asked for."""

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from kycaid_async.cli.calls.docs import section_doc
from kycaid_async.cli.exit_codes import IN_SHORT, errors_by_kind

_UsageError: Final[Any] = typer.BadParameter.__mro__[1]
_PERSONAL: Final = (
    "What you type here stands in the history of your shell, and others on this machine see it: for personal data take "
    "--json - or --json @FILE, with the names of the options and _ for -."
)


class LazyCommands(MutableMapping[str, Any]):
    """Commands by name, each made when it is first asked for. Names may be written with ``_``, too."""

    def __init__(self, find: Callable[[], Mapping[str, Callable[[], Any]]]) -> None:
        self._find = find
        self._made: dict[str, Any] = {}

    @functools.cached_property
    def _makers(self) -> dict[str, Callable[[], Any]]:
        return dict(self._find())

    def __getitem__(self, name: str) -> Any:
        name = name.replace("_", "-")
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._makers[name] = lambda: command

    def __delitem__(self, name: str) -> None:
        del self._makers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class WrappedGroup(TyperGroup):
    """A group whose list of commands is wrapped where others cut it off, and does not make what it only names."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as typer's
        """Return the names of the commands."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, each with the first sentence of its help."""
        self.write_commands(ctx, formatter, "Commands", self.list_commands(ctx))

    def write_commands(self, ctx: Any, formatter: Any, title: str, names: list[str]) -> None:
        """Write some commands under a title."""
        commands = {name: self.get_command(ctx, name) for name in names}
        rows = [(name, first_sentence(one.help or "")) for name, one in commands.items() if one and not one.hidden]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def first_sentence(text: str) -> str:
    """Return the first sentence of a help."""
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    return re.split(r"(?<=[.])\s", paragraph, maxsplit=1)[0]


def section_group(section: str) -> TyperGroup:
    """Return the group of a section's operations. Its module is loaded when one of them is asked for."""

    def find() -> dict[str, Callable[[], Any]]:
        from kycaid_async.cli.calls.operation import operations_of

        operations = operations_of(section).items()
        return {method.replace("_", "-"): functools.partial(_command, operation) for method, operation in operations}

    return WrappedGroup(
        name=section.replace("_", "-"),
        help=section_doc(section),
        commands=LazyCommands(find),  # type: ignore[arg-type]  # it is a mapping, which typer takes too
        no_args_is_help=True,
        rich_markup_mode=None,
    )


class OperationCommand(TyperCommand):
    """A command whose complaints about what was typed do not repeat it: it may be about a person."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what was typed."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = "this is not what it takes; see its help"
            raise
        except _UsageError as error:
            if "unexpected extra" in error.message:
                error.message = "There are more arguments than it takes: text with spaces needs quotes around it."
            raise


def _command(operation: Any) -> Any:
    """Return the command of an operation."""
    from kycaid_async.cli.calls import options as shared

    parameters = operation.parameters()
    common = {
        name: one
        for name, one in inspect.signature(shared.call).parameters.items()
        if name != "operation"
        and (name not in ("json", "dry_run") or operation.endpoint)
        and (name != "yes" or operation.is_billed or operation.deletes)
    }

    def run(**typed: Any) -> None:
        from kycaid_async.cli.calls.run import CallOptions, call
        from kycaid_async.cli.calls.typed_values import values_of
        from kycaid_async.cli.json_io import json_object

        with errors_by_kind():
            own = {name: typed.pop(name) for name in list(typed) if name in {one.name for one in parameters}}
            del typed["env_file"], typed["keyring"]  # they acted when they were read
            given = json_object(typed.pop("json", None)) | values_of(parameters, own)
            call(operation, given, CallOptions(**typed))

    signature = [_parameter(one) for one in parameters] + list(common.values())
    run.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]  # inspect looks there
    run.__annotations__ = {one.name: one.annotation for one in signature}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name=operation.method.replace("_", "-"), cls=OperationCommand, help=_help(operation))(run)
    return get_command(app)


def _help(operation: Any) -> str:
    endpoint = operation.endpoint
    told = [operation.help]
    if endpoint is not None:
        fee = " It costs a fee, so it asks first; --yes answers." if operation.is_billed else ""
        loss = " It asks first; --yes answers." if operation.deletes else ""
        how = "" if endpoint.replayable else " A lost answer is never repeated."
        told.append(f"{endpoint.method} {endpoint.path}, {endpoint.evidence}.{fee}{loss}{how}")
        if endpoint.accepts:
            told.append(_PERSONAL)
    return "\n\n".join([*told, IN_SHORT])


def _parameter(one: Any) -> inspect.Parameter:
    """Return the parameter of a function that typer makes the argument or the option of."""
    kinds: dict[str, Any] = {"flag": bool, "number": float, "whole number": int, "list": list[str]}
    given: Any = kinds.get(one.kind, str)
    # Not in the help, where the list stands already; but the shell completes it.
    complete = _complete(one.words) if one.words else None
    if one.is_argument:
        told = typer.Argument(metavar=one.option, help=one.help, show_default=False, autocompletion=complete)
    else:
        told = typer.Option(
            *_flags(one), metavar=_metavar(one), help=one.help, show_default=False, autocompletion=complete
        )
    return inspect.Parameter(
        one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[given | None, told]
    )


def _flags(one: Any) -> list[str]:
    name = one.name.replace("_", "-")
    return [f"--{name}/--no-{name}"] if one.kind == "flag" else [f"--{name}"]


def _metavar(one: Any) -> str | None:
    names = {"flag": None, "number": "NUMBER", "whole number": "N", "JSON": "OBJECT", "file": "FILE"}
    if one.words:
        return "WORD"
    if one.name.endswith("_id"):
        return "ID"
    if "YYYY-MM-DD" in one.help:
        return "DATE"
    return names.get(one.kind, "TEXT")


def _complete(words: tuple[str, ...]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        # As it was begun: the shell takes only what begins so.
        spelt = [word.lower() for word in words] if incomplete.islower() else words
        return [word for word in spelt if word.startswith(incomplete)]

    return complete
