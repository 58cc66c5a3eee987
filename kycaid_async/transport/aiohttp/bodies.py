"""Bodies of requests through an aiohttp session, which note when they leave this process.

Only where `own_bodies_fit`.
"""

from contextlib import ExitStack

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from kycaid_async.transport.aiohttp.sockets import ConnectionWriter, make_patient
from kycaid_async.transport.backend import OutgoingRequest
from kycaid_async.uploads.multipart import Multipart


class JsonBody(aiohttp.BytesPayload):
    """A JSON body that notes when there is a connection to write it to."""

    def __init__(self, request: OutgoingRequest, afterwards: ExitStack, body: bytes) -> None:
        super().__init__(body, content_type="application/json")
        self._request = request
        self._afterwards = afterwards

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Send the body. aiohttp calls this."""
        self._request.sent = True
        self._afterwards.callback(make_patient(ConnectionWriter(writer).transport))
        await super().write_with_length(writer, content_length)


class FileBody(aiohttp.Payload):
    """A file as a body for aiohttp's session."""

    @property
    def autoclose(self) -> bool:
        """Say that aiohttp has nothing to close."""
        return True

    def __init__(self, request: OutgoingRequest, afterwards: ExitStack, file: Multipart) -> None:
        super().__init__(file, content_type=file.content_type)
        self._request = request
        self._afterwards = afterwards
        self._file = file

    @property
    def size(self) -> int:
        """Bytes of the whole body."""
        return self._file.size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - aiohttp's signature
        """Refuse: an upload is never turned into text."""
        raise TypeError("an upload has no text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body. aiohttp calls this."""
        if self._request.sent:
            # A session of the user repeats a PUT by itself; the source is at its end by then.
            raise ConnectionResetError("the connection was lost while the file was sent")
        self._request.sent = True
        connection = ConnectionWriter(writer)
        self._afterwards.callback(make_patient(connection.transport))
        await self._file.write(connection)
