"""Values of arguments and options, out of the text that was typed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kycaid_async.cli.calls.operation import Parameter
from kycaid_async.cli.json_io import json_object
from kycaid_async.cli.problems import UsageProblem, one_line


def values_of(parameters: Sequence[Parameter], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of what was typed. Raises `UsageProblem`, which does not show them."""
    return {one.name: _value(one, typed[one.name]) for one in parameters if typed.get(one.name) not in (None, [])}


def _value(parameter: Parameter, typed: Any) -> Any:
    if parameter.kind == "list":
        return [_word(parameter, text) for text in typed]
    if not isinstance(typed, str):
        return typed
    if parameter.kind == "JSON":
        try:
            return json_object(typed)
        except UsageProblem as problem:
            message = str(problem).replace("--json", parameter.option, 1)
        raise UsageProblem(message)
    return _word(parameter, typed)


def _word(parameter: Parameter, text: str) -> str:
    """Return a listed word as it is spelt, however it was typed; any other text as it is."""
    spelt = {_key(word): word for word in parameter.words}
    return spelt.get(_key(text), text)


def _key(word: str) -> str:
    return word.replace("-", "_").casefold()


def file_of(parameter: Parameter, name: Any) -> Path:
    """Return the path of a file that can be opened. Raises `UsageProblem`, which names the option."""
    try:
        with Path(name).open("rb"):
            return Path(name)
    except (OSError, TypeError, ValueError) as error:
        problem = one_line(getattr(error, "strerror", None) or "this is no name of a file")
    raise UsageProblem(f"{parameter.option}: {problem}")
