"""The reading side of a connection, which loses no answer for what comes behind it."""

import re
from collections.abc import Iterator
from typing import Any, Final

from aiohttp.client_proto import ResponseHandler

from kycaid_async.transport.aiohttp.parts import HttpProcessingError

_END_OF_HEAD: Final = b"\r\n\r\n"
_INFORMATIONAL: Final = re.compile(rb"HTTP/1\.[01] 1(?!01)\d\d")
_LENGTH: Final = re.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_CHUNKED: Final = re.compile(rb"^transfer-encoding:.*chunked[ \t]*$", re.IGNORECASE | re.MULTILINE)
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,15})(?:;[^\r\n]*)?\r\n")


class AnswerProtocol(ResponseHandler):
    """aiohttp's protocol; an answer that is whole counts, whatever bytes came with it.

    aiohttp drops an answer when what lies behind it in the same read is no HTTP. An answer may say what was made, and
    what it cost; nothing is read from its connection any more.
    """

    _data = b""
    """What is being read, when it is the first of an answer."""
    _is_first = False
    _options: dict[str, Any]

    def set_response_params(self, **options: Any) -> None:
        """Expect an answer. aiohttp calls this, or who reads past its session."""
        self._options, self._is_first = options, True
        super().set_response_params(**options)

    def data_received(self, data: bytes) -> None:
        """Read what has arrived."""
        self._data, self._is_first = data if self._is_first else b"", False
        super().data_received(data)
        self._data = b""

    def set_exception(self, exc: BaseException, *cause: Any, **named: Any) -> None:
        """Fail, unless what has arrived begins with an answer that is whole."""
        data, self._data = self._data, b""
        end = _end_of_answer(data) if isinstance(exc, HttpProcessingError) else None
        if end is None:
            super().set_exception(exc, *cause, **named)
            return
        super().set_response_params(**self._options)  # with a parser that has seen nothing
        super().data_received(data[:end])
        self.force_close()


def _end_of_answer(data: bytes) -> int | None:
    """Return where the first answer in ``data`` ends that is not informational, if it does and something follows."""
    head, body = next(((head, body) for head, body in _heads(data) if not _INFORMATIONAL.match(head)), (b"", 0))
    length = _LENGTH.search(head.replace(b"\r\n", b"\n"))
    if length is not None:
        end: int | None = body + int(length[1])
    else:
        end = _end_of_chunks(data, body) if _CHUNKED.search(head.replace(b"\r\n", b"\n")) else None
    return end if end is not None and end < len(data) else None


def _heads(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield what precedes each empty line, and where what follows it begins."""
    begin = 0
    while (end := data.find(_END_OF_HEAD, begin)) >= 0:
        yield data[begin:end], end + len(_END_OF_HEAD)
        begin = end + len(_END_OF_HEAD)


def _end_of_chunks(data: bytes, begin: int) -> int | None:
    """Return where a chunked body without trailers ends; None when it does not."""
    while chunk := _CHUNK.match(data, begin):
        begin = chunk.end() + int(chunk[1], 16)
        if data[begin : begin + 2] != b"\r\n":
            return None
        begin += 2
        if not int(chunk[1], 16):
            return begin
    return None
