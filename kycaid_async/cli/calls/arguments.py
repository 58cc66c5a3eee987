"""The arguments of one call: put together, and held against the declarations before anything is sent."""

import inspect
from collections.abc import Awaitable, Mapping
from difflib import get_close_matches
from typing import Any, Final, NoReturn

import attrs

from kycaid_async.api.section import from_fields
from kycaid_async.api.sections import class_of
from kycaid_async.cli.calls.operation import BODY, SOURCE, Operation, Parameter, takes_fields
from kycaid_async.cli.problems import UsageProblem, one_line
from kycaid_async.errors import FieldProblem, InvalidRequestError
from kycaid_async.protocol.endpoint import Endpoint
from kycaid_async.protocol.request import build
from kycaid_async.timing import Timing
from kycaid_async.values.converter import unstructure
from kycaid_async.values.fields import is_class_of, members_of
from kycaid_async.values.json import loads
from kycaid_async.values.model import Request

NOT_UPLOADED: Final = "(id of the file once it is uploaded)"
"""Stands for an id, and is as long as one."""


class _Seen(BaseException):
    """No error: the end of a call that is only looked at."""


@attrs.frozen
class PreparedRequest:
    """The first request of a call, which is not sent yet."""

    method: str
    target: str = attrs.field(repr=False)
    body: Any = attrs.field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return it as an object."""
        return {"method": self.method, "path": self.target} | ({} if self.body is None else {"body": self.body})


def arguments_of(operation: Operation, values: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return positional and keyword arguments for a call of the method. Raises `UsageProblem` for what is missing."""
    left = dict(values)
    args, kwargs, fields_wanted = list[Any](), dict[str, Any](), False
    parameters = operation.own()
    for one in parameters:
        if takes_fields(one):
            fields_wanted = True
        elif one.name == BODY and BODY not in left:
            args.append(left)
            left = {}
        elif one.name in left:
            value = left.pop(one.name)
            if one.kind is inspect.Parameter.KEYWORD_ONLY:
                kwargs[one.name] = value
            else:
                args.append(value)
        elif one.default is inspect.Parameter.empty:
            raise UsageProblem(f"{operation.name}: {_missing(operation, one.name)} is missing; nothing was sent")
    if not fields_wanted:
        _refuse_others(operation, left)
    elif parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        kwargs |= left
    else:
        args.append(_model(operation, left))
    return args, kwargs


def _missing(operation: Operation, name: str) -> str:
    names = {one.name: one.option for one in operation.parameters()}
    return "FILE" if name == SOURCE else names.get(name, name)


def _refuse_others(operation: Operation, left: Mapping[str, Any]) -> None:
    if left:
        known = [one.name for one in operation.parameters()]
        names = ", ".join(one_line(name) for name in left)
        raise UsageProblem(f"{operation.name}: it takes no {names}; {_guess(next(iter(left)), known)}nothing was sent")


def _model(operation: Operation, fields: Mapping[str, Any]) -> Request:
    """Return the first of the models that has all ``fields`` and needs no other, or the error of the nearest one."""

    def misfit(cls: type[Request]) -> int:
        try:
            from_fields(operation.name, cls, fields)
        except InvalidRequestError as error:
            return len(error.problems)
        return 0

    return from_fields(operation.name, min(operation.models, key=misfit), fields)


def prepare(operation: Operation, args: list[Any], kwargs: dict[str, Any]) -> PreparedRequest | None:
    """Return what a call would send, without sending it; None for one that reads by several calls.

    Raises `InvalidRequestError`.
    """
    if operation.endpoint is None:
        return None
    seen: list[PreparedRequest] = []

    def look(
        endpoint: Endpoint[Any],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        upload: Any = None,  # noqa: ARG001 - a file is looked at when it is sent
    ) -> Awaitable[Any]:
        built = build(endpoint, path=path, query=query, body=body)
        seen.append(PreparedRequest(endpoint.method, built.target, None if built.body is None else loads(built.body)))
        raise _Seen

    section = class_of(operation.section)(look, Timing())
    answer = operation.function(section, *args, **kwargs)
    step = answer.__anext__() if inspect.isasyncgen(answer) else answer
    try:
        step.send(None)
    except _Seen:
        return seen[0]
    raise AssertionError(f"{operation.name} sends nothing")


def explain(operation: Operation, error: InvalidRequestError, values: Mapping[str, Any]) -> NoReturn:
    """Raise a `UsageProblem` that says what is wrong in words of the command line, with the nearest listed word."""
    parameters = {one.name: one for one in operation.parameters()}
    texts = [_sentence(problem, parameters.get(problem.field.split(".")[0]), values) for problem in error.problems]
    raise UsageProblem(f"{operation.name}: nothing was sent. {' '.join(texts)}") from None


def _sentence(problem: FieldProblem, parameter: Parameter | None, values: Mapping[str, Any]) -> str:
    if parameter is None:
        return "Give at least one field." if problem.field == "*" else f"{one_line(problem)}."
    inner = "".join(f".{part}" for part in problem.field.split(".")[1:])
    typed = values.get(parameter.name)
    text = typed[0] if isinstance(typed, list) and typed else typed
    guess = _guess(text, parameter.words) if isinstance(text, str) else ""
    wanted = f"{'E' if guess else 'e'}xpected {problem.expected}, got {problem.got}."
    return f"{parameter.option}{inner}: {guess}{wanted}"


def _guess(text: str, words: "tuple[str, ...] | list[str]") -> str:
    near = get_close_matches(text.upper(), [word.upper() for word in words], n=1)
    return "".join(f"did you mean {word}? " for word in words if word.upper() in near)


def field_models(operation: Operation) -> Any:
    """Return the class of the objects in its answer; None for those of no class of ours."""
    returns = operation.endpoint.returns if operation.endpoint else None
    found = getattr(returns, "model", None) or next(iter(members_of(getattr(returns, "union", None))), None)
    return found if is_class_of(found, object) else None


def as_plain(operation: Operation, answer: Any) -> Any:
    """Return an answer as plain JSON types; of an id alone, an object with it."""
    key = getattr(operation.endpoint.returns, "key", None) if operation.endpoint else None
    return {key: answer} if key is not None else unstructure(answer)
