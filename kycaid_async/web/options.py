"""The options of a client as the settings of a web framework hold them."""

import inspect
from collections.abc import Mapping
from typing import Any

from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import is_code
from kycaid_async.sync.client import Kycaid
from kycaid_async.tracebacks import border

_NAMES = tuple(inspect.signature(Kycaid).parameters)


def client_options(settings: object, where: str) -> dict[str, Any]:
    """Return the keyword arguments of `Kycaid` and `AsyncKycaid` that ``settings`` stand for.

    ``settings`` maps the names of options, in capitals or not, to their values; what is missing comes from the
    environment. ``where`` says in messages where the settings are. Raises `ConfigurationError` for another name.
    """
    with border:
        if not isinstance(settings, Mapping):
            raise ConfigurationError(f'{where} must be a mapping, such as {{"API_KEY": "…", "TIMEOUT": 10}}')
        options = {str(name).lower(): value for name, value in settings.items()}
        unknown = [name.upper() if is_code(name) else "another name" for name in options if name not in _NAMES]
        if unknown:
            known = ", ".join(name.upper() for name in _NAMES)
            raise ConfigurationError(f"{where} has {unknown[0]}, which is no option of a client. Known: {known}")
        return options
