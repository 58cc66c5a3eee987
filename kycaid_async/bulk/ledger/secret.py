"""The secret of a ledger: with it rows are recognised, and without it nothing can be guessed from the digests.

A digest of a name and a birth date can be found by trying all of them. So what stands in a ledger is keyed, with a
secret in a file of its own beside it, or with one that the account's API key gives.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from typing import Final, Literal, Self

import attrs

from kycaid_async.transport.settings import api_key_of
from kycaid_async.values.secret import ApiKey

SecretFrom = Literal["file", "api-key"]

SHORTEST_KEY: Final = 32
"""Characters. A shorter key might be found by trying, with the ledger at hand, and then birth dates too."""
FROM_KEY: Final[SecretFrom] = "api-key"
_SIZE: Final = 32
_NONCE: Final = 16
_TAG: Final = 16


@attrs.frozen
class Secret:
    """Turns digests into those that stand in the ledger."""

    _key: bytes = attrs.field(repr=False)
    _salt: str | None = None
    """Of one that an API key gives."""
    _begun: "dict[str, hashlib.blake2b]" = attrs.field(init=False, repr=False, eq=False, factory=dict)
    """By kind: what has taken the key, and nothing else yet."""
    _seal_keys: tuple[bytes, bytes] = attrs.field(
        init=False,
        repr=False,
        eq=False,
        default=attrs.Factory(
            lambda self: (self.keyed("seal", b"stream"), self.keyed("seal", b"tag")), takes_self=True
        ),
    )

    @classmethod
    def derived(cls, api_key: str, salt: str | None = None) -> Self:
        """Return the one that an API key gives with ``salt``, or a new salt: HKDF (RFC 5869) with SHA-256."""
        salt = secrets.token_hex(16) if salt is None else salt
        extracted = hmac.digest(salt.encode(), api_key.encode(), "sha256")
        return cls(hmac.digest(extracted, b"kycaid ledger\x01", "sha256"), salt)

    @classmethod
    def new(cls) -> Self:
        """Return one that lasts as long as the process."""
        return cls(secrets.token_bytes(_SIZE))

    def keyed(self, kind: str, digest: bytes) -> bytes:
        """Return what stands in the ledger for ``digest``; each kind of thing has others."""
        begun = self._begun.get(kind)
        if begun is None:
            begun = self._begun[kind] = hashlib.blake2b(key=self._key, digest_size=32, person=kind.encode())
        keyed = begun.copy()  # half of the work is to begin with the key
        keyed.update(digest)
        return keyed.digest()

    def seal(self, text: str) -> str:
        """Return ``text`` as it can stand in the ledger: only this secret opens it."""
        plain, nonce = text.encode(errors="surrogatepass"), secrets.token_bytes(_NONCE)
        masked = _xor(plain, self._stream(nonce, len(plain)))
        return base64.b64encode(nonce + masked + self._tag(nonce + masked)).decode()

    def unseal(self, sealed: str) -> str | None:
        """Return what `seal` got; None for what another secret sealed, or what was changed."""
        try:
            content = base64.b64decode(sealed, validate=True)
        except ValueError:
            return None
        nonce, masked, tag = content[:_NONCE], content[_NONCE:-_TAG], content[-_TAG:]
        if len(content) < _NONCE + _TAG or not hmac.compare_digest(tag, self._tag(nonce + masked)):
            return None
        return _xor(masked, self._stream(nonce, len(masked))).decode(errors="surrogatepass")

    def _stream(self, nonce: bytes, length: int) -> bytes:
        # A sponge with the key in front is a pseudo-random function; each text has a nonce of its own.
        return hashlib.shake_256(self._seal_keys[0] + nonce).digest(length)

    def _tag(self, content: bytes) -> bytes:
        return hmac.digest(self._seal_keys[1], content, "sha256")[:_TAG]

    def write(self, path: str) -> None:
        """Write it beside the ledger at ``path``. Nobody but its owner can read it at any time."""
        fd = os.open(secret_path(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(fd, self._key.hex().encode() + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)
        sync_folder(path)

    @property
    def check(self) -> str:
        """Check value by which a ledger knows its secret."""
        return self.keyed("secret", b"").hex()

    @property
    def about(self) -> dict[str, str]:
        """Description of the secret in the ledger. The secret cannot be had from it."""
        said = {"secret": self.check}
        return said if self._salt is None else said | {"secret_from": FROM_KEY, "secret_salt": self._salt}

    def fits(self, about: Mapping[str, str]) -> bool:
        """Say whether it is that of the ledger which says ``about``."""
        return hmac.compare_digest(self.check.encode(), about.get("secret", "").encode())


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def made_from(about: Mapping[str, str]) -> SecretFrom:
    """Return where the secret of the ledger that says ``about`` is from."""
    return FROM_KEY if about.get("secret_from") == FROM_KEY else "file"


def secret_key_of(text: str | None = None) -> ApiKey | None:
    """Return the key that gives the secret of an older ledger: ``text``, or the environment's ``KYCAID_LEDGER_KEY``.

    Raises `ConfigurationError`.
    """
    text = text or os.environ.get("KYCAID_LEDGER_KEY")
    return api_key_of(text) if text else None


def secret_path(path: str) -> str:
    """Return where the secret of the ledger at ``path`` is."""
    return f"{path}.key"


def read_secret(path: str) -> Secret | None:
    """Return the secret of the ledger at ``path``, None when there is none."""
    try:
        with open(secret_path(path), "rb") as file:
            key = bytes.fromhex(file.read(1000).decode("ascii").strip())
    except (FileNotFoundError, ValueError):
        return None
    return Secret(key) if len(key) == _SIZE else None


def make_secret(path: str) -> Secret:
    """Return the secret of the ledger at ``path``, which has recorded nothing yet. It is on the disk by then.

    One that was left of a run that was killed here is used.
    """
    secret = read_secret(path)
    if secret is None:
        secret = Secret.new()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(secret_path(path))  # cut off while it was written, before any row
        secret.write(path)
    return secret


def sync_folder(path: str) -> None:
    """Let the name of a new file be on the disk too, where a folder can be told so."""
    with contextlib.suppress(OSError):
        fd = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
