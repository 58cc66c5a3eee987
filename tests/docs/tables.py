"""Tables of the documentation that follow from the code. ``python -m tests.derived`` writes them."""

import inspect
import itertools
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import attrs
import typer.main

from kycaid_async import DeclineReason, DocumentType, errors
from kycaid_async.api.documents.kinds import BY_AFFILIATED_PERSON, BY_APPLICANT
from kycaid_async.api.sections import SECTIONS
from kycaid_async.bulk.manifest.row import COLUMNS
from kycaid_async.cli.app import app
from kycaid_async.sandbox.handlers import strict
from kycaid_async.sandbox.rules import rules
from kycaid_async.values.unset import Unset

_SHOWN = "<!-- not run: no program prints it here -->\n"


def _table(*rows: tuple[object, ...]) -> str:
    head, *others = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |\n" for row in rows]
    return head + "|" + " --- |" * len(rows[0]) + "\n" + "".join(others)


def decline_reasons() -> str:
    """Return all known reasons, by their ids."""
    known = [(reason.id if reason.id is not None else "", f"`{reason}`", reason.meaning) for reason in DeclineReason]
    return _table(("id", "name", "meaning"), *known)


def document_types() -> str:
    """Return all types of documents, with the classes of those that applicants and affiliated persons have."""
    rows = []
    for type_ in DocumentType:
        classes = [by[type_] for by in (BY_APPLICANT, BY_AFFILIATED_PERSON) if type_ in by]
        names = ", ".join(f"`{cls.__name__}`" for cls in classes)
        rows.append((f"`{type_}`", names, _first_sentence(classes[0]) if classes else ""))
    return _table(("type", "class", ""), *rows)


def _first_sentence(described: object) -> str:
    return " ".join(inspect.getdoc(described).split("\n\n")[0].split()).replace("``", "`")


def error_table() -> str:
    """Return every error with what it says, and whether KYCAID may have acted when it comes."""
    rows = [
        (f"[`{cls.__name__}`](#kycaid_async.{cls.__name__})", _first_sentence(cls))
        for cls in vars(errors).values()
        if inspect.isclass(cls) and issubclass(cls, errors.KycaidError | Warning) and cls.__module__ == "kycaid_async"
    ]
    return _table(("class", "when"), *rows)


def manifest_columns() -> str:
    """Return the columns that a manifest may have."""
    return _table(("column", ""), *((f"`{name}`", _of_column(name)) for name in COLUMNS))


def _of_column(name: str) -> str:
    if name.startswith("applicant."):
        return "of an applicant to make"
    if name.endswith(("_side", "_side_1", "_side_2", "_side_3")):
        return "a path or a URL"
    known = {
        "key": "your own name for the document",
        "applicant_id": "an applicant who exists",
        "form_id": "the form of this applicant's verification",
        "types": "the checks of this applicant's verification, in place of a form",
        "callback_url": "where callbacks about this applicant's verification go",
        "type": "a type of document",
    }
    return known.get(name, "a field of the document")


def sandbox_rules() -> str:
    """Return the rules of a review, as their module has them."""
    lines = rules.__doc__.splitlines()
    bars = [at for at, line in enumerate(lines) if line.startswith("=====")]
    starts = [0, *(match.end() for match in re.finditer(r"=+ +", lines[bars[0]])), None]
    rows: list[list[str]] = []
    for line in lines[bars[0] + 1 : bars[1]] + lines[bars[1] + 1 : bars[2]]:
        cells = [line[start:end].strip() for start, end in itertools.pairwise(starts)]
        if cells[0] and not (rows and rows[-1][0].endswith(",")):
            rows.append(cells)
        else:
            rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], cells, strict=True)]
    return _table(*(tuple(cell.replace("``", "`") for cell in row) for row in rows))


def sandbox_strict() -> str:
    """Return what a strict sandbox refuses."""
    text = strict.__doc__.split("\n\n")[2].replace("``", "`")
    return text + "\n"


def command_line() -> str:
    """Return the help of every command but those of single operations, as a terminal of 80 columns shows it."""
    helps = _helps_of(typer.main.get_command(app), "kycaid", None)
    return "".join(f"## {title}\n\n{_SHOWN}```text\n{text}\n```\n\n" for title, text in helps)


def _helps_of(command: Any, path: str, parent: Any) -> Iterator[tuple[str, str]]:
    context = command.context_class(command, info_name=path.rsplit(maxsplit=1)[-1], parent=parent, terminal_width=80)
    yield path, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        inner = command.get_command(context, name)
        if inner is not None and not inner.hidden and name.replace("-", "_") not in SECTIONS:
            yield from _helps_of(inner, f"{path} {name}", context)


def document_fields() -> str:
    """Return the fields that documents may have, with what each takes."""
    kinds = [*BY_APPLICANT.values(), *BY_AFFILIATED_PERSON.values()]
    fields = {field.name: field.type for kind in kinds for field in attrs.fields(kind)}
    return _table(("field", "takes"), *((f"`{name}`", _takes(type_)) for name, type_ in fields.items()))


def _takes(type_: Any) -> str:
    """Return in words what a field takes."""
    if get_origin(type_) is Annotated:
        return next(one.expected for one in type_.__metadata__ if hasattr(one, "expected"))
    if get_origin(type_) in (Union, UnionType):
        return next(filter(None, map(_takes, get_args(type_))), "")
    if get_origin(type_) is Sequence:
        return f"a list, each {_takes(get_args(type_)[0])}"
    if isinstance(type_, type) and issubclass(type_, Enum) and type_ is not Unset:
        return f"one of [`{type_.__name__}`](#kycaid_async.{type_.__name__})"
    return "a number" if type_ is float else "text" if type_ is str else ""


TABLES = {
    "decline reasons": decline_reasons,
    "document fields": document_fields,
    "document types": document_types,
    "errors": error_table,
    "manifest columns": manifest_columns,
    "sandbox rules": sandbox_rules,
    "sandbox strict": sandbox_strict,
    "command line": command_line,
}
"""What stands between ``<!-- NAME -->`` and ``<!-- end -->``."""
