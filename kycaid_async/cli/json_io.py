"""JSON on the command line: read from a text, a file or the standard input, and written for programs or for people."""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from kycaid_async.cli.problems import UsageProblem
from kycaid_async.cli.screen import console
from kycaid_async.masking import shown_path

_FROM_INPUT: Final = "-"
_NOT_SHOWN: Final = re.compile(r"[^\x00-\x7e]")


def json_object(text: str | None) -> dict[str, Any]:
    """Return the object of ``--json``: JSON itself, ``@FILE``, or ``-`` for the standard input. Raises `UsageProblem`.

    No message shows any of it.
    """
    if text is None:
        return {}
    where = "--json"
    if text == _FROM_INPUT:
        where, text = "--json -", _input()
    elif text.startswith("@"):
        where, text = "--json @FILE", _file(text[1:])
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        place = f", line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        problem = f"{where}: this is no JSON{place}"
    else:
        if isinstance(value, dict):
            return value
        problem = f'{where}: expected an object, as in {{"name": "value"}}'
    raise UsageProblem(problem)  # outside of the handler: its error holds the text


def _input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        problem = "--json -: the standard input is no text in UTF-8"
    raise UsageProblem(problem)


def _file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        problem = f"--json @{shown_path(name)}: {error.strerror}"
    except ValueError:
        problem = f"--json @{shown_path(name)}: it is no text in UTF-8"
    raise UsageProblem(problem)


def _refuse(_constant: str) -> Any:
    raise ValueError


def write_json(value: Any) -> None:
    """Write a value: on a terminal indented and in colour, elsewhere on one line. Raises `OSError`."""
    if sys.stdout.isatty():
        from rich.highlighter import JSONHighlighter
        from rich.text import Text

        terminal, text = console(sys.stdout), _for_a_terminal(json.dumps(value, indent=2, ensure_ascii=False))
        terminal.print(Text(text) if terminal.no_color else JSONHighlighter()(text), soft_wrap=True)
    else:
        # In ASCII, so that every program reads it, whatever the encoding of this system is.
        sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")


def _for_a_terminal(text: str) -> str:
    """Write what a terminal would obey, or cannot show, as JSON writes it in ASCII."""
    return _NOT_SHOWN.sub(lambda found: found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1], text)
