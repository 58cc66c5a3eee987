"""The transport over aiohttp.

aiohttp sets TLS up when it is imported, whether or not a server needs it. What fails there is told here, before any
module of this room imports it.
"""

import os

from kycaid_async.errors import ConfigurationError


def _without_tls(error: OSError) -> ConfigurationError:
    # The only file that it writes to.
    if (name := os.environ.get("SSLKEYLOGFILE")) and error.filename == name:
        return ConfigurationError(
            f"the file that the environment's SSLKEYLOGFILE names cannot be written ({error.strerror}), and aiohttp "
            "cannot be imported without; correct the variable, or unset it"
        )
    return ConfigurationError(
        f"aiohttp cannot be imported, because TLS cannot be set up ({type(error).__name__}: {error.strerror}); "
        "python -c 'import ssl; ssl.create_default_context()' shows where it fails"
    )


try:
    import aiohttp as _aiohttp  # noqa: F401 - for what it raises
except OSError as error:
    raise _without_tls(error) from error
