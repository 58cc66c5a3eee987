"""The signature of a callback. Reference: *Callbacks / Callback integrity verification*.

It is the lower-case hex of HMAC-SHA512 with the API key, over the standard Base64 of the raw body. No time is signed,
so a message stays valid for ever: see `confirm` and `Deduplicator`.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from kycaid_async.errors import BodyTooLargeError, ConfigurationError, InvalidSignatureError, RawBodyRequiredError
from kycaid_async.options import whole
from kycaid_async.tracebacks import border
from kycaid_async.values.secret import ApiKey

SIGNATURE_HEADER: Final = "x-data-integrity"
"""The header that carries the signature. Names of headers are not case-sensitive."""

MAX_BODY: Final = 1024 * 1024
"""The default limit of a body, in bytes. Callbacks take some kilobytes."""

Keys: TypeAlias = str | ApiKey | Iterable[str | ApiKey]
"""One API key, or several: of two accounts, or the old and the new one while keys are exchanged."""

BYTES: Final = whole(1)

_KEY = re.compile(r"[\x21-\x7e]+")


def verify(body: bytes, signature: str | None, keys: Keys, *, max_body: int = MAX_BODY) -> None:
    """Verify that ``signature`` is that of ``body`` with one of ``keys``; the comparison takes constant time.

    ``body`` is the body as it arrived, before any parsing; ``signature`` is the text of the header `SIGNATURE_HEADER`,
    or None when there is none. Raises `InvalidSignatureError`, `BodyTooLargeError` above
    ``max_body`` bytes, `RawBodyRequiredError` when ``body`` is not bytes, and `ConfigurationError` when there is no
    usable key, or ``max_body`` is no number of bytes. None of them shows the body, the signature or a key.
    """
    with border:
        BYTES.check("max_body", max_body)
        verify_with(keys_of(keys), body, signature, max_body=max_body)


def verify_with(keys: tuple[ApiKey, ...], body: bytes, signature: str | None, *, max_body: int) -> None:
    """Verify ``signature`` as `verify` does, with keys that `keys_of` validated."""
    raw = raw_body(body)
    check_size(len(raw), max_body)
    received = _ascii(signature)
    if not received:
        raise InvalidSignatureError(
            f"the callback has no signature: pass its {SIGNATURE_HEADER} header, and refuse it if there is none."
        )
    message = base64.b64encode(raw)
    # A list, so that every key is tried whichever of them fits.
    matches = [hmac.compare_digest(_digest(message, key), received) for key in keys]
    if not any(matches):
        raise _no_match(len(keys))


def _no_match(keys: int) -> InvalidSignatureError:
    return InvalidSignatureError(
        f"the callback's signature fits none of {keys} key(s). Check that the body is passed as it arrived, byte by "
        f"byte, that the signature is the {SIGNATURE_HEADER} header, and that the keys are the API keys of this "
        "account: test and live keys differ."
    )


def sign(body: bytes, key: str | ApiKey) -> str:
    """Return the signature that KYCAID would send with ``body``: for tests, and for servers that play KYCAID.

    Raises `RawBodyRequiredError` when ``body`` is not bytes, and `ConfigurationError` when the key is not usable.
    """
    with border:
        return _digest(base64.b64encode(raw_body(body)), _key(key)).decode()


def keys_of(keys: Keys) -> tuple[ApiKey, ...]:
    """Validate ``keys``. Raises `ConfigurationError` when there is none, or one that cannot be a key."""
    if isinstance(keys, str | ApiKey):
        return (_key(keys),)
    # The keys of a mapping would be names of accounts, and of bytes they would be numbers.
    if isinstance(keys, Mapping | bytes | bytearray) or not isinstance(keys, Iterable):
        raise ConfigurationError(f"keys: expected an API key or a list of them, got a {type(keys).__name__}")
    validated = tuple(_key(key) for key in keys)
    if not validated:
        raise ConfigurationError("keys: no API key was given, so that no callback could be checked")
    return validated


def raw_body(body: Any) -> bytes:
    """Return ``body`` when it is bytes. Raises `RawBodyRequiredError`."""
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    raise RawBodyRequiredError(
        f"body: expected the raw bytes of the request, got a {type(body).__name__}. The signature covers the bytes as "
        "they arrived: take them before any parsing, because JSON that is written again is not the same bytes."
    )


def check_size(size: int, limit: int) -> None:
    """Raise `BodyTooLargeError` when ``size`` bytes are more than ``limit``."""
    if size > limit:
        raise BodyTooLargeError(f"the callback's body is larger than {limit} bytes; its content was not looked at.")


def _key(key: Any) -> ApiKey:
    text = key.reveal() if isinstance(key, ApiKey) else key
    if not isinstance(text, str):
        raise ConfigurationError(f"keys: expected text, got a {type(text).__name__}")
    if not text:
        raise ConfigurationError("keys: an API key is empty; with an empty key anybody could sign callbacks")
    if not _KEY.fullmatch(text):
        raise ConfigurationError("keys: an API key has spaces, line breaks or other characters that no key has")
    return ApiKey(text)


def _digest(message: bytes, key: ApiKey) -> bytes:
    return hmac.new(key.reveal().encode(), message, "sha512").hexdigest().encode()


def _ascii(signature: object) -> bytes:
    """Return the bytes to compare. Text that cannot be a signature gives bytes that never equal one."""
    if signature is None:
        return b""
    if isinstance(signature, str):
        return str.encode(str.strip(signature), "ascii", "replace")
    raise InvalidSignatureError(
        f"the callback's signature: expected text, got {type(signature).__name__}; pass its {SIGNATURE_HEADER} "
        "header as text, which raw ASGI has in bytes."
    )
