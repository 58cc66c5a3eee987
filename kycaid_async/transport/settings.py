"""The settings of a client, and checks of what they are made from."""

import re
import ssl
from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, cast, get_args
from urllib.parse import quote, urlsplit

import attrs

from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import Unlisted, ValueObject, encodable, mask
from kycaid_async.options import FLAG, TEXT, Kind, instance_of, whole
from kycaid_async.protocol.endpoint import HOLES, Endpoint
from kycaid_async.protocol.request import is_plain_path
from kycaid_async.protocol.retry import RetryPolicy
from kycaid_async.protocol.timeout import Timeout
from kycaid_async.uploads.preflight import FileRules
from kycaid_async.values.secret import ApiKey, HiddenText

if TYPE_CHECKING:
    from kycaid_async.hooks import Observers
    from kycaid_async.protocol.shared_pacing import PaceOption

_AS_IT_IS = "%/:@!$&'()*+,;=~[]"

AuthHeader = Literal["Authorization", "API-Key"]


_CONTEXT = instance_of(ssl.SSLContext, "an ssl.SSLContext").or_none("the usual one")
_HOSTS = instance_of(Iterable, 'names of hosts, such as ["kycaid", "10.0.0.5"]').or_none("KYCAID_ALLOW_HTTP")
_PACE = Kind("the URL of a Redis", lambda value: isinstance(value, str) or callable(value)).or_none("KYCAID_PACE_URL")
_PATHS = instance_of(Mapping, "a mapping of operations to paths").or_none("those declared")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Settings(Unlisted, ValueObject):
    """The settings of one client. Can be pickled when ``ssl_context`` is None."""

    api_key: ApiKey
    base_url: str
    auth_header: AuthHeader = "Authorization"
    timeout: Timeout = attrs.field(factory=Timeout)
    retries: RetryPolicy = attrs.field(factory=RetryPolicy)
    max_connections: int = attrs.field(default=64, validator=whole(1))
    max_answer: int = 16 * 1024 * 1024
    """The largest answer that is read, in bytes."""
    files: FileRules = attrs.field(factory=FileRules)
    check: bool = attrs.field(default=True, validator=FLAG)
    paths: Mapping[str, str] = attrs.field(factory=dict)
    """Path templates by the name of their operation, in place of those declared."""
    proxy: str | None = attrs.field(default=None, repr=mask)
    allow_http: frozenset[str] = frozenset()
    """Hosts that requests may go to without TLS, besides loopback."""
    # aiohttp's connector takes anything that it does not know for the wish not to verify.
    ssl_context: ssl.SSLContext | None = attrs.field(default=None, validator=_CONTEXT)
    observers: "Observers | None" = None
    pace: "PaceOption | None" = attrs.field(default=None, repr=mask)
    """Where the clients of the account agree on their pace: the URL of a Redis, which may hold a password."""

    def authorization(self) -> dict[str, str]:
        """Return the header that carries the key."""
        key = self.api_key.reveal()
        name, value = ("API-Key", key) if self.auth_header == "API-Key" else ("Authorization", f"Token {key}")
        return {name: HiddenText(value)}


def api_key_of(text: str | None) -> ApiKey:
    """Return the key in ``text``. Raises `ConfigurationError`, which does not show it."""
    TEXT.or_none("KYCAID_API_KEY").check("api_key", text)
    if not text:
        raise ConfigurationError("no API key: pass api_key=… or set KYCAID_API_KEY")
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ConfigurationError("the API key has spaces, line breaks or other characters that no key has")
    return ApiKey(str.__str__(text))  # not by its own: an enum of texts gives its name


def auth_header_of(name: str) -> AuthHeader:
    """Return ``name``. Raises `ConfigurationError` when it is neither of the two headers."""
    for known in get_args(AuthHeader):
        if name == known:
            return cast("AuthHeader", known)
    raise ConfigurationError("auth_header: expected " + " or ".join(get_args(AuthHeader)))


def allow_http_of(hosts: Iterable[str] | str | None) -> frozenset[str]:
    """Return names of hosts, in small letters; a text holds them with commas between. Raises `ConfigurationError`."""
    _HOSTS.check("allow_http", hosts)
    names = hosts.split(",") if isinstance(hosts, str) else list(() if hosts is None else hosts)
    for name in names:
        TEXT.check("allow_http: a name", name)
    found = frozenset(_host(name) for name in names if name.strip())
    for name in found:
        if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", name):
            raise ConfigurationError(
                "allow_http, KYCAID_ALLOW_HTTP: expected names of hosts or addresses, such as kycaid or 10.0.0.5, "
                "without http://, port, path or *"
            )
    return found


def pace_of(pace: "PaceOption | None") -> "PaceOption | None":
    """Return ``pace``. Raises `ConfigurationError`, which does not show it, for what is no URL of a Redis."""
    _PACE.check("pace", pace)
    try:
        is_good = not isinstance(pace, str) or (bool(re.match(r"(rediss?|unix)://", pace)) and urlsplit(pace).port != 0)
    except ValueError:  # a port that is none
        is_good = False
    if not is_good:
        raise ConfigurationError("pace, KYCAID_PACE_URL: expected the URL of a Redis, as redis://host:6379/0")
    return pace


def _host(name: str) -> str:
    name = name.strip().lower()
    return name[1:-1] if name.startswith("[") and name.endswith("]") else name


def may_be_plain(host: str, allow_http: Collection[str]) -> bool:
    """Say whether requests may go to ``host`` without TLS."""
    return _is_loopback(host) or host in allow_http


def base_url_of(text: str, allow_http: Collection[str] = frozenset()) -> str:
    """Return ``text`` without its last slash. Raises `ConfigurationError` for what must not get the key."""
    TEXT.check("base_url", text)
    if encodable(text) != text:
        raise ConfigurationError("base_url: must be text that UTF-8 can carry")
    if re.search(r"[\s?#\\]", text):
        raise ConfigurationError("base_url: must not have a query, a fragment, or spaces")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError("base_url: expected a URL as https://host or https://host/path")
    if parts.username is not None:
        raise ConfigurationError("base_url: must not have a user or a password")
    if parts.scheme == "http" and not may_be_plain(host, allow_http):
        raise ConfigurationError(
            f"base_url: http://{host} would send the key and personal data in the clear; use https, or inside a "
            f"network that is yours allow it by name: allow_http=[{host!r}], or KYCAID_ALLOW_HTTP={host}"
        )
    # As it stands, but for what no request may carry. Nothing is undone or resolved in it.
    return f"{parts.scheme}://{parts.netloc}{quote(parts.path, safe=_AS_IT_IS)}".rstrip("/")


def paths_of(templates: Mapping[str, Any] | None, endpoints: Mapping[str, Endpoint[Any]]) -> dict[str, str]:
    """Return checked path templates. Raises `ConfigurationError` for unknown operations and unfit templates."""
    _PATHS.check("paths", templates)
    paths = dict(templates or {})
    for name, path in paths.items():
        if name not in endpoints:
            raise ConfigurationError(f"paths: there is no operation {name!r}")
        wanted = set(HOLES.findall(endpoints[name].path))
        sendable = is_plain_path(path) and path.isascii() and path.isprintable()
        if not sendable or set(HOLES.findall(path)) != wanted:
            holes = ", ".join(f"{{{hole}}}" for hole in sorted(wanted)) or "no {…}"
            raise ConfigurationError(f"paths: {name} needs a path that begins with / and has {holes}")
    return paths


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
