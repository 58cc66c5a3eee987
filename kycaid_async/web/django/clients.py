"""The clients of a Django project: one of each kind in a process, made when first needed."""

from typing import Final

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
from kycaid_async.web.lazy_client import LazyClient, made_of

_WHERE: Final = "settings.KYCAID"


def _settings() -> object:
    return getattr(settings, "KYCAID", {})


_blocking = LazyClient(Kycaid, _settings, _WHERE)
_asynchronous = LazyClient(AsyncKycaid, _settings, _WHERE)


def kycaid_client() -> Kycaid:
    """Return the blocking client of this process, for synchronous views, commands and tasks.

    Its options are the setting ``KYCAID``, a dictionary such as ``{"API_KEY": "…", "TIMEOUT": 10}``; what is not there
    comes from the environment. Don't close it. Raises `ConfigurationError`.
    """
    return _blocking.get()


def async_kycaid_client() -> AsyncKycaid:
    """Return the asynchronous client of this process, for async views; see `kycaid_client`."""
    return _asynchronous.get()


def check_settings(**_: object) -> list[CheckMessage]:
    """Report for ``manage.py check`` what is wrong with the setting ``KYCAID``."""
    try:
        made_of(AsyncKycaid, _settings(), _WHERE)
    except ConfigurationError as error:
        return [Error(error.message, id="kycaid.E001")]
    return []


def _forget(*, setting: str, **_: object) -> None:
    """Follow ``override_settings`` of a test."""
    if setting == "KYCAID":
        _blocking.forget()
        _asynchronous.forget()


setting_changed.connect(_forget, dispatch_uid="kycaid_async")
