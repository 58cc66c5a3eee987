"""The API key of a command: from the environment, from a file of variables, or from the keyring; never an argument."""

import importlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from kycaid_async.cli.problems import Problem, UsageProblem, one_line, say
from kycaid_async.extras import missing
from kycaid_async.masking import shown_name

KEY: Final = "KYCAID_API_KEY"
KEYRING: Final = "KYCAID_KEYRING"
SERVICE: Final = "kycaid"
"""What the keys are called in the keyring; each has a name of its own beside it."""

key_source: Final[ContextVar[str]] = ContextVar("key_source", default="")
"""Where an option, or the program around this one, took the key from; empty for the environment."""
_KEYRING_CHOSEN: Final = "kycaid_async.keyring"

KEY_IS_NEEDED: Final = (
    f"your key is needed: in the environment variable {KEY}, in a file for --env-file, or in the keyring for --keyring"
)

_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of KYCAID in a ``.env`` file. Raises `UsageProblem`, which shows none of it.

    A line is NAME=value, with or without ``export`` and quotes; nothing in it is replaced or run.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UsageProblem(f"--env-file {path}: {error.strerror}") from None
    except ValueError:
        raise UsageProblem(f"--env-file {path}: it is no text in UTF-8") from None
    found: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise UsageProblem(f"--env-file {path}: line {number} is not NAME=value")
        if parts[1].startswith("KYCAID_"):
            found[parts[1]] = _unquoted(parts[2])
    if not found:
        raise UsageProblem(f"--env-file {path}: it sets none of KYCAID_API_KEY, KYCAID_BASE_URL and their like")
    return found


def _unquoted(text: str) -> str:
    for quote in ("'", '"'):
        if text.startswith(quote) and (end := text.find(quote, 1)) > 0:
            return text[1:end]
    return re.split(r"\s+#", text, maxsplit=1)[0].strip()


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Have variables in the environment for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _source(text: str) -> Iterator[None]:
    token = key_source.set(text)
    try:
        yield
    finally:
        key_source.reset(token)


def load_env_file(context: typer.Context, path: Path | None) -> Path | None:
    """Put the variables of a file into the environment until the command ends, in place of those that are there."""
    if path is None or context.resilient_parsing:
        return path
    try:
        chosen = read_env_file(path)
    except UsageProblem as problem:
        say(problem)
        raise typer.Exit(problem.exit_code) from None
    if _KEYRING_CHOSEN in context.meta:
        chosen.pop(KEYRING, None)
    elif KEY in chosen or KEYRING in chosen:
        name = f"{one_line(shown_name(path))} (--env-file)"
        context.with_resource(_source(f"the keyring, as {name} says" if chosen.get(KEYRING) else name))
        chosen.setdefault(KEYRING, "")  # one of the environment gives way to the key of the file
    context.with_resource(variables(chosen))
    return path


EnvFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--env-file",
        metavar="FILE",
        callback=load_env_file,
        is_eager=True,  # other options have defaults from the environment
        help="Take KYCAID_API_KEY, KYCAID_BASE_URL and their like from this file, not from the environment.",
        show_default=False,
    ),
]


def use_keyring(context: typer.Context, name: str | None) -> str | None:
    """Let the key come from the keyring until the command ends."""
    if name is not None and not context.resilient_parsing:
        context.meta[_KEYRING_CHOSEN] = True
        context.with_resource(variables({KEYRING: name}))
        context.with_resource(_source("the keyring (--keyring)"))
    return name


Keyring: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--keyring",
        metavar="NAME",
        callback=use_keyring,
        is_eager=True,
        help="Take the key of this name from the keyring, whatever else has one: see kycaid key.",
        show_default=False,
    ),
]


def source_of_key() -> str:
    """Say where the key comes from, or would."""
    where = f"the keyring ({KEYRING})" if os.environ.get(KEYRING) else f"the environment ({KEY})"
    return key_source.get() or where


def api_key() -> str | None:
    """Return the key of the keyring where one is asked for, or else of the environment. Raises `Problem`.

    What was typed comes first: ``--keyring``, then ``--env-file``; then ``KYCAID_KEYRING``, then ``KYCAID_API_KEY``.
    """
    name = os.environ.get(KEYRING)
    return stored_key(name) if name else os.environ.get(KEY)


def required_key() -> str:
    """Return the key. Raises `UsageProblem` when there is none."""
    key = api_key()
    if not key:
        raise UsageProblem(KEY_IS_NEEDED)
    return key


def stored_key(name: str) -> str:
    """Return a key of the keyring. Raises `Problem`."""
    with keyring_problems() as keyring:
        key = keyring.get_password(SERVICE, name)
    if not key:
        raise UsageProblem(f"the keyring has no key named {name}; store it with: kycaid key set {one_line(name)}")
    return str(key)


@contextmanager
def keyring_problems() -> Iterator[Any]:
    """Give the keyring. Raises `Problem` when there is none, or it does not open."""
    try:
        keyring = importlib.import_module("keyring")
        KeyringError = importlib.import_module("keyring.errors").KeyringError  # noqa: N806 - a class
    except ImportError as error:
        raise Problem(str(missing("keyring", error))) from None
    try:
        yield keyring
    except KeyringError as error:
        # Its text names the backend, and no key.
        raise Problem(f"the keyring of this system cannot be used: {one_line(error) or type(error).__name__}") from None
