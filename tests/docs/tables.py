"""Tables of the documentation that follow from the code. ``python -m tests.derived`` writes them."""

import inspect
from collections.abc import Iterator

import click
import typer.main

from kycaid_async import DeclineReason, DocumentType, errors
from kycaid_async.api.documents.kinds import BY_AFFILIATED_PERSON, BY_APPLICANT
from kycaid_async.bulk.manifest.row import COLUMNS
from kycaid_async.cli.app import app
from kycaid_async.sandbox.handlers import strict
from kycaid_async.sandbox.rules import rules

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
    return _table(("class", ""), *rows)


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
    return f"{_SHOWN}```text\n{_table_of_docstring(rules.__doc__)}```\n"


def _table_of_docstring(text: str) -> str:
    lines = text.splitlines()
    bars = [at for at, line in enumerate(lines) if line.startswith("=====")]
    return "\n".join(lines[bars[0] : bars[-1] + 1]) + "\n"


def sandbox_strict() -> str:
    """Return what a strict sandbox refuses."""
    text = strict.__doc__.split("\n\n")[2].replace("``", "`")
    return text + "\n"


def command_line() -> str:
    """Return the help of every command, as a terminal of 100 columns shows it."""
    return "".join(f"## {title}\n\n{_SHOWN}```text\n{text}\n```\n\n" for title, text in _helps())


def _helps() -> Iterator[tuple[str, str]]:
    group = typer.main.get_command(app)
    yield from _helps_of(group, "kycaid", None)


def _helps_of(command: click.Command, path: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command, info_name=path.rsplit(maxsplit=1)[-1], parent=parent, max_content_width=100, terminal_width=100
    )
    yield path, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        inner = command.get_command(context, name)
        if inner is not None and not inner.hidden:
            yield from _helps_of(inner, f"{path} {name}", context)


TABLES = {
    "decline reasons": decline_reasons,
    "document types": document_types,
    "errors": error_table,
    "manifest columns": manifest_columns,
    "sandbox rules": sandbox_rules,
    "sandbox strict": sandbox_strict,
    "command line": command_line,
}
"""What stands between ``<!-- NAME -->`` and ``<!-- end -->``."""
