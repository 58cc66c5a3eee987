"""Who gets in, and what is no request at all."""

import asyncio
import io
import logging
from contextlib import suppress
from typing import Any

import aiohttp
import attrs
import pytest

from kycaid_async import AsyncKycaid, AuthenticationError
from kycaid_async.sandbox import SANDBOX_KEY, Sandbox
from kycaid_async.sandbox.http.access import KeyThrottle
from kycaid_async.sandbox.http.refusals import Refused

BAD_REQUEST = (400, {"type": "bad_request", "errors": []})
NOT_FOUND = (404, {"type": "not_found", "errors": []})
UNAUTHORIZED = (401, {"type": "unauthorized", "errors": []})


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        SANDBOX_KEY,
        f"Bearer {SANDBOX_KEY}",
        f"token {SANDBOX_KEY}",
        f"Token  {SANDBOX_KEY}",
        "Token x",
        "\xe9",
    ],
)
async def test_only_the_scheme_token_with_the_right_key_is_let_in(call, key):
    assert await call("POST", "/applicants", key=key, json={"type": "PERSON"}) == UNAUTHORIZED


async def test_the_header_of_the_vendors_openapi_file_is_let_in_too(call):
    status, _ = await call("POST", "/applicants", key=None, headers={"API-Key": SANDBOX_KEY}, json={"type": "PERSON"})
    assert status == 200


async def test_the_client_gets_in_with_either_header(sandbox):
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url, auth_header="API-Key") as kycaid:
        assert len(await kycaid.applicants.create(type="PERSON")) == 36


async def test_the_client_learns_that_its_key_is_wrong(sandbox):
    async with AsyncKycaid("x" * 36, base_url=sandbox.url) as kycaid:
        with pytest.raises(AuthenticationError):
            await kycaid.applicants.create(type="PERSON")
    assert sandbox.counts()["applicants"] == 0


async def test_nothing_is_said_about_paths_without_a_key(call):
    assert await call("GET", "/nowhere", key=None) == UNAUTHORIZED


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("GET", "/applicants"), ("DELETE", f"/applicants/{'a' * 36}"), ("GET", "/"), ("PUT", "/")],
)
async def test_an_unknown_path_or_verb_is_not_found(call, method, path):
    assert await call(method, path) == NOT_FOUND


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"type": NaN}',
        b'{"type": "\\ud800"}',
        b"[" * 100_000,
        b'{"transaction_amount": ' + b"9" * 5000 + b"}",
    ],
)
async def test_what_is_no_json_object_is_a_bad_request(call, body):
    assert await call("POST", "/applicants", data=body) == BAD_REQUEST


async def test_json_without_end_is_refused_before_it_is_read(call):
    status, body = await call("POST", "/applicants", data=io.BytesIO(b" " * (2 << 20)))
    assert (status, body["type"]) == (413, "bad_request")


async def test_bytes_that_are_no_http_are_never_answered_with_html(sandbox):
    host, port = sandbox.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /<b> NONSENSE\r\nAccept: text/html\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert b"400" in answer.splitlines()[0]
    assert b"<html" not in answer.lower()


async def test_the_log_holds_operations_and_statuses_and_nobodys_data(call, caplog):
    caplog.set_level(logging.DEBUG)
    await call("POST", "/applicants", json={"type": "PERSON", "first_name": "Canary"})
    await call("POST", "/applicants", json={"type": "PERSON", "first_name": "Canary7", "email": "canary@example.com"})
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("kycaid_async", "aiohttp"))]
    assert ours == ["applicants.create 200", "applicants.create 422"]
    assert "anary" not in caplog.text


async def test_a_fault_of_the_sandbox_is_an_answer_and_its_text_is_not_logged(call, sandbox, monkeypatch, caplog):
    def broken(*_args):
        raise RuntimeError("Canary")

    monkeypatch.setattr("kycaid_async.sandbox.application.validated", broken)
    assert await call("POST", "/applicants", json={}) == (500, {"type": "internal_server", "errors": []})
    assert "RuntimeError" in caplog.text
    assert "Canary" not in caplog.text


@attrs.define
class Waiting:
    """Moves the clock in the place of waiting."""

    clock: Any
    slept: list = attrs.field(factory=list)

    async def __call__(self, seconds):
        self.slept.append(round(seconds, 3))
        self.clock.pass_seconds(seconds)


async def ask(sandbox, key, header="API-Key"):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.url}/nowhere", headers={header: key} if key else {}) as response,
    ):
        return response.status


async def test_each_wrong_key_is_answered_later_than_the_one_before(clock):
    rest = Waiting(clock)
    async with Sandbox(api_key="k" * 36, clock=clock, sleep=rest) as sandbox:
        assert [await ask(sandbox, key) for key in ["", *"abcdefghijkl"]] == [401] * 13
        assert rest.slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
        clock.pass_seconds(301)
        assert await ask(sandbox, "Token x", "Authorization") == 401
        assert len(rest.slept) == 9


async def test_the_right_key_waits_for_nobody_where_nobody_guesses(clock):
    rest = Waiting(clock)
    async with Sandbox(api_key="k" * 36, clock=clock, sleep=rest) as sandbox:
        for key in ("old", "old", "old", "old", "old", "mistyped"):
            assert await ask(sandbox, key) == 401
            assert await ask(sandbox, "k" * 36) == 404
    assert rest.slept == []


async def test_guesses_that_are_sent_at_once_wait_for_each_other_and_so_does_the_right_one_among_them(clock):
    slept, gate = [], asyncio.Event()

    async def rest(seconds):
        slept.append(round(seconds, 3))
        await gate.wait()

    async with Sandbox(api_key="k" * 36, clock=clock, sleep=rest) as sandbox:
        asked = [asyncio.ensure_future(ask(sandbox, f"guess {n}")) for n in range(40)]
        while sum(task.done() for task in asked) + len(slept) < 40:
            await asyncio.sleep(0.001)
        # Three at once, those whose turn comes within half a minute, and of the others nothing is looked at.
        statuses = [task.result() for task in asked if task.done()]
        assert slept == [0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 11.3, 16.3, 21.3, 26.3]
        assert (statuses.count(401), statuses.count(429)) == (3, 27)
        assert await ask(sandbox, "k" * 36) == 429
        clock.pass_seconds(10)
        right = asyncio.ensure_future(ask(sandbox, "k" * 36))
        while len(slept) < 11:
            await asyncio.sleep(0.001)
        assert slept[-1] == 21.3
        gate.set()
        assert await right == 404
        assert {await task for task in asked} == {401, 429}


async def test_the_guesses_of_one_address_slow_no_other_down(clock):
    async def rest(seconds):
        slept.append(seconds)

    slept = []
    throttle = KeyThrottle("k" * 36, rest, clock)
    for n in range(20):
        with suppress(Refused):
            await throttle.judge(f"2001:db8::{n:x}", f"guess {n}", is_right=False)
    assert len(slept) > 5
    slept.clear()
    for other in ("192.0.2.1", "2001:db8:1::1", "::ffff:192.0.2.2", None, "no address"):
        assert await throttle.judge(other, "k" * 36, is_right=True)
        assert not await throttle.judge(other, "guess", is_right=False)
    assert slept == []


async def test_what_a_throttle_remembers_is_bounded(clock):
    async def rest(_seconds):
        clock.pass_seconds(10)

    throttle = KeyThrottle("k" * 36, rest, clock)
    for n in range(3000):
        await throttle.judge(f"10.0.{n // 250}.{n % 250}", "guess", is_right=False)
        await throttle.judge("192.0.2.1", f"guess {n}", is_right=False)
    assert len(throttle._clients) <= 1000
    assert len(throttle._clients["192.0.2.1"].wrong) <= 1000


async def test_where_everybody_knows_the_key_a_wrong_one_is_answered_at_once(clock):
    slept = []

    async def rest(seconds):
        slept.append(seconds)

    async with Sandbox(clock=clock, sleep=rest) as sandbox, aiohttp.ClientSession() as session:
        for _ in range(5):
            async with session.get(f"{sandbox.url}/nowhere", headers={"API-Key": "x"}) as response:
                assert response.status == 401
    assert slept == []
