"""The blocking client."""

import copy
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from kycaid_async.client import AsyncKycaid
from kycaid_async.protocol.endpoint import Replay
from kycaid_async.protocol.timeout import Timeout
from kycaid_async.sync.blocking import Blocking, documented_as
from kycaid_async.sync.handle import ClientHandle
from kycaid_async.sync.loop_thread import loop_thread
from kycaid_async.sync.sections import Sections
from kycaid_async.tracebacks import border
from kycaid_async.transport.settings import AuthHeader
from kycaid_async.uploads.preflight import FileRules

if TYPE_CHECKING:
    from kycaid_async.hooks import HooksOption
    from kycaid_async.protocol.shared_pacing import PaceOption
    from kycaid_async.sync.raw_sections import RawSections


class Kycaid(Sections):
    """A client of the KYCAID API for scripts, notebooks and threads: `AsyncKycaid` without ``await``.

    ``with Kycaid() as client: …``, or `close` at the end; one that is forgotten is closed with the program. The
    sections and methods are those of `AsyncKycaid`, and so are the options, but for ``session``. Asynchronous iterators
    are plain ones here. An upload can come from a function that returns a new plain iterator of bytes, too: it runs in
    the thread of the call.

    One client serves many threads. All clients of a process share one event loop in a thread of its own, which the
    first call starts. After `os.fork` the child connects anew, and what the parent has open stays its own. An
    interruption (Ctrl-C) cancels the request and is raised at once: a creation may have been carried out then, as
    after any lost answer. Context variables of the caller are visible to the call.

    Where an event loop runs in the thread already, a call holds it up: `BlockedLoopWarning` says so once, outside of
    notebooks. Can be pickled as `AsyncKycaid` can; the pickle holds the API key in the clear.
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
        pace: "PaceOption | None" = None,
        hooks: "HooksOption" = None,
    ) -> None:
        with border:
            client = AsyncKycaid(
                api_key,
                base_url=base_url,
                timeout=timeout,
                max_retries=max_retries,
                max_connections=max_connections,
                max_file_size=max_file_size,
                check=check,
                auth_header=auth_header,
                paths=paths,
                proxy=proxy,
                trust_env=trust_env,
                allow_http=allow_http,
                ssl_context=ssl_context,
                pace=pace,
                hooks=hooks,
            )
        super().__init__(ClientHandle(client), client)

    def __repr__(self) -> str:
        return type(self).__name__ + repr(self._target).removeprefix("AsyncKycaid")

    @property
    def with_raw_response(self) -> "RawSections":
        """The sections, with operations that return a `RawResponse`: status, headers, attempts, and what was parsed.

        ``response = client.with_raw_response.documents.get(document_id)``. They raise what the others raise.
        """
        with loop_thread.holding_up_forks():  # a child could never import what was half imported
            from kycaid_async.sync.raw_sections import RawSections

            return RawSections(self._handle, self._target.with_raw_response)

    @documented_as(AsyncKycaid.request)
    def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | Sequence[Any] | None = None,
        query: Mapping[str, Any] | None = None,
        replay: Replay | str | None = None,
    ) -> Any:
        with border:
            call = self._handle.new_call()
            call.of(self._target.request, method, path, json=json, query=query, replay=replay)
            del path, json, query
            return call.run()

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
        other = copy.copy(self)
        with border:
            target = self._target.with_options(timeout=timeout, max_retries=max_retries, check=check, hooks=hooks)
        other.__dict__["_target"] = target
        return other

    def close(self) -> None:
        """Close the connections. The client cannot be used afterwards."""
        with border:
            self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        # For copies and pickles: sections hold options, so they are created anew.
        return {name: value for name, value in vars(self).items() if not isinstance(value, Blocking)}
