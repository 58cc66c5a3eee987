"""Options that several commands share, and their errors as one line and an exit code."""

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypedDict, cast

import attrs
import typer

from kycaid_async.cli.credentials import EnvFile, Keyring, api_key, required_key
from kycaid_async.cli.problems import Problem, interrupted, say
from kycaid_async.errors import KycaidError
from kycaid_async.signals import end_like_ctrl_c

__all__ = [
    "AsJson",
    "BaseUrl",
    "KeyFlags",
    "Proxy",
    "RunFlags",
    "ServerFlags",
    "api_key",
    "plain_errors",
    "required_key",
    "with_groups",
]

Proxy: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Connect through this proxy, as http://host:port. Default: that of the environment (HTTPS_PROXY, or "
        "HTTP_PROXY for a server without TLS, or ALL_PROXY), unless NO_PROXY names the server.",
    ),
]
_SERVER: Final = "KYCAID_BASE_URL"
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar=_SERVER,
        help="Use this server.",
        show_envvar=True,
        show_default=False,
        # Typer 0.26.0 reads no variable at all, and what is meant for a sandbox must not reach KYCAID.
        callback=lambda url: url or os.environ.get(_SERVER) or None,
    ),
]
SameAccount: TypeAlias = Annotated[
    bool, typer.Option("--same-account", help="The ledger was begun with another key of the same account.")
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object per row, then one with the sums.")
]


LedgerFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Record of what was sent. Default: MANIFEST.ledger. Elsewhere, for one folder only."
    ),
]
LedgerUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A ledger in PostgreSQL, that many machines share: postgresql+psycopg://user@host/db. With a password in "
        "it, give it in KYCAID_LEDGER_URL only.",
        show_default=False,
    ),
]
Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="So many processes on this machine, which share the ledger by --ledger-url."),
]
DaskAddress: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="The scheduler of a Dask cluster, tcp://host:8786. Its workers see the manifest and its files under the "
        "same paths, and have the key in KYCAID_API_KEY.",
    ),
]
Concurrency: TypeAlias = Annotated[
    int, typer.Option(min=1, max=1024, metavar="N", help="Rows, applicants or requests at once, at most.")
]


@attrs.frozen(kw_only=True)
class KeyFlags:
    """Sources of the key. Both act when they are read, before others take defaults from the environment."""

    env_file: EnvFile = None
    keyring: Keyring = None


@attrs.frozen(kw_only=True)
class ServerFlags:
    """The server, the way to it, and where the key comes from."""

    base_url: BaseUrl = None
    proxy: Proxy = attrs.field(default=None, repr=False)
    env_file: EnvFile = None
    keyring: Keyring = None


class RunChoices(TypedDict, total=False):
    """The options of every command that runs over a manifest, as they were given."""

    ledger: Path | None
    ledger_url: str | None
    base_url: str | None
    proxy: str | None
    api_key: str | None
    same_account: bool
    concurrency: int
    as_json: bool


@attrs.frozen(kw_only=True)
class RunFlags:
    """The same, as they are typed; the key is none of them."""

    ledger: LedgerFile = None
    ledger_url: LedgerUrl = attrs.field(default=None, repr=False)
    base_url: BaseUrl = None
    proxy: Proxy = attrs.field(default=None, repr=False)
    same_account: SameAccount = False
    concurrency: Concurrency = 64
    as_json: AsJson = False

    def chosen(self, *, api_key: str | None) -> RunChoices:
        """Return what was typed, and the key."""
        return cast("RunChoices", attrs.asdict(self) | {"api_key": api_key})


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take options in classes, such as `RunFlags`: each field of one is an option of its own."""
    parameters = inspect.signature(command, eval_str=True).parameters
    groups: Mapping[str, Any] = {name: one.annotation for name, one in parameters.items() if _is_group(one.annotation)}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in attrs.fields(group)})
            for name, group in groups.items()
        }
        command(**given, **made)

    options = (_options_of(groups[name]) if name in groups else [one] for name, one in parameters.items())
    vars(run)["__signature__"] = inspect.Signature([*chain.from_iterable(options)])
    return run


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and attrs.has(annotation)


def _options_of(group: Any) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=_annotation_of(field)
        )
        for field in attrs.fields(group)
    ]


def _annotation_of(field: "attrs.Attribute[Any]") -> Any:
    """Return the type of an option: as it is annotated, or with what stands in the metadata of its field."""
    if not field.metadata:
        return field.type
    names = (f"--{field.name.replace('_', '-')}",) if field.type is bool else ()  # of which there is no `--no-…`
    return Annotated[field.type, typer.Option(*names, **field.metadata)]


@contextmanager
def plain_errors(*, leaves_quietly: bool = False) -> Iterator[None]:
    """Turn what can go wrong outside this program into one line and an exit code.

    Ctrl-C gets a line too, unless the command is one that is always ended so: then it ``leaves_quietly``.
    """
    try:
        end_like_ctrl_c()
        yield
    except Problem as problem:
        say(problem)
        raise typer.Exit(problem.exit_code) from None
    except KycaidError as error:
        say(error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt as interrupt:
        if not leaves_quietly:
            say("interrupted")
        raise typer.Exit(interrupted(interrupt)) from None
