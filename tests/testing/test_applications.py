"""Callbacks of the sandbox go into applications without a port: of FastAPI, Flask and Django, over ASGI and WSGI."""

import asyncio
import gc
import importlib
import threading
import types

import aiohttp.web
import django
import django.conf
import django.core.asgi
import django.core.wsgi
import django.urls
import fastapi
import flask
import pytest

from kycaid_async import AsyncKycaid, ConfigurationError, Kycaid
from kycaid_async.callbacks import VerificationCompleted
from kycaid_async.testing import Sandbox
from kycaid_async.testing.applications import post_to, within
from kycaid_async.web import django as on_django
from kycaid_async.web import flask as on_flask
from kycaid_async.web import starlette as on_starlette
from tests.web.frameworks import django_project

KEY = "k" * 36


def fastapi_app(handle):
    app = fastapi.FastAPI()
    app.router.routes.append(on_starlette.callback_route(handle, KEY, path="/kycaid"))
    return app


def flask_app(handle):
    app = flask.Flask("shop")
    app.register_blueprint(on_flask.callback_blueprint(handle, KEY, path="/kycaid"))
    return app


def django_urls(handle):
    urls = types.ModuleType("urls_of_callbacks_to")
    urls.urlpatterns = [django.urls.path("kycaid", on_django.callback_view(handle, KEY))]
    return urls


@pytest.fixture
def django_app(monkeypatch):
    django_project()
    monkeypatch.setattr(django.conf.settings, "ALLOWED_HOSTS", ["testserver", "shop.example.com"])

    def make(handle, make_app):
        urls = django_urls(handle)
        monkeypatch.setitem(importlib.import_module("sys").modules, urls.__name__, urls)
        monkeypatch.setattr(django.conf.settings, "ROOT_URLCONF", urls.__name__, raising=False)
        django.urls.clear_url_caches()
        return make_app()

    return make


@pytest.fixture
def app_of(django_app):
    """Make the application of a framework that hands events to a function."""
    return {
        "FastAPI": fastapi_app,
        "Flask": flask_app,
        "Django, ASGI": lambda handle: django_app(handle, django.core.asgi.get_asgi_application),
        "Django, WSGI": lambda handle: django_app(handle, django.core.wsgi.get_wsgi_application),
    }


FRAMEWORKS = ("FastAPI", "Flask", "Django, ASGI", "Django, WSGI")


class Handled:
    """A handler that keeps what it got, and where it ran."""

    def __init__(self, failures=0):
        self.events, self.threads, self.failures = [], [], failures

    async def __call__(self, event):
        self.threads.append(threading.current_thread())
        if self.failures:
            self.failures -= 1
            raise RuntimeError
        self.events.append(event)


def sign_up(client, **options):
    owner = client.applicants.create(type="PERSON", first_name="John", last_name="Snow")
    return client.verifications.create(applicant_id=owner, **options)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_plain_test_gets_signed_callbacks_without_a_port(app_of, framework):
    handled = Handled()
    with Sandbox(api_key=KEY) as sandbox, Kycaid(KEY, base_url=sandbox.url) as client:
        with sandbox.callbacks_to(app_of[framework](handled), path="/kycaid"):
            made = sign_up(client)
            elsewhere = sign_up(client, callback_url="https://shop.example.com/kycaid?from=here")
            sandbox.settle()
        assert {event.verification_id for event in handled.events} == {made, elsewhere}
        assert sum(isinstance(event, VerificationCompleted) for event in handled.events) == 2
        assert [delivery.outcome for delivery in sandbox.deliveries()] == ["arrived"] * 4


@pytest.mark.parametrize("framework", FRAMEWORKS)
async def test_an_application_runs_in_the_loop_of_an_asynchronous_test(app_of, framework):
    handled = Handled()
    with Sandbox(api_key=KEY) as sandbox:
        sandbox.callbacks_to(app_of[framework](handled), path="/kycaid")
        async with AsyncKycaid(KEY, base_url=sandbox.url) as client:
            owner = await client.applicants.create(type="PERSON", first_name="John", last_name="Snow")
            await client.verifications.create(applicant_id=owner)
        await asyncio.to_thread(sandbox.settle)
    assert len(handled.events) == 2
    if framework in ("FastAPI", "Django, ASGI"):
        assert set(handled.threads) == {threading.current_thread()}


async def test_a_sandbox_in_the_loop_of_the_test_delivers_there_too(app_of):
    handled = Handled()
    async with Sandbox(api_key=KEY) as sandbox, AsyncKycaid(KEY, base_url=sandbox.url) as client:
        with sandbox.callbacks_to(app_of["FastAPI"](handled), path="/kycaid"):
            owner = await client.applicants.create(type="PERSON")
            await client.verifications.create(applicant_id=owner)
            await sandbox.settle()
    assert len(handled.events) == 2


@pytest.mark.parametrize("framework", ["FastAPI", "Flask"])
def test_what_an_application_does_not_take_comes_again(app_of, framework):
    async def no_pause(_seconds):
        pass

    handled = Handled(failures=2)
    with Sandbox(api_key=KEY, sleep=no_pause) as sandbox, Kycaid(KEY, base_url=sandbox.url) as client:
        sandbox.callbacks_to(app_of[framework](handled), path="/kycaid")
        sign_up(client)
        sandbox.settle()
        assert sum(delivery.attempts for delivery in sandbox.deliveries()) == 4
    assert len(handled.events) == 2


def raising(_environ, _start_response):
    raise RuntimeError("of Jane Example")


async def silent(_scope, _receive, _send):
    pass


async def endless(_scope, _receive, _send):
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("app", "outcome"),
    [
        (raising, "the application raised RuntimeError"),
        (silent, "the application raised RuntimeError"),
        (endless, "no answer within 5 s"),
    ],
    ids=["raises", "says nothing", "never ends"],
)
def test_an_application_that_fails_is_named_with_what_it_did(monkeypatch, app, outcome):
    async def no_pause(_seconds):
        pass

    if app is endless:
        monkeypatch.setattr("kycaid_async.sandbox.callbacks.dispatcher.TIMEOUT", 0.01)
    with Sandbox(api_key=KEY, sleep=no_pause) as sandbox, Kycaid(KEY, base_url=sandbox.url) as client:
        sandbox.callbacks_to(app)
        sign_up(client)
        sandbox.settle()
        assert {delivery.outcome for delivery in sandbox.deliveries()} == {outcome}


async def test_a_callback_whose_loop_ends_before_it_has_begun_leaves_nothing_behind():
    handed = asyncio.ensure_future(within(asyncio.get_running_loop(), post_to(endless))("http://127.0.0.1", b"", {}))
    while not (others := asyncio.all_tasks() - {handed, asyncio.current_task()}):
        await asyncio.sleep(0)
    for task in others:  # as a loop does at its end
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await handed
    gc.collect()  # a coroutine that nobody awaited says so here


def test_after_it_callbacks_go_where_they_went_before(app_of):
    with Sandbox(api_key=KEY) as sandbox, Kycaid(KEY, base_url=sandbox.url) as client:
        with sandbox.callbacks_to(app_of["Flask"](Handled()), path="/kycaid"):
            pass
        sign_up(client)
        sandbox.settle()
        assert sandbox.deliveries() == []


async def test_waiting_in_the_loop_that_has_to_take_the_callbacks_is_refused(app_of):
    with Sandbox(api_key=KEY) as sandbox:
        sandbox.callbacks_to(app_of["FastAPI"](Handled()), path="/kycaid")
        with pytest.raises(ConfigurationError, match="to_thread"):
            sandbox.settle()


@pytest.mark.parametrize(
    ("app", "path", "words"),
    [
        (aiohttp.web.Application(), "/", "neither ASGI nor WSGI"),
        (object(), "/", "expected an ASGI or WSGI application, got object"),
        (raising, "kycaid", "starts with one slash"),
        (raising, "//elsewhere", "starts with one slash"),
    ],
    ids=["aiohttp", "no application", "no slash", "two slashes"],
)
def test_what_cannot_take_callbacks_is_refused(app, path, words):
    with Sandbox(api_key=KEY) as sandbox, pytest.raises(ConfigurationError, match=words):
        sandbox.callbacks_to(app, path=path)


def test_the_thread_of_a_receiver_ends_with_the_sandbox(app_of):
    with Sandbox(api_key=KEY) as sandbox:
        sandbox.callbacks_to(app_of["FastAPI"](Handled()))
        assert "kycaid receiver" in [thread.name for thread in threading.enumerate()]
    assert "kycaid receiver" not in [thread.name for thread in threading.enumerate()]
