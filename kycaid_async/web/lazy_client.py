"""A client whose options stand in the settings of a web framework."""

import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import is_code
from kycaid_async.options import instance_of
from kycaid_async.sync.client import Kycaid
from kycaid_async.tracebacks import border

Client = TypeVar("Client", Kycaid, AsyncKycaid)

_ANY_KEY = "0" * 36
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


def made_of(kind: type[Client], settings: object, where: str) -> Client:
    """Return a client with ``settings``; see `client_options`. Raises `ConfigurationError`, which says ``where``."""
    options = client_options(settings, where)
    with border:
        try:
            return kind(**options)
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error.message}" if options else error.message) from None


def check_options(settings: object, where: str) -> None:
    """Raise `ConfigurationError` for settings of which no client can be made, once there is a key."""
    options = client_options(settings, where)
    if options.get("api_key") in (None, ""):
        options["api_key"] = _ANY_KEY
    made_of(AsyncKycaid, options, where)


def client_of(client: AsyncKycaid | None) -> AsyncKycaid:
    """Return the client of an application, or a new one. Raises `ConfigurationError`, also for a blocking client."""
    instance_of(AsyncKycaid, "an AsyncKycaid").or_none("one of the environment's settings").check("client", client)
    return AsyncKycaid() if client is None else client


class LazyClient(Generic[Client]):
    """One client for all threads of an application, made of its settings when it is first needed.

    ``settings`` returns them, and ``where`` says in messages where they are.
    """

    def __init__(self, kind: type[Client], settings: Callable[[], object], where: str) -> None:
        self._kind: type[Client] = kind
        self._settings, self._where = settings, where
        self._client: Client | None = None
        self._lock = threading.Lock()

    def get(self) -> Client:
        """Return the client. Raises `ConfigurationError`."""
        with self._lock:
            if self._client is None:
                self._client = made_of(self._kind, self._settings(), self._where)
            return self._client

    def forget(self) -> None:
        """Make the client anew when it is needed again, because the settings changed. Who has the old one keeps it."""
        with self._lock:
            self._client = None
