"""Tools for tests of your own code: a sandbox, made-up objects, signed callbacks, a receiver for them.

pytest finds the fixtures ``kycaid_sandbox``, ``async_kycaid`` and ``kycaid`` by itself; strategies for Hypothesis are
in `kycaid_async.testing.strategies`. It needs the extra ``testing``.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kycaid_async.testing.callbacks import SignedCallback, signed_callback
    from kycaid_async.testing.factories import factory
    from kycaid_async.testing.recorder import CallbackRecorder
    from kycaid_async.testing.running import RunningSandbox, Sandbox

__all__ = ["CallbackRecorder", "RunningSandbox", "Sandbox", "SignedCallback", "factory", "signed_callback"]

# Every pytest run imports this package for its plugin, wanted or not: nothing heavy may load with it.
_HOMES = {
    "CallbackRecorder": "recorder",
    "RunningSandbox": "running",
    "Sandbox": "running",
    "SignedCallback": "callbacks",
    "factory": "factories",
    "signed_callback": "callbacks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def _for_analysers() -> None:
    """Import the lazy modules. Never called: PyInstaller, Nuitka and others find them here."""
    from kycaid_async.testing import callbacks, factories, recorder, running  # noqa: F401 - for analysers only
