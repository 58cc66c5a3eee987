"""Files that follow from others, as they have to be. ``python -m tests.derived`` writes them anew.

* ``kycaid_async/sync/sections.pyi``: signatures of the blocking sections, from the asynchronous ones, since these are
  made at run time; in a stub all type checkers and editors read plain methods.
* ``kycaid_async/__init__.py``: the public names as type checkers read them, from the table above them.
* ``README.md``: the tables of operations, from their declarations.
"""

import ast
import builtins
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kycaid_async
from kycaid_async.api.sections import SECTIONS
from kycaid_async.cli.operations import as_markdown, repeats_as_markdown
from kycaid_async.sync import sections
from kycaid_async.sync.blocking import Blocking
from kycaid_async.sync.bulk import Bulk

COMMAND = "python -m tests.derived"
SECTIONS_STUB = Path(sections.__file__).with_suffix(".pyi")
PUBLIC_NAMES = Path(kycaid_async.__file__)
README = Path(__file__).parents[1] / "README.md"
TABLES = {"operations": as_markdown, "repeats": repeats_as_markdown}


def public_names() -> str:
    """Return the text of the package with its names for type checkers as they have to be, before it is formatted."""
    homes = kycaid_async._HOMES.items()
    lines = [f"    from kycaid_async{home} import {name} as {name}\n" for name, home in homes]
    return re.sub(
        rf"(    # Written by `{COMMAND}`[^\n]*\n).*?(    # The end of what is written\.\n)",
        lambda found: "".join([found[1], "    from kycaid_async import servers as servers\n", *lines, found[2]]),
        PUBLIC_NAMES.read_text("utf-8"),
        flags=re.DOTALL,
    )


def sections_stub() -> str:
    """Return the text of the blocking sections' stub, before it is formatted."""
    imports = {"Blocking": Blocking.__module__, "Bulk": Bulk.__module__}
    twins = {section: sections.twin_of(section) for section in SECTIONS}
    classes = [section_stub(cls.__name__, cls, imports) for cls in twins.values()]
    lines = [f"from {module} import {name}\n" for name, module in sorted(imports.items())]
    attributes = [f"    {section}: {cls.__name__}\n" for section, cls in twins.items()]
    head = f"# Written by `{COMMAND}` from the asynchronous sections.\n"
    bulk = "class Sections(Blocking):\n    bulk: Bulk\n"
    return "".join([head, "import builtins\n", *lines, *classes, bulk, *attributes])


def readme() -> str:
    """Return the text of the README with its tables as they have to be."""
    return re.sub(
        r"(<!-- (operations|repeats) -->\n).*?(<!-- end -->)",
        lambda found: found[1] + TABLES[found[2]]() + found[3],
        README.read_text("utf-8"),
        flags=re.DOTALL,
    )


def section_stub(name: str, cls: type, imports: dict[str, str]) -> str:
    methods = [
        ast.unparse(blocking_form(definition, twin, imports))
        for attribute, twin in vars(cls).items()
        if inspect.isfunction(twin) and not attribute.startswith("_")
        for definition in definitions(twin)
    ]
    indented = ["    " + line for text in methods for line in text.splitlines()]
    return "\n".join([f"class {name}(Blocking):", *indented, ""])


def definitions(twin: object) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return what is written of a method: its overloads, or itself when it has none."""
    own = inspect.unwrap(twin) if twin.__code__.co_filename != sections.__file__ else twin
    tree = ast.parse(Path(inspect.getsourcefile(own)).read_text("utf-8"))
    of_class, _, method = own.__qualname__.partition(".")
    body = next(n.body for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == of_class)
    found = [n for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == method]
    return found[:-1] or found


def blocking_form(
    definition: ast.FunctionDef | ast.AsyncFunctionDef, twin: object, imports: dict[str, str]
) -> ast.FunctionDef:
    module = sys.modules[inspect.unwrap(twin).__module__]
    for argument in all_arguments(definition.args):
        if argument.annotation is not None:
            argument.annotation = resolved(argument.annotation, module, imports)
    returns = resolved(definition.returns, module, imports, returned=True)
    decorators = [d for d in definition.decorator_list if isinstance(d, ast.Name) and d.id == "overload"]
    for decorator in decorators:
        imports[decorator.id] = "typing"
    form = ast.FunctionDef(definition.name, definition.args, [ast.Expr(ast.Constant(...))], decorators, returns)
    return ast.fix_missing_locations(form)


def all_arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    yield from filter(None, [arguments.vararg, arguments.kwarg])


class _Resolver(ast.NodeTransformer):
    """Notes where names come from."""

    def __init__(self, module: object, imports: dict[str, str]) -> None:
        self.module, self.imports = module, imports

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self.visit(ast.parse(node.value, mode="eval").body) if isinstance(node.value, str) else node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in ("builtins", *vars(builtins)):
            return node
        home = home_of(node.id, self.module)
        assert self.imports.setdefault(node.id, home) == home, f"two things are called {node.id}"
        return node


def home_of(name: str, module: object) -> str:
    """Return the module from which ``module`` has ``name``."""
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    homes = (n.module for n in tree.body if isinstance(n, ast.ImportFrom) and name in {a.name for a in n.names})
    return next(homes, module.__name__)


def resolved(annotation: ast.expr, module: object, imports: dict[str, str], *, returned: bool = False) -> ast.expr:
    kind = ast.unparse(annotation.value) if returned and isinstance(annotation, ast.Subscript) else ""
    if kind in ("Coroutine", "Awaitable"):
        given = annotation.slice
        return resolved(given.elts[-1] if isinstance(given, ast.Tuple) else given, module, imports)
    if kind == "AsyncIterator":
        imports["Iterator"] = "collections.abc"
        annotation.value = ast.Name("Iterator", ast.Load())
        annotation.slice = _Resolver(module, imports).visit(annotation.slice)
        return annotation
    return _Resolver(module, imports).visit(annotation)


def main() -> None:
    README.write_text(readme(), "utf-8")
    for path, text in ((PUBLIC_NAMES, public_names()), (SECTIONS_STUB, sections_stub())):
        path.write_text(text, "utf-8")
        for command in (["format"], ["check", "--fix", "--unsafe-fixes"], ["format"]):
            subprocess.run([sys.executable, "-m", "ruff", *command, "--quiet", path], check=True)


if __name__ == "__main__":
    main()
