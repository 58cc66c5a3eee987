"""The client that asyncio programs call."""

import copy
import os
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs

from kycaid_async import servers
from kycaid_async.api.section import Section
from kycaid_async.api.sections import Sections
from kycaid_async.errors import ConfigurationError
from kycaid_async.options import Kind
from kycaid_async.protocol.endpoint import Endpoint, Replay
from kycaid_async.protocol.request import undeclared_endpoint
from kycaid_async.protocol.retry import RetryBudget, RetryPolicy
from kycaid_async.protocol.timeout import Timeout
from kycaid_async.timing import Timing
from kycaid_async.tracebacks import border, confidential
from kycaid_async.transport.proxies import proxy_of
from kycaid_async.transport.settings import (
    AuthHeader,
    Settings,
    allow_http_of,
    api_key_of,
    auth_header_of,
    base_url_of,
    pace_of,
    paths_of,
)
from kycaid_async.uploads.preflight import FileRules

if TYPE_CHECKING:
    # What pyright takes for an attribute that fits a protocol; it does not see through other descriptors there.
    from builtins import property as cached_property

    import aiohttp

    from kycaid_async.api.raw_response import RecordedCall
    from kycaid_async.api.raw_sections import RawSections
    from kycaid_async.bulk.bulk import Bulk
    from kycaid_async.hooks import HooksOption, Observers
    from kycaid_async.protocol.shared_pacing import PaceOption
    from kycaid_async.transport.exchange import Exchange
    from kycaid_async.transport.loop_resources import ResourceRegistry
else:

    class cached_property:  # noqa: N801 - it stands in for the one of functools
        """The one of functools without its lock, which Python 3.11 still has.

        One lock per class is held while the value is made; when another thread forks meanwhile, the child finds it
        locked for ever. Two threads at once may both make a value here: one of them is kept.
        """

        def __init__(self, function: Callable[[Any], Any]) -> None:
            self._function = function
            self.__doc__ = function.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: object | None, owner: type) -> Any:
            if instance is None:
                return self
            return vars(instance).setdefault(self._name, self._function(instance))


T = TypeVar("T")

_SESSION = Kind(
    "an aiohttp.ClientSession",
    lambda value: not isinstance(value, type) and hasattr(value, "request") and hasattr(value, "closed"),
).or_none("one of its own")


class AsyncKycaid(Sections):
    """A client of the KYCAID API for asyncio.

    ``async with AsyncKycaid() as client: …`` or `aclose` at the end. One client serves a whole program and many tasks
    at once; used in another event loop it connects anew.

    * ``api_key``: default the environment's ``KYCAID_API_KEY``.
    * ``base_url``: default ``KYCAID_BASE_URL``, then `servers.PRODUCTION`. Without TLS only for loopback, and for
      ``allow_http``: exact names of hosts in a network of yours, such as ``["kycaid", "10.0.0.5"]``; default
      ``KYCAID_ALLOW_HTTP``, with commas between.
    * ``timeout``: seconds, or a `Timeout`.
    * ``max_retries``: how often a call is repeated after its first attempt, where that is safe.
    * ``max_connections``: how many requests run at once, on each event loop; further ones wait their turn.
    * ``max_file_size``: the largest file that is uploaded, in bytes; None for no limit.
    * ``check``: whether requests and files are held against the reference's limits before they are sent.
    * ``auth_header``: ``API-Key`` sends the key as the vendor's OpenAPI file says; all known traffic uses the default.
    * ``paths``: path templates by operation, such as ``{"languages.list": "/v2/languages"}``, for what has moved.
    * ``proxy``: ``http://host:port`` or ``https://host:port``, with ``user:password@`` before the host if needed. Where
      ``base_url`` has no TLS, the proxy can read all: then it has to be loopback or in ``allow_http`` too.
    * ``trust_env``: without ``proxy``, whether to use that of the environment (``HTTPS_PROXY``, ``HTTP_PROXY``,
      ``ALL_PROXY``, ``NO_PROXY``, in small letters too), as it is when the client is made.
    * ``ssl_context``: a context of your own for TLS.
    * ``session``: an `aiohttp.ClientSession` of your own, used in its own loop and never closed here. On a lost
      connection aiohttp repeats GET, PUT and DELETE once by itself there, which ``attempts`` does not count.
    * ``pace``: the URL of a Redis (``redis://host:6379/0``), in which all clients of the account that name it agree on
      one pace, wherever they run; default ``KYCAID_PACE_URL``. It needs the extra ``redis``.
    * ``hooks``: `Hooks`, or several of them: functions of yours that are told of attempts, retries and results.

    A client can be pickled, for other processes: it comes out with the same options and no connections yet. The pickle
    holds the API key in the clear. One with an ``ssl_context`` or a ``session`` raises `ConfigurationError` instead.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: Timeout | float | None = None,
        max_retries: int = 3,
        max_connections: int = 64,
        max_file_size: int | None = FileRules().max_size,
        check: bool = True,
        auth_header: AuthHeader = "Authorization",
        paths: Mapping[str, str] | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
        allow_http: Iterable[str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        session: "aiohttp.ClientSession | None" = None,
        pace: "PaceOption | None" = None,
        hooks: "HooksOption" = None,
    ) -> None:
        with border:  # who reports that it failed need not tell the key
            plain = allow_http_of(os.environ.get("KYCAID_ALLOW_HTTP") if allow_http is None else allow_http)
            server = base_url_of(_first(base_url, os.environ.get("KYCAID_BASE_URL") or None, servers.PRODUCTION), plain)
            self._settings = Settings(
                api_key=api_key_of(_first(api_key, os.environ.get("KYCAID_API_KEY"), "")),
                base_url=server,
                auth_header=auth_header_of(auth_header),
                timeout=Timeout.of(timeout),
                retries=RetryPolicy(max_retries=max_retries),
                max_connections=max_connections,
                files=FileRules(max_size=max_file_size, check_content=check),
                check=check,
                paths=_paths_of(paths),
                proxy=proxy_of(proxy, trust_env=trust_env, base_url=server, allow_http=plain),
                allow_http=plain,
                ssl_context=ssl_context,
                observers=_observers_of(hooks),
                pace=pace_of(os.environ.get("KYCAID_PACE_URL") or None if pace is None else pace),
            )
            _SESSION.check("session", session)
            self._shared = _Shared(self._settings, session)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._settings.base_url!r})"

    @cached_property
    def bulk(self) -> "Bulk":
        """Many documents at once, with a ledger."""
        from kycaid_async.bulk.bulk import Bulk

        return Bulk(self._call_once, self._settings, self._shared.timing)

    @cached_property
    def with_raw_response(self) -> "RawSections":
        """The sections, with operations that return a `RawResponse`: status, headers, attempts, and what was parsed.

        ``response = await client.with_raw_response.documents.get(document_id)``. They raise what the others raise.
        """
        from kycaid_async.api.raw_sections import RawSections

        return RawSections(self._recorded_call)

    @confidential
    def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | Sequence[Any] | None = None,
        query: Mapping[str, Any] | None = None,
        replay: Replay | str | None = None,
    ) -> Awaitable[Any]:
        """Call what this version does not know yet, and return the decoded JSON.

        ``path`` stands below the base URL, as in ``/documents/…``. ``replay`` says what a repetition does; the default
        is ``safe`` for GET, ``idempotent`` for PUT, PATCH and DELETE, and ``billed`` for POST, which is repeated only
        when the server cannot have acted: without a connection, or when KYCAID itself refused for now. Raises
        `InvalidRequestError` and the errors of a call.
        """
        endpoint = undeclared_endpoint(method, path, replay)
        return self._call(endpoint, path={"path": path[1:]}, query=query, body=json)

    def with_options(
        self,
        *,
        timeout: Timeout | float | None = None,
        max_retries: int | None = None,
        check: bool | None = None,
        hooks: "HooksOption" = None,
    ) -> Self:
        """Return a client with other options over the same connections: closing one closes both.

        ``hooks`` stand in place of those of this client; ``()`` is for none. Raises `ConfigurationError`.
        """
        settings = self._settings
        if timeout is not None:
            settings = attrs.evolve(settings, timeout=Timeout.of(timeout))
        if max_retries is not None:
            settings = attrs.evolve(settings, retries=attrs.evolve(settings.retries, max_retries=max_retries))
        if check is not None:
            files = attrs.evolve(settings.files, check_content=check)
            settings = attrs.evolve(settings, check=check, files=files)
        if hooks is not None:
            settings = attrs.evolve(settings, observers=_observers_of(hooks))
        other = copy.copy(self)
        other.__dict__["_settings"] = settings
        return other

    def __getstate__(self) -> dict[str, Any]:
        # For copies and pickles. First what refuses to be pickled, then the rest, but for what is made of the settings.
        made = ("_exchange", "_single_exchange", "bulk", "with_raw_response")
        own = {name: value for name, value in vars(self).items() if name not in made and not isinstance(value, Section)}
        return {"_shared": self._shared, **own}

    async def aclose(self) -> None:
        """Close the connections of the running loop; those of other loops close with their loops.

        A session that was passed in stays open. The client cannot be used afterwards.
        """
        with border:
            await self._shared.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _open(self, section: type[Section]) -> Section:
        return section(self._call, self._shared.timing)

    def _call(self, endpoint: Endpoint[T], **given: Any) -> Awaitable[T]:
        return self._exchange(endpoint, **given)

    def _call_once(self, endpoint: Endpoint[T], **given: Any) -> Awaitable[T]:
        return self._single_exchange(endpoint, **given)

    def _recorded_call(self) -> "RecordedCall":
        from kycaid_async.api.raw_response import RecordedCall

        return RecordedCall(self._shared.exchange(self._settings), self._shared.timing)

    @cached_property
    def _single_exchange(self) -> "Exchange":
        """Repeats nothing, and does not check requests: who uses it does."""
        retries = attrs.evolve(self._settings.retries, max_retries=0)
        return self._shared.exchange(attrs.evolve(self._settings, retries=retries, check=False))

    @cached_property
    def _exchange(self) -> "Exchange":
        return self._shared.exchange(self._settings)


def _paths_of(given: Mapping[str, Any] | None) -> dict[str, str]:
    if given is None:
        return {}
    from kycaid_async.api.catalog import ENDPOINTS

    return paths_of(given, ENDPOINTS)


def _observers_of(hooks: "HooksOption") -> "Observers | None":
    if hooks is None:
        return None
    from kycaid_async.hooks import Observers

    return Observers.of(hooks)


def _first(*values: str | None) -> str:
    return next(value for value in values if value is not None)


class _Shared:
    """Parts that a client shares with its copies with other options. The first call imports aiohttp."""

    def __init__(self, settings: Settings, session: "aiohttp.ClientSession | None") -> None:
        self.timing = Timing()
        self._settings = settings
        self._session = session

    def exchange(self, settings: Settings) -> "Exchange":
        from kycaid_async.transport.exchange import Exchange

        if settings.observers is None:
            return Exchange(settings, self.resources, self._budget, self.timing)
        from kycaid_async.transport.observed import ObservedExchange

        observers = settings.observers
        return ObservedExchange(settings, self.resources, self._budget, self.timing, observers=observers)

    @cached_property
    def resources(self) -> "ResourceRegistry":
        from kycaid_async.transport.loop_resources import ResourceRegistry

        return ResourceRegistry(self._settings, self._session, clock=self.timing.clock, sleep=self.timing.sleep)

    @cached_property
    def _budget(self) -> RetryBudget:
        return RetryBudget()

    async def aclose(self) -> None:
        await self.resources.aclose()

    def __reduce__(self) -> tuple[type["_Shared"], tuple[Settings, None]]:
        if self._session is not None or self._settings.ssl_context is not None:
            raise ConfigurationError(
                "a client with an ssl_context or a session of its own cannot be pickled; make one where it is used"
            )
        return _Shared, (self._settings, None)
