"""Who gets in, and what is no request at all."""

import asyncio
import io
import logging

import aiohttp
import pytest

from kycaid_async import AsyncKycaid, AuthenticationError
from kycaid_async.sandbox import SANDBOX_KEY, Sandbox

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

    monkeypatch.setattr("kycaid_async.sandbox.app.checked", broken)
    assert await call("POST", "/applicants", json={}) == (500, {"type": "internal_server", "errors": []})
    assert "RuntimeError" in caplog.text
    assert "Canary" not in caplog.text


async def test_each_wrong_key_is_answered_later_than_the_one_before_and_the_right_one_at_once(clock):
    slept = []

    async def rest(seconds):
        slept.append(seconds)

    async with Sandbox(api_key="k" * 36, clock=clock, sleep=rest) as sandbox, aiohttp.ClientSession() as session:

        async def ask(header, key):
            async with session.get(f"{sandbox.url}/nowhere", headers={header: key} if key else {}) as response:
                return response.status

        for key in ["", *("x" * 12)]:
            assert await ask("API-Key", key) == 401
        assert slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
        assert await ask("Authorization", f"Token {sandbox.api_key}") == 404
        clock.pass_seconds(301)
        assert await ask("Authorization", "Token x") == 401
        assert len(slept) == 9


async def test_where_everybody_knows_the_key_a_wrong_one_is_answered_at_once(clock):
    slept = []

    async def rest(seconds):
        slept.append(seconds)

    async with Sandbox(clock=clock, sleep=rest) as sandbox, aiohttp.ClientSession() as session:
        for _ in range(5):
            async with session.get(f"{sandbox.url}/nowhere", headers={"API-Key": "x"}) as response:
                assert response.status == 401
    assert slept == []
