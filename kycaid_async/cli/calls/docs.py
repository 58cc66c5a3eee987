"""Docstrings of sections, methods and fields, for the help.

It is read from the source: `python -OO` has no docstrings, and those of fields are nowhere else. A program that was
packed without its source has shorter help.
"""

import ast
import functools
import importlib.util
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

_REFERENCE: Final = re.compile(r"\s*Reference: \*[^*]*\*(?:; |\.)?")
_MARKUP: Final = re.compile(r"``|`|\*(?=\S)|(?<=\S)\*")
_OF_PROGRAMS: Final = re.compile(r"\b[Aa] (?:date|time)\b[^.]*?, or text as ")
"""What a field takes in Python, and not on a command line."""


def section_doc(section: str) -> str:
    """Return what a section is, in one line. Its module is read, and not run."""
    # Without parsing sixteen modules: the list of commands asks for all of them.
    head = re.match(r'"""(.*?)"""', _source(f"kycaid_async.api.{section}") or "", re.DOTALL)
    text = _plain(head[1] if head else "")
    name, _, is_what = text.partition(": ")
    return _sentence(is_what if is_what and name.replace("-", "_").replace(" ", "_").lower() == section else text)


def method_doc(method: object) -> str:
    """Return what a method does: the first line of what is said of it."""
    names = str(getattr(method, "__qualname__", "")).split(".")
    text = _plain(_docs(str(getattr(method, "__module__", ""))).get(tuple(names), ""))
    return re.sub("^(?:Return|Iterate over) ", "Print ", text)


def field_doc(cls: type, name: str) -> str:
    """Return what is said of a field of a class, or of the class that it has it from."""
    return next(
        (_plain(text) for base in cls.__mro__ if (text := _docs(base.__module__).get((base.__name__, name)))), ""
    )


def _plain(text: str) -> str:
    """Return the first paragraph without marks, and without where it stands in the reference."""
    first = _REFERENCE.sub(" ", " ".join(text.split("\n\n", maxsplit=1)[0].split()))
    return _OF_PROGRAMS.sub("", _MARKUP.sub("", first)).strip()


def _sentence(text: str) -> str:
    return re.sub(r"(?:^|(?<=\. ))[a-z]", lambda found: found[0].upper(), " ".join(text.split()))


@functools.cache
def _docs(module: str) -> dict[tuple[str, ...], str]:
    """Return the docstrings of a module, of its classes' methods and fields, by their names."""
    source = _source(module)
    # As without -OO, for which the parser of Python 3.14 leaves docstrings out.
    tree: Any = compile(source or "", module, "exec", ast.PyCF_ONLY_AST, dont_inherit=True, optimize=0)
    docs: dict[tuple[str, ...], str] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            docs |= {(node.name, name): text for name, text in _of_class(node)}
    return docs


def _source(module: str) -> str | None:
    try:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.loader is None:
            return None
        get_source = getattr(spec.loader, "get_source", None)
        if get_source is not None:
            return str(get_source(module) or "")
        # Loaders of others, such as that of pytest, know where the file is.
        return Path(spec.origin or "").read_text(encoding="utf-8")
    except (ImportError, OSError, ValueError):
        return None


def _of_class(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for part, after in pairwise([*node.body, ast.Pass()]):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            # Of overloads, the last one is the method.
            yield part.name, ast.get_docstring(part) or ""
        elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and isinstance(after, ast.Expr):
            text = after.value.value if isinstance(after.value, ast.Constant) else None
            if isinstance(text, str):
                yield part.target.id, text
