"""The group of all commands: those of this program, and one for each section of the API."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kycaid_async.cli.calls.commands import LazyCommands, WrappedGroup, section_group


class RootGroup(WrappedGroup):
    """Finds a command among those of this program first: to know the sections, the API has to be loaded."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self._own = dict(self.commands)
        self._sections = LazyCommands(_section_groups)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - as typer's
        """Return a command; None when there is none of this name."""
        return self._own.get(cmd_name) or self._sections.get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as typer's
        """Return the names of all commands."""
        return [*self._own, *self._sections]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands in two parts."""
        self.write_commands(ctx, formatter, "Commands", list(self._own))
        self.write_commands(ctx, formatter, "Operations of the API", list(self._sections))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command of the first argument. A name that there is not gets the nearest one of all."""
        if self.get_command(ctx, args[0]) is None:
            self.commands = LazyCommands(lambda: dict.fromkeys(self.list_commands(ctx), _none))
        return super().resolve_command(ctx, args)


def _none() -> None:
    """Stand for a command of which only the name is looked at."""


def _section_groups() -> dict[str, Callable[[], Any]]:
    from kycaid_async.api.sections import SECTIONS

    return {section.replace("_", "-"): partial(section_group, section) for section in SECTIONS}
