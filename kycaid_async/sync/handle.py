"""The shared handle of a blocking client, its copies with other options, its sections and its iterators."""

from kycaid_async.client import AsyncKycaid
from kycaid_async.errors import ConfigurationError
from kycaid_async.sync.call import LoopCall
from kycaid_async.sync.loop_thread import loop_thread

# A client with open connections must outlive its handle, which closes it.
_open_clients: set[AsyncKycaid] = set()


class ClientHandle:
    """Gives calls on the loop, and closes the client's connections at the latest when it is garbage-collected."""

    def __init__(self, client: AsyncKycaid) -> None:
        self._client = client
        self._used = False
        self._closed = False

    def new_call(self) -> LoopCall:
        """Return a call to the loop. Raises `ConfigurationError` once the client is closed."""
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        call = loop_thread.new_call()
        if not self._used:
            self._used = True
            _open_clients.add(self._client)
        return call

    def close(self) -> None:
        """Close the connections. Harmless when there are none."""
        if self._used and not self._closed and not loop_thread.is_shut_down:
            loop_thread.new_call().of(self._client.aclose).run()
        self._closed = True
        _open_clients.discard(self._client)

    def __del__(self) -> None:
        if self._used and not self._closed:
            loop_thread.spawn(self._client.aclose)
            _open_clients.discard(self._client)

    def __reduce__(self) -> tuple[type["ClientHandle"], tuple[AsyncKycaid]]:
        return ClientHandle, (self._client,)
