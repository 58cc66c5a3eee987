"""The package read as text: its modules, what stands in them, and who imports whom."""

import ast
import io
import tokenize
from functools import cache
from pathlib import Path

import attrs

import kycaid_async

ROOT = Path(kycaid_async.__file__).parents[1]
PACKAGE = ROOT / "kycaid_async"


@attrs.frozen
class Module:
    """One file of the package."""

    path: Path
    tree: ast.Module
    lines: list[str]

    @property
    def where(self) -> str:
        """The path below the package, such as ``api/files.py``."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def name(self) -> str:
        """The dotted name, such as ``kycaid_async.api.files``."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The room at the top of the house, such as ``api``."""
        return self.name.split(".")[1] if "." in self.name else ""

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def classes(self) -> list[ast.ClassDef]:
        """The public classes."""
        return [node for node in self.tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]

    @property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """All functions and methods, but for overloads and methods of protocols, which have no body."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return [node for node in found if not _is_empty(node)]

    @property
    def documented(self) -> list[tuple[str, str]]:
        """The names of what has a docstring, and its first line."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
        nodes += [node for node in ast.walk(self.tree) if isinstance(node, ast.AsyncFunctionDef)]
        texts = [(getattr(node, "name", "module"), ast.get_docstring(node)) for node in nodes]
        return [(name, text.splitlines()[0]) for name, text in texts if text]

    @property
    def comments(self) -> list[tuple[int, str]]:
        """The comments with their lines."""
        tokens = tokenize.generate_tokens(io.StringIO("\n".join(self.lines) + "\n").readline)
        return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def length(node: ast.AST) -> int:
    """Return the number of lines that a function takes, without its decorators."""
    return node.end_lineno - node.lineno + 1


def _is_empty(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    last = node.body[-1]
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant)


@cache
def modules() -> list[Module]:
    """Return all modules of the package, in the order of their paths. Examples and documentation are none."""
    others = {PACKAGE / "docs", PACKAGE / "examples"}
    paths = sorted(path for path in PACKAGE.rglob("*.py") if others.isdisjoint(path.parents))
    texts = [path.read_text("utf-8") for path in paths]
    return [Module(path, ast.parse(text), text.splitlines()) for path, text in zip(paths, texts, strict=True)]


@cache
def importers() -> dict[str, set[str]]:
    """Return for each module the names of the others that import it, or a name from it."""
    known = {module.name: set() for module in modules()}
    for module in modules():
        for name in _imports(module):
            target = name if name in known else name.rpartition(".")[0]
            if target in known and target != module.name:
                known[target].add(module.name)
    return known


def _imports(module: Module) -> set[str]:
    names = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names
