"""The clients of a Django project: one of each kind in a process, made when first needed."""

import threading
from typing import Any, Final, TypeVar

from kycaid_async.extras import missing

try:
    from django.conf import settings
    from django.core.checks import CheckMessage, Error
    from django.core.signals import setting_changed
except ImportError as error:
    raise missing("django", error) from error

from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import ConfigurationError
from kycaid_async.sync.client import Kycaid
from kycaid_async.web.options import client_options

_SETTING: Final = "KYCAID"

Client = TypeVar("Client", Kycaid, AsyncKycaid)

_clients: dict[Any, Any] = {}
_lock = threading.Lock()


def kycaid_client() -> Kycaid:
    """Return the blocking client of this process, for synchronous views, commands and tasks.

    Its options are the setting ``KYCAID``, a dictionary such as ``{"API_KEY": "…", "TIMEOUT": 10}``; what is not there
    comes from the environment. Don't close it. Raises `ConfigurationError`.
    """
    return _client(Kycaid)


def async_kycaid_client() -> AsyncKycaid:
    """Return the asynchronous client of this process, for async views; see `kycaid_client`."""
    return _client(AsyncKycaid)


def _client(kind: type[Client]) -> Client:
    with _lock:
        if kind not in _clients:
            _clients[kind] = kind(**client_options(getattr(settings, _SETTING, {}), "settings.KYCAID"))
        client: Client = _clients[kind]
        return client


def check_settings(**_: object) -> list[CheckMessage]:
    """Report of ``manage.py check`` on the setting ``KYCAID``."""
    try:
        AsyncKycaid(**client_options(getattr(settings, _SETTING, {}), "settings.KYCAID"))
    except ConfigurationError as error:
        return [Error(str(error), id="kycaid.E001")]
    return []


def _forget(*, setting: str, **_: object) -> None:
    """Make the clients anew after ``override_settings`` of a test."""
    if setting == _SETTING:
        with _lock:
            _clients.clear()


setting_changed.connect(_forget, dispatch_uid="kycaid_async")
