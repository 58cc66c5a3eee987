"""A server that is never the bottleneck: it reads requests without looking at them and answers at once.

Run as a process of its own: ``python -m benchmarks.server`` prints its port.
"""

import asyncio
import json
import re

DOCUMENT = {
    "document_id": "5f9aeb5e1f25e2441d182f56b6dcbfac12dd",
    "applicant_id": "723f46ab04feb64f442946f2953a67eaecf7",
    "type": "CREDIT_CARD",
    "provider": "MANUAL",
    "status": "new",
    "comment": None,
    "document_number": None,
    "additional_number": None,
    "issue_date": "2020-11-04",
    "expiry_date": "2028-11-04",
    "issuing_authority": None,
    "income_sources": [],
    "annual_income": None,
    "transaction_amount": None,
    "transaction_currency": None,
    "transaction_datetime": None,
    "transaction_purpose": None,
    "origin_funds": None,
    "card_number": "5375411422962063",
    "account_number": "UA383220010000026200330646508",
    "portrait": None,
    "front_side_id": "46b05f5c14c162402d186822fa0314c6162c",
    "front_side": None,
    "back_side_id": None,
    "back_side": None,
    "other_side_1_id": None,
    "other_side_1": None,
    "other_side_2_id": None,
    "other_side_2": None,
    "other_side_3_id": None,
    "other_side_3": None,
    "created_at": "2024-07-01 15:27:15",
    "decline_reasons_ids": None,
    "decline_reasons": [],
}

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def _answer(value: object) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


GET_ANSWER = _answer(DOCUMENT)
FILE_ANSWER = _answer({"file_id": "46b05f5c14c162402d186822fa0314c6162c"})


class Answering(asyncio.Protocol):
    """One connection. Bodies are counted, not kept."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.head = b""
        self.left = 0
        self.answer = GET_ANSWER

    def data_received(self, data: bytes) -> None:
        while data:
            if self.left:
                taken = min(self.left, len(data))
                self.left -= taken
                data = data[taken:]
                if not self.left:
                    self.transport.write(self.answer)
                continue
            self.head += data
            head, blank, data = self.head.partition(b"\r\n\r\n")
            if not blank:
                return
            self.head = b""
            found = _LENGTH.search(head)
            self.left = int(found[1]) if found else 0
            self.answer = FILE_ANSWER if b" /files" in head[:20] else GET_ANSWER
            if not self.left:
                self.transport.write(self.answer)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
