"""What only one of the frameworks can do."""

import asyncio
import inspect
import subprocess
import sys

import aiohttp.web
import django.test
import fastapi
import flask
import httpx
import pytest
import starlette.applications
from aiohttp.test_utils import TestClient, TestServer
from starlette.background import BackgroundTask

from kycaid_async.callbacks import SIGNATURE_HEADER, signature
from kycaid_async.web import aiohttp as on_aiohttp
from kycaid_async.web import fastapi as on_fastapi
from kycaid_async.web import flask as on_flask
from kycaid_async.web import starlette as on_starlette
from tests.callbacks.messages import COMPLETED, KEY, signed
from tests.web.frameworks import django_wsgi_site

BODY, SIGNATURE = signed(COMPLETED)
HEADERS = {SIGNATURE_HEADER: SIGNATURE}
TOO_LARGE = b'{"error":"body too large"}'


async def chunks(sent, count):
    for _ in range(count):
        sent.append(1)
        yield b" " * 65536
        await asyncio.sleep(0)


async def test_starlette_runs_a_background_task_after_the_answer():
    done = []

    def take(event):
        return BackgroundTask(done.append, event.request_id)

    app = starlette.applications.Starlette(routes=[on_starlette.callback_route(take, KEY, path="/hook")])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        response = await client.post("/hook", content=BODY, headers=HEADERS)
    assert (response.status_code, done) == (200, [COMPLETED["request_id"]])


async def test_starlette_stops_reading_a_stream_that_is_too_large():
    app = starlette.applications.Starlette(routes=[on_starlette.callback_route(print, KEY, max_body=1000)])
    sent = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        response = await client.post("/kycaid", content=chunks(sent, 1000))
    assert (response.status_code, response.content, len(sent)) == (413, TOO_LARGE, 1)


class Eating:
    """A plain ASGI middleware that uses the body up; the server's ``receive`` then waits for the connection to end."""

    def __init__(self, app, pieces):
        self.app, self.pieces = app, pieces

    async def __call__(self, scope, receive, send):
        async def receive_after():
            if self.pieces:
                return {"type": "http.request", "body": self.pieces.pop(0), "more_body": True}
            return await asyncio.Event().wait()

        await self.app(scope, receive_after, send)


def fastapi_app():
    router = on_fastapi.CallbackRouter(KEY)
    router.post("/kycaid")(lambda: None)
    app = fastapi.FastAPI()
    app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("pieces", "status", "content"),
    [([], 500, "body was read before"), ([BODY[:9]], 400, "incomplete body")],
    ids=["the whole of it", "its end"],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda: starlette.applications.Starlette(routes=[on_starlette.callback_route(print, KEY)]),
        fastapi_app,
    ],
    ids=["starlette", "fastapi"],
)
async def test_a_body_that_a_middleware_used_up_is_not_waited_for_for_ever(make, pieces, status, content, monkeypatch):
    monkeypatch.setattr(on_starlette, "PATIENCE", 0.01)
    transport = httpx.ASGITransport(Eating(make(), list(pieces)))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await asyncio.wait_for(client.post("/kycaid", content=BODY, headers=HEADERS), 10)
    assert (response.status_code, response.json()) == (status, {"error": content})


async def test_aiohttp_refuses_a_stream_without_a_length_that_is_too_large():
    app = aiohttp.web.Application(client_max_size=1 << 30)
    app.add_routes([on_aiohttp.callback_route(print, KEY, max_body=1000)])
    async with TestClient(TestServer(app)) as client, client.post("/kycaid", data=chunks([], 20)) as response:
        assert (response.status, await response.read()) == (413, TOO_LARGE)


async def test_aiohttp_takes_a_body_that_a_middleware_has_read():
    seen = []

    @aiohttp.web.middleware
    async def reading(request, handler):
        await request.read()
        return await handler(request)

    app = aiohttp.web.Application(middlewares=[reading])
    app.add_routes([on_aiohttp.callback_route(seen.append, KEY)])
    async with TestClient(TestServer(app)) as client, client.post("/kycaid", data=BODY, headers=HEADERS) as response:
        assert response.status == 200
    assert len(seen) == 1


async def pieces():
    for byte in BODY:
        yield bytes([byte])


async def test_aiohttp_puts_a_body_in_small_pieces_together():
    seen = []
    app = aiohttp.web.Application()
    app.add_routes([on_aiohttp.callback_route(seen.append, KEY)])
    async with TestClient(TestServer(app)) as client:
        assert (await client.post("/kycaid", data=pieces(), headers=HEADERS)).status == 200
    assert len(seen) == 1


async def test_starlette_puts_a_body_in_small_pieces_together():
    seen = []
    app = starlette.applications.Starlette(routes=[on_starlette.callback_route(seen.append, KEY)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.post("/kycaid", content=pieces(), headers=HEADERS)).status_code == 200
    assert len(seen) == 1


async def test_django_takes_a_body_that_a_middleware_has_read(monkeypatch):
    seen = []
    async with django_wsgi_site(seen.append, KEY) as served:
        with django.test.override_settings(MIDDLEWARE=["tests.web.test_details.reading_middleware"]):
            assert (await served.deliver(BODY, SIGNATURE)).status == 200
    assert len(seen) == 1


def reading_middleware(get_response):
    def middleware(request):
        assert request.body == BODY
        return get_response(request)

    return middleware


async def test_django_has_no_other_limit_than_that_of_the_view():
    async with django_wsgi_site(lambda event: None, KEY, max_body=4_000_000) as served:
        body, signature = signed(BODY + b" " * 3_000_000)
        assert (await served.deliver(body, signature)).status == 200


def test_django_views_are_async_exactly_when_their_handler_is():
    from kycaid_async.web.django import callback_view

    async def take_async(event):
        pass

    assert inspect.iscoroutinefunction(callback_view(take_async, KEY))
    assert not inspect.iscoroutinefunction(callback_view(print, KEY))


async def test_the_handler_of_flask_sees_its_app_and_request():
    seen = []

    def take(event):
        seen.append((flask.current_app.name, flask.request.path))

    async def take_async(event):
        take(event)

    for handler in (take, take_async):
        app = flask.Flask("receiver")
        app.register_blueprint(on_flask.callback_blueprint(handler, KEY, path="/hook"), url_prefix="/api")
        response = await asyncio.to_thread(app.test_client().post, "/api/hook", data=BODY, headers=HEADERS)
        assert response.status_code == 200
    assert seen == [("receiver", "/api/hook")] * 2


async def test_the_lower_limit_of_a_flask_app_stays():
    app = flask.Flask("receiver")
    app.config["MAX_CONTENT_LENGTH"] = 10
    app.register_blueprint(on_flask.callback_blueprint(print, KEY))
    response = await asyncio.to_thread(app.test_client().post, "/kycaid", data=BODY, headers=HEADERS)
    assert (response.status_code, response.data) == (413, TOO_LARGE)


async def test_several_blueprints_live_in_one_app():
    seen = []
    app = flask.Flask("receiver")
    for name in ("one", "two"):
        app.register_blueprint(on_flask.callback_blueprint(seen.append, KEY, path=f"/{name}", name=name))
    for name in ("one", "two"):
        response = await asyncio.to_thread(app.test_client().post, f"/{name}", data=BODY, headers=HEADERS)
        assert response.status_code == 200
    assert len(seen) == 2


def test_what_the_adapters_share_imports_no_framework():
    code = "import kycaid_async.web.receive, sys; print(*sys.modules)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not {"aiohttp", "asgiref", "django", "flask", "starlette"} & set(finished.stdout.split())


async def test_keys_are_validated_when_the_adapter_is_made_and_not_for_each_callback(monkeypatch):
    validated = []

    def validate(key):
        validated.append(key)
        return known(key)

    known = signature._key
    monkeypatch.setattr(signature, "_key", validate)
    app = aiohttp.web.Application()
    app.add_routes([on_aiohttp.callback_route(lambda _: None, [KEY, "k" * 36])])
    async with TestClient(TestServer(app)) as client:
        for _ in range(3):
            async with client.post("/kycaid", data=BODY, headers=HEADERS) as response:
                assert response.status == 200
    assert validated == [KEY, "k" * 36]
