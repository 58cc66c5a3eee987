"""Look-ups of the server's name that bring nothing: no connection, nothing processed, and the next call goes on."""

import logging
import socket
from urllib.parse import urlsplit

import pytest

from kycaid_async import ConnectionFailedError

pytestmark = pytest.mark.usefixtures("each_way")


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "a..example", "ä" * 64 + ".example"])
async def test_a_name_that_no_encoding_has_is_no_such_host(make_client, host):
    client = make_client(f"https://{host}", max_retries=0)
    with pytest.raises(ConnectionFailedError, match="no such host") as caught:
        await client.request("POST", "/x", json={}, replay="billed")
    assert (caught.value.maybe_processed, caught.value.retryable) == (False, True)


async def test_a_name_without_addresses_is_no_such_host_and_changes_no_way_of_requests(
    make_client, server, monkeypatch, caplog
):
    url = server.url.replace("127.0.0.1", "kycaid.localhost")
    server.answer(200, {"applicant_id": "a" * 36, "type": "PERSON"})
    client = make_client(url, max_retries=0, allow_http=["kycaid.localhost"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    with caplog.at_level(logging.WARNING), pytest.raises(ConnectionFailedError, match="no such host"):
        await client.applicants.get("a" * 36)
    assert caplog.records == []
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", urlsplit(server.url).port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address])
    assert (await client.applicants.get("a" * 36)).type == "PERSON"
