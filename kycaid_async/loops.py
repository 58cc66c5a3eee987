"""Access to the running event loop."""

import asyncio

from kycaid_async.errors import ConfigurationError

ADVICE = (
    "kycaid_async runs on asyncio, and no event loop of asyncio runs here. Trio has another one: with the pytest "
    "plugin of anyio, let your fixture anyio_backend return 'asyncio'"
)


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that runs. Raises `ConfigurationError` where none of asyncio's does, as under trio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigurationError(ADVICE) from None
