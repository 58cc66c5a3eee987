"""Files that follow from others, as they have to be. ``python -m tests.derived`` writes them anew.

* ``kycaid_async/api/signatures.pyi``: signatures of the sections that are derived at run time: those of the blocking
  client, and those of ``client.with_raw_response`` of both; in a stub all type checkers and editors read plain methods.
* ``kycaid_async/__init__.pyi``: the public names, from the table in ``__init__.py``.
* The pages of the documentation: see `tests.docs.tables`, and `benchmarks.harness.record` for the figures of speed.
* ``README.md``: the tables of operations, from their declarations; that of full runs, from their figures;
  the list of places where personal data may stand.
* ``kycaid_async/docs/reference/promises.md``: promises about each operation, and the tests that hold them.
"""

import ast
import builtins
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import kycaid_async
from benchmarks.harness import record
from kycaid_async.api import signatures
from kycaid_async.api.raw_sections import RawSections, operations_of
from kycaid_async.api.sections import SECTIONS, class_name, class_of
from kycaid_async.cli.operations import as_markdown, repeats_as_markdown
from kycaid_async.sync.sections import twin_of
from tests import figures, promises
from tests.docs.pages import pages
from tests.docs.tables import TABLES as OF_DOCUMENTATION
from tests.privacy import places
from tests.security.__main__ import as_markdown as attacks_as_markdown

COMMAND = "python -m tests.derived"
SIGNATURES_STUB = Path(signatures.__file__).with_suffix(".pyi")
PUBLIC_STUB = Path(kycaid_async.__file__).with_suffix(".pyi")
README = Path(__file__).parents[1] / "README.md"
TABLES = {
    "operations": as_markdown,
    "repeats": repeats_as_markdown,
    "runs": figures.as_markdown,
    "attacks": attacks_as_markdown,
    "places": places.as_markdown,
}
TABLES |= OF_DOCUMENTATION | record.TABLES
Form = ast.FunctionDef | ast.AsyncFunctionDef


def public_stub() -> str:
    """Return the text of the package's stub, before it is formatted."""
    names = [f"from kycaid_async{home} import {name} as {name}\n" for name, home in kycaid_async._HOMES.items()]
    head = f"# What type checkers see: the public names. Written by `{COMMAND}` from the table in __init__.py.\n"
    servers = "from kycaid_async import servers as servers\n"
    return "".join([head, servers, *names, "__version__: str\n"])


def signatures_stub() -> str:
    """Return the text of the stub of all derived sections, before it is formatted."""
    imports = {"RawResponse": "kycaid_async.api.raw_response"}
    methods = {name: public_methods(twin_of(name)) for name in SECTIONS}
    operations = {name: [vars(twin_of(name))[method] for method in operations_of(name)] for name in SECTIONS}
    asynchronous = {name: [vars(class_of(name))[method] for method in operations_of(name)] for name in SECTIONS}
    classes = [
        *family_stub("Raw", asynchronous, async_form, imports, is_raw=True),
        *family_stub("Blocking", methods, blocking_form, imports),
        *family_stub("BlockingRaw", operations, blocking_form, imports, is_raw=True),
    ]
    (request,) = definitions(RawSections.request)
    classes[-1] += textwrap.indent(ast.unparse(blocking_form(request, RawSections.request, imports)) + "\n", "    ")
    heads = [f"from {module} import {name}\n" for name, module in sorted(imports.items())]
    return "".join(
        [f"# Written by `{COMMAND}` from the asynchronous sections.\n", "import builtins\n", *heads, *classes]
    )


def family_stub(
    prefix: str,
    methods: dict[str, list[object]],
    form: Callable[..., Form],
    imports: dict[str, str],
    *,
    is_raw: bool = False,
) -> Iterator[str]:
    """Yield a class for each section, and one that has all of them as attributes."""
    for section, own in methods.items():
        forms = [form(definition, method, imports) for method in own for definition in definitions(method)]
        yield stub_of(f"{prefix}{class_name(section)}", [ast.unparse(raw(one) if is_raw else one) for one in forms])
    yield stub_of(f"{prefix}Signatures", [f"{section}: {prefix}{class_name(section)}" for section in methods])


def public_methods(twin: type) -> list[object]:
    return [value for name, value in vars(twin).items() if inspect.isfunction(value) and not name.startswith("_")]


def readme() -> str:
    """Return the text of the README with its tables as they have to be."""
    return with_tables(README)


def with_tables(page: Path) -> str:
    """Return the text of a page with its tables as they have to be."""
    return re.sub(
        rf"(<!-- ({'|'.join(TABLES)}) -->\n).*?(<!-- end -->)",
        lambda found: found[1] + TABLES[found[2]]() + found[3],
        page.read_text("utf-8"),
        flags=re.DOTALL,
    )


def stub_of(name: str, methods: list[str]) -> str:
    indented = ["    " + line for text in methods for line in text.splitlines()]
    return "\n".join([f"class {name}:", *(indented or ["    ..."]), ""])


def definitions(twin: object) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return what is written of a method: its overloads, or itself when it has none."""
    own = inspect.unwrap(twin)
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


def async_form(
    definition: ast.FunctionDef | ast.AsyncFunctionDef, method: object, imports: dict[str, str]
) -> ast.AsyncFunctionDef:
    form = blocking_form(definition, method, imports)
    same = ast.AsyncFunctionDef(form.name, form.args, form.body, form.decorator_list, form.returns)
    return ast.fix_missing_locations(same)


def raw(form: Form) -> Form:
    form.returns = ast.Subscript(ast.Name("RawResponse", ast.Load()), form.returns, ast.Load())
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
    homes = (n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and name in {a.name for a in n.names})
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
    promises.PAGE.write_text(promises.page(), "utf-8")
    for page in pages():
        page.write_text(with_tables(page), "utf-8")
    for path, text in {PUBLIC_STUB: public_stub(), SIGNATURES_STUB: signatures_stub()}.items():
        path.write_text(text, "utf-8")
        for command in (["format"], ["check", "--fix", "--unsafe-fixes"], ["format"]):
            subprocess.run([sys.executable, "-m", "ruff", *command, "--quiet", path], check=True)


if __name__ == "__main__":
    main()
