"""Files that follow from others, as they have to be. ``python -m tests.derived`` writes them anew.

* ``kycaid_async/sync/sections.pyi``: signatures of the blocking sections, from the asynchronous ones, since these are
  made at run time; in a stub all type checkers and editors read plain methods.
* ``raw_sections.pyi`` in ``api`` and ``sync``: the same for ``client.with_raw_response``.
* ``kycaid_async/__init__.pyi``: the public names, from the table in ``__init__.py``.
* ``README.md``: the tables of operations, from their declarations, and that of full runs, from their figures.
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
from kycaid_async.api import raw_sections
from kycaid_async.api.sections import SECTIONS, class_of
from kycaid_async.cli.operations import as_markdown, repeats_as_markdown
from kycaid_async.sync import raw_sections as blocking_raw_sections
from kycaid_async.sync import sections
from kycaid_async.sync.blocking import Blocking
from kycaid_async.sync.bulk import Bulk
from tests import figures

COMMAND = "python -m tests.derived"
RAW_STUB = Path(raw_sections.__file__).with_suffix(".pyi")
BLOCKING_RAW_STUB = Path(blocking_raw_sections.__file__).with_suffix(".pyi")
SECTIONS_STUB = Path(sections.__file__).with_suffix(".pyi")
PUBLIC_STUB = Path(kycaid_async.__file__).with_suffix(".pyi")
README = Path(__file__).parents[1] / "README.md"
TABLES = {"operations": as_markdown, "repeats": repeats_as_markdown, "runs": figures.as_markdown}


def public_stub() -> str:
    """Return the text of the package's stub, before it is formatted."""
    names = [f"from kycaid_async{home} import {name} as {name}\n" for name, home in kycaid_async._HOMES.items()]
    head = f"# What type checkers see: the public names. Written by `{COMMAND}` from the table in __init__.py.\n"
    servers = "from kycaid_async import servers as servers\n"
    return "".join([head, servers, *names, "__version__: str\n"])


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


def raw_stub(*, is_blocking: bool) -> str:
    """Return the text of a stub for ``client.with_raw_response``, before it is formatted."""
    imports = {"RawResponse": "kycaid_async.api.raw_response"}
    if is_blocking:
        imports["Blocking"] = Blocking.__module__
    classes, lines = [], []
    for section in SECTIONS:
        cls = sections.twin_of(section) if is_blocking else class_of(section)
        methods = [
            ast.unparse(raw_form(definition, vars(cls)[name], imports, is_blocking=is_blocking))
            for name in raw_sections.operations_of(section)
            for definition in definitions(vars(cls)[name])
        ]
        classes.append(stub_of(f"{cls.__name__}(Blocking)" if is_blocking else cls.__name__, methods))
        lines.append(f"    {section}: {cls.__name__}\n")
    request = raw_sections.RawSections.request
    (definition,) = definitions(request)
    form = blocking_form if is_blocking else async_form
    of_request = stub_of(
        "RawSections(Blocking)" if is_blocking else "RawSections", [ast.unparse(form(definition, request, imports))]
    )
    made = "" if is_blocking else "    def __init__(self, record: Callable[[], RecordedCall]) -> None: ...\n"
    if not is_blocking:
        imports |= {"Callable": "collections.abc", "RecordedCall": "kycaid_async.api.raw_response"}
    heads = [f"from {module} import {name}\n" for name, module in sorted(imports.items())]
    head = f"# Written by `{COMMAND}` from the asynchronous sections.\n"
    helpers = "" if is_blocking else RAW_HELPERS
    return "".join([head, "import builtins\n", *heads, *classes, of_request, made, *lines, helpers])


RAW_HELPERS = """
class RawSection: ...
def raw_class_of(section: str) -> type[RawSection]: ...
def operations_of(section: str) -> list[str]: ...
"""


def readme() -> str:
    """Return the text of the README with its tables as they have to be."""
    return re.sub(
        r"(<!-- (operations|repeats|runs) -->\n).*?(<!-- end -->)",
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
    return stub_of(f"{name}(Blocking)", methods)


def stub_of(name: str, methods: list[str]) -> str:
    indented = ["    " + line for text in methods for line in text.splitlines()]
    return "\n".join([f"class {name}:", *(indented or ["    ..."]), ""])


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


def async_form(
    definition: ast.FunctionDef | ast.AsyncFunctionDef, method: object, imports: dict[str, str]
) -> ast.AsyncFunctionDef:
    form = blocking_form(definition, method, imports)
    same = ast.AsyncFunctionDef(form.name, form.args, form.body, form.decorator_list, form.returns)
    return ast.fix_missing_locations(same)


def raw_form(
    definition: ast.FunctionDef | ast.AsyncFunctionDef, method: object, imports: dict[str, str], *, is_blocking: bool
) -> ast.FunctionDef | ast.AsyncFunctionDef:
    form = (blocking_form if is_blocking else async_form)(definition, method, imports)
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
    README.write_text(readme(), "utf-8")
    stubs = {
        PUBLIC_STUB: public_stub(),
        SECTIONS_STUB: sections_stub(),
        RAW_STUB: raw_stub(is_blocking=False),
        BLOCKING_RAW_STUB: raw_stub(is_blocking=True),
    }
    for path, text in stubs.items():
        path.write_text(text, "utf-8")
        for command in (["format"], ["check", "--fix", "--unsafe-fixes"], ["format"]):
            subprocess.run([sys.executable, "-m", "ruff", *command, "--quiet", path], check=True)


if __name__ == "__main__":
    main()
