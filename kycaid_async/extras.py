"""Optional libraries: their oldest versions, and the error for one that is not installed."""

import importlib
import importlib.util
import re
from typing import Any, Final

FLOORS: Final = {
    "fsspec": (2026, 6),
    "msgspec": (0, 21),
    "pillow": (11, 1),
    "pillow-heif": (1, 0),
    "pyarrow": (18, 0),
    "pypdf": (5, 0),
    "pypdfium2": (5, 0),
    "xlsxwriter": (3, 2),
}
"""The oldest versions that are used. pip knows them too, but only of those who ask for the extra.

Before 0.21 the `DecodeError` of msgspec is no `ValueError`. An older fsspec runs what stands in a URL: a template of
``reference://`` could call anything.
"""


def is_recent(name: str, version: str) -> bool:
    """Say whether ``version`` of a library is one of those that are used."""
    return tuple(map(int, re.findall(r"\d+", version)[:2])) >= FLOORS[name]


def missing(extra: str, error: ImportError) -> ModuleNotFoundError:
    """Return the error that says which extra to install for the module that ``error`` is about."""
    name = error.name or "a library"
    return ModuleNotFoundError(
        f"{name} cannot be imported: this part of kycaid_async is an extra. Install it with: "
        f"pip install 'kycaid-async[{extra}]'",
        name=error.name,
    )


def require(module: str, extra: str) -> Any:
    """Return a library of an extra. Raises `ModuleNotFoundError`, which says what to install, also for an older one."""
    try:
        library = importlib.import_module(module)
    except ImportError as error:
        raise missing(extra, error) from error
    if not is_recent(module.replace("_", "-"), _version_of(library)):
        raise ModuleNotFoundError(
            f"{module} {_version_of(library)} is too old for this part of kycaid_async. Install a newer one with: "
            f"pip install -U 'kycaid-async[{extra}]'",
            name=module,
        )
    return library


def _version_of(library: Any) -> str:
    said = getattr(library, "__version__", None)
    if said is None:  # not all of them say it themselves
        from importlib.metadata import version

        said = version(library.__name__)
    return str(said)


def is_installed(name: str) -> bool:
    """Say whether a library can be found, without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # a hook that forbids it, or a module without a spec
        return False
