"""What is said when a library of an extra is not installed."""

import importlib.util


def missing(extra: str, error: ImportError) -> ModuleNotFoundError:
    """Return the error that says which extra to install for the module that ``error`` is about."""
    name = error.name or "a library"
    return ModuleNotFoundError(
        f"{name} cannot be imported: this part of kycaid_async is an extra. Install it with: "
        f"pip install 'kycaid-async[{extra}]'",
        name=error.name,
    )


def is_installed(name: str) -> bool:
    """Say whether a library can be found, without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # a hook that forbids it, or a module without a spec
        return False
