"""What a blocking client, its copies with other options, its sections and its iterators hold in common."""

from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import ConfigurationError
from kycaid_async.sync.call import Call
from kycaid_async.sync.loop_thread import bridge

# What is open must not become garbage together with what would close it.
_open: set[AsyncKycaid] = set()


class Link:
    """The way to the loop for the connections of one client, closed at the latest when nobody holds it any more."""

    def __init__(self, client: AsyncKycaid) -> None:
        self._client = client
        self._used = False
        self._closed = False

    def enter(self) -> Call:
        """Return the way in for one call. Raises `ConfigurationError` once the client is closed."""
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        call = bridge.enter()
        if not self._used:
            self._used = True
            _open.add(self._client)
        return call

    def close(self) -> None:
        """Close the connections. Harmless when there are none."""
        if self._used and not self._closed and not bridge.ended:
            bridge.enter().run(self._client.aclose())
        self._closed = True
        _open.discard(self._client)

    def __del__(self) -> None:
        if self._used and not self._closed:
            bridge.spawn(self._client.aclose)
            _open.discard(self._client)

    def __reduce__(self) -> tuple[type["Link"], tuple[AsyncKycaid]]:
        return Link, (self._client,)
