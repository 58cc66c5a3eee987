"""The four frameworks behind one face: each serves a handler, and delivers a message through its own test client."""

import asyncio
import importlib
import io
import sys
import types
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp.web
import attrs
import django
import django.conf
import django.test
import django.urls
import fastapi
import flask
import httpx
import starlette.applications
from aiohttp.test_utils import TestClient, TestServer

from kycaid_async.callbacks import SIGNATURE_HEADER
from kycaid_async.web import aiohttp as on_aiohttp
from kycaid_async.web import django as on_django
from kycaid_async.web import flask as on_flask
from kycaid_async.web import starlette as on_starlette

PATH = "/kycaid"


@attrs.frozen
class Answer:
    status: int
    text: str


@attrs.frozen
class Site:
    """A served handler."""

    send: Callable[..., Any]

    async def deliver(self, body: bytes, signature: str | None = None, *, method: str = "POST") -> Answer:
        headers = {"Content-Type": "application/json"}
        if not body:  # as clients over a network do; the test clients of Django and Flask leave it out
            headers["Content-Length"] = "0"
        return await self.send(method, body, headers | ({SIGNATURE_HEADER: signature} if signature is not None else {}))


@asynccontextmanager
async def aiohttp_site(handler: Any, keys: Any, **options: Any) -> AsyncIterator[Site]:
    app = aiohttp.web.Application()
    app.add_routes([on_aiohttp.callback_route(handler, keys, **options)])
    async with TestClient(TestServer(app)) as client:

        async def send(method: str, body: bytes, headers: dict[str, str]) -> Answer:
            async with client.request(method, PATH, data=io.BytesIO(body), headers=headers) as response:
                return Answer(response.status, await response.text())

        yield Site(send)


@asynccontextmanager
async def _asgi_site(app: Any) -> AsyncIterator[Site]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

        async def send(method: str, body: bytes, headers: dict[str, str]) -> Answer:
            response = await client.request(method, PATH, content=body, headers=headers)
            return Answer(response.status_code, response.text)

        yield Site(send)


def starlette_site(handler: Any, keys: Any, **options: Any) -> Any:
    route = on_starlette.callback_route(handler, keys, **options)
    return _asgi_site(starlette.applications.Starlette(routes=[route]))


def fastapi_site(handler: Any, keys: Any, **options: Any) -> Any:
    app = fastapi.FastAPI()
    app.router.routes.append(on_starlette.callback_route(handler, keys, **options))
    return _asgi_site(app)


def django_project() -> None:
    """Set Django up, once for all tests of a process. Its database is in memory, that of each thread its own."""
    if not django.conf.settings.configured:
        django.conf.settings.configure(
            ALLOWED_HOSTS=["testserver"],
            ROOT_URLCONF="callback_urls",
            MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
            INSTALLED_APPS=["kycaid_async.web.django"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            LOGGING_CONFIG=None,
        )
        django.setup()


def django_urls(**views: Any) -> None:
    """Serve each view under its name."""
    urls = types.ModuleType("callback_urls")
    urls.urlpatterns = [django.urls.path(path, view) for path, view in views.items()]
    sys.modules["callback_urls"] = urls
    django_project()
    importlib.import_module("django.urls").clear_url_caches()
    django.urls.set_urlconf(None)


@asynccontextmanager
async def django_wsgi_site(handler: Any, keys: Any, **options: Any) -> AsyncIterator[Site]:
    django_urls(kycaid=on_django.callback_view(handler, keys, **options))
    client = django.test.Client(enforce_csrf_checks=True, raise_request_exception=False)

    async def send(method: str, body: bytes, headers: dict[str, str]) -> Answer:
        extra = {"content_type": headers.pop("Content-Type"), "headers": headers}
        response = await asyncio.to_thread(client.generic, method, PATH, body, **extra)
        return Answer(response.status_code, response.content.decode())

    yield Site(send)


@asynccontextmanager
async def django_asgi_site(handler: Any, keys: Any, **options: Any) -> AsyncIterator[Site]:
    django_urls(kycaid=on_django.callback_view(handler, keys, **options))
    client = django.test.AsyncClient(enforce_csrf_checks=True, raise_request_exception=False)

    async def send(method: str, body: bytes, headers: dict[str, str]) -> Answer:
        extra = {"content_type": headers.pop("Content-Type"), "headers": headers}
        response = await client.generic(method, PATH, body, **extra)
        return Answer(response.status_code, response.content.decode())

    yield Site(send)


@asynccontextmanager
async def flask_site(handler: Any, keys: Any, **options: Any) -> AsyncIterator[Site]:
    app = flask.Flask("receiver")
    app.register_blueprint(on_flask.callback_blueprint(handler, keys, **options))
    client = app.test_client()

    async def send(method: str, body: bytes, headers: dict[str, str]) -> Answer:
        more = {"CONTENT_LENGTH": length} if (length := headers.pop("Content-Length", None)) else {}
        response = await asyncio.to_thread(
            client.open, PATH, method=method, data=body, headers=headers, environ_overrides=more
        )
        return Answer(response.status_code, response.text)

    yield Site(send)


SITES = {
    "aiohttp": aiohttp_site,
    "starlette": starlette_site,
    "fastapi": fastapi_site,
    "django-wsgi": django_wsgi_site,
    "django-asgi": django_asgi_site,
    "flask": flask_site,
}
