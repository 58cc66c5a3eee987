"""Look-ups of the server's name: shared, and without a trace when they bring nothing or nobody waits any more."""

import asyncio
import logging
import socket
import threading
from urllib.parse import urlsplit

import pytest

from kycaid_async import ConnectionFailedError, RequestTimeoutError
from kycaid_async.transport.aiohttp.resolver import resolver_options

pytestmark = pytest.mark.usefixtures("each_way")
NAME = "kycaid.localhost"


class Names:
    """Stands in the place of the system's look-ups: they wait until they are told to go on."""

    def __init__(self, *addresses):
        self.addresses, self.asked, self.go_on = addresses, [], threading.Event()

    def __call__(self, host, port, *_, **__):
        self.asked.append(host)
        assert self.go_on.wait(30)
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (ip, port)) for ip in self.addresses]

    async def are_asked(self):
        while not self.asked:
            await asyncio.sleep(0.01)


@pytest.fixture
def names(monkeypatch):
    def names(*addresses):
        made = Names(*addresses)
        monkeypatch.setattr(socket, "getaddrinfo", made)
        return made

    return names


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


@pytest.mark.parametrize("ended_by", ["a cancellation", "a time-out"])
async def test_a_call_that_ends_while_a_name_is_looked_up_leaves_nothing_in_the_log(
    make_client, names, caplog, ended_by
):
    system = names()
    client = make_client(f"https://{NAME}", max_retries=0, timeout=0.2 if ended_by == "a time-out" else 30)
    call = asyncio.create_task(client.applicants.get("a" * 36))
    await system.are_asked()
    if ended_by == "a cancellation":
        call.cancel()
    await asyncio.wait([call])
    assert call.cancelled() or isinstance(call.exception(), RequestTimeoutError)
    system.go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    await asyncio.sleep(0)
    del call
    assert [record.message for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_calls_at_once_share_a_look_up_and_the_end_of_the_first_leaves_it_to_the_others(
    make_client, server, names
):
    for _ in range(5):
        server.answer(200, {"applicant_id": "a" * 36, "type": "PERSON"})
    system = names("127.0.0.1")
    client = make_client(server.url.replace("127.0.0.1", NAME), max_retries=0, allow_http=[NAME])
    calls = [asyncio.create_task(client.applicants.get("a" * 36)) for _ in range(5)]
    await system.are_asked()
    calls[0].cancel()
    await asyncio.wait([calls[0]])
    system.go_on.set()
    assert [one.type for one in await asyncio.gather(*calls[1:])] == ["PERSON"] * 4
    assert (await client.applicants.get("a" * 36)).type == "PERSON"
    assert system.asked == [NAME]


async def test_the_error_of_a_shared_look_up_is_that_of_each_call(make_client, names):
    system = names()
    client = make_client(f"https://{NAME}", max_retries=0)
    calls = [asyncio.create_task(client.applicants.get("a" * 36)) for _ in range(3)]
    await system.are_asked()
    system.go_on.set()
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(error) for error in errors} == {ConnectionFailedError}
    assert len(system.asked) == 1


async def test_addresses_take_turns_and_are_kept_for_a_moment(names, monkeypatch):
    system = names("10.0.0.1", "10.0.0.2")
    system.go_on.set()
    resolver = resolver_options()["resolver"]
    first, second = [[one["host"] for one in await resolver.resolve(NAME, 443)] for _ in range(2)]
    assert sorted(first) == sorted(second) == ["10.0.0.1", "10.0.0.2"]
    assert first != second
    later = asyncio.get_running_loop().time() + 11
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: later)
    await resolver.resolve(NAME, 443)
    assert len(system.asked) == 2


async def test_a_look_up_that_hangs_takes_one_thread_however_many_calls_end_meanwhile(names):
    system = names("10.0.0.1")
    resolver = resolver_options()["resolver"]
    for _ in range(4):
        call = asyncio.create_task(resolver.resolve(NAME, 443))
        await system.are_asked()
        call.cancel()
        await asyncio.wait([call])
    later = asyncio.create_task(resolver.resolve(NAME, 443))
    await asyncio.sleep(0)
    system.go_on.set()
    assert [one["host"] for one in await later] == ["10.0.0.1"]
    await asyncio.get_running_loop().shutdown_default_executor()
    assert system.asked == [NAME]


async def test_calls_at_once_get_the_address_that_the_system_prefers_and_then_the_others(names):
    system = names("10.0.0.1", "10.0.0.2", "10.0.0.3")
    system.go_on.set()
    resolver = resolver_options()["resolver"]
    answers = await asyncio.gather(*(resolver.resolve(NAME, 443) for _ in range(4)))
    assert [answer[0]["host"] for answer in answers] == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"]


async def test_addresses_of_names_that_nobody_asks_for_any_more_are_not_kept(names, monkeypatch):
    system = names("10.0.0.1")
    system.go_on.set()
    resolver, loop = resolver_options()["resolver"], asyncio.get_running_loop()
    for number in range(3):
        await resolver.resolve(f"{number}.{NAME}", 443)
    later = loop.time() + 11
    monkeypatch.setattr(loop, "time", lambda: later)
    await resolver.resolve(NAME, 443)
    assert [host for host, *_ in resolver._known] == [NAME]
