"""One client per application in aiohttp.web, Flask and Django, and errors of KYCAID as problems."""

import asyncio
import functools
import itertools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import django.test
import flask
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from django.core.checks import run_checks
from django.http import HttpResponse

from kycaid_async import AsyncKycaid, ConfigurationError, Kycaid, KycaidError
from kycaid_async.sandbox import Sandbox
from kycaid_async.web.aiohttp import KYCAID, kycaid_context, kycaid_problems
from kycaid_async.web.django import async_kycaid_client, kycaid_client
from kycaid_async.web.flask import KycaidExtension, kycaid_problem
from kycaid_async.web.lazy_client import client_options
from tests.callbacks.messages import KEY
from tests.web.frameworks import django_project, django_urls

NOBODY = "0" * 36


@pytest.fixture
async def sandbox():
    async with Sandbox() as running:
        yield running


@pytest.fixture
def settings_of_django(sandbox):
    django_project()
    with django.test.override_settings(KYCAID={"API_KEY": sandbox.api_key, "base_url": sandbox.url}):
        yield


async def applicant_of(sandbox):
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        return await client.applicants.create(type="PERSON", first_name="John", last_name="Snow")


def assert_is_problem(status, content_type, text):
    assert (status, content_type) == (404, "application/problem+json")
    assert '"operation":"applicants.get"' in text
    assert NOBODY not in text


async def test_an_application_of_aiohttp_has_a_client_as_long_as_it_runs(sandbox):
    async def show(request):
        applicant = await request.config_dict[KYCAID].applicants.get(request.match_info["id"])
        return web.json_response({"name": applicant.first_name})

    app, inner, client = web.Application(), web.Application(), AsyncKycaid(sandbox.api_key, base_url=sandbox.url)
    app.middlewares.append(kycaid_problems)
    app.cleanup_ctx.append(functools.partial(kycaid_context, client=client))
    for one in (app, inner):
        one.router.add_get("/{id}", show)
    app.add_subapp("/inner/", inner)
    known = await applicant_of(sandbox)
    async with TestClient(TestServer(app)) as http:
        for path in (f"/{known}", f"/inner/{known}"):
            assert await (await http.get(path)).json() == {"name": "John"}
        refused = await http.get(f"/{NOBODY}")
        assert_is_problem(refused.status, refused.content_type, await refused.text())
    with pytest.raises(ConfigurationError, match="closed"):
        await client.applicants.get(known)


async def test_the_environment_makes_the_client_of_an_application_of_aiohttp(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", KEY)
    app = web.Application()
    app.cleanup_ctx.append(kycaid_context)
    async with TestClient(TestServer(app)):
        assert isinstance(app[KYCAID], AsyncKycaid)


def flask_app(extension, **settings):
    app = flask.Flask("app")
    app.config["KYCAID"] = settings
    extension.init_app(app)
    app.register_error_handler(KycaidError, kycaid_problem)
    app.get("/<applicant_id>")(lambda applicant_id: extension.client.applicants.get(applicant_id).first_name)
    return app


async def test_an_application_of_flask_has_one_client_for_all_its_threads(sandbox):
    kycaid = KycaidExtension()
    app = flask_app(kycaid, API_KEY=sandbox.api_key, BASE_URL=sandbox.url)
    known = await applicant_of(sandbox)
    answers = await asyncio.gather(*[asyncio.to_thread(app.test_client().get, f"/{known}") for _ in range(4)])
    assert [answer.text for answer in answers] == ["John"] * 4
    refused = await asyncio.to_thread(app.test_client().get, f"/{NOBODY}")
    assert_is_problem(refused.status_code, refused.mimetype, refused.text)


def test_each_application_of_flask_has_a_client_of_its_own_made_when_it_is_needed(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", KEY)
    kycaid = KycaidExtension()
    one, two = flask_app(kycaid), flask_app(kycaid, TIMEOUT=3)
    with one.app_context():
        first = kycaid.client
        assert kycaid.client is first
    with two.app_context():
        assert isinstance(kycaid.client, Kycaid)
        assert kycaid.client is not first
    with flask.Flask("other").app_context(), pytest.raises(ConfigurationError, match="init_app"):
        _ = kycaid.client


@pytest.mark.parametrize("wrong", [{"TIMEOUT": "10"}, {"CHECK": "no"}, {"API_KEY": 5}, {"ALLOW_HTTP": True}])
def test_settings_of_flask_are_looked_at_when_the_application_is_made(wrong, monkeypatch):
    monkeypatch.delenv("KYCAID_API_KEY", raising=False)
    app = flask.Flask("shop")
    app.config["KYCAID"] = wrong
    with pytest.raises(ConfigurationError, match=rf'app\.config\["KYCAID"\]: {next(iter(wrong)).lower()}: expected '):
        KycaidExtension(app)


def test_an_extension_can_be_given_its_application_at_once():
    app = flask.Flask("app")
    KycaidExtension(app)
    assert app.config["KYCAID"] == {}


@pytest.mark.parametrize("settings", [{"TIMOUT": 3}, {"session": None}, {"Jon Snow": 1}, ["API_KEY"], None])
def test_settings_that_are_no_options_of_a_client_are_refused_by_name(settings):
    with pytest.raises(ConfigurationError, match=r"settings\.KYCAID") as refused:
        client_options(settings, "settings.KYCAID")
    assert "Jon" not in str(refused.value)
    assert not isinstance(settings, dict) or "TIMEOUT" in str(refused.value)


async def test_views_of_django_share_a_client(sandbox, settings_of_django):
    async def show_async(request):
        return HttpResponse((await async_kycaid_client().applicants.get(request.GET["id"])).first_name)

    def show(request):
        return HttpResponse(kycaid_client().applicants.get(request.GET["id"]).first_name)

    known = await applicant_of(sandbox)
    django_urls(show=show, show_async=show_async)
    get_async, get = django.test.AsyncClient().get, functools.partial(asyncio.to_thread, django.test.Client().get)
    with django.test.override_settings(MIDDLEWARE=["kycaid_async.web.django.KycaidProblems"]):
        for ask, path in itertools.product((get_async, get), ("/show", "/show_async")):
            assert (await ask(path, {"id": known})).content == b"John"
            refused = await ask(path, {"id": NOBODY})
            assert_is_problem(refused.status_code, refused["Content-Type"], refused.content.decode())
    await async_kycaid_client().aclose()


def test_other_errors_of_views_stay_with_django():
    def fail(_request):
        raise ValueError("no")

    django_urls(fail=fail)
    with django.test.override_settings(MIDDLEWARE=["kycaid_async.web.django.KycaidProblems"]):
        assert django.test.Client(raise_request_exception=False).get("/fail").status_code == 500


def test_a_process_of_django_has_one_client_of_each_kind_and_new_ones_after_a_change_of_settings():
    django_project()
    with django.test.override_settings(KYCAID={"API_KEY": KEY}):
        found = []
        threads = [threading.Thread(target=lambda: found.append(kycaid_client())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({id(client) for client in found}) == 1
        assert async_kycaid_client() is async_kycaid_client()
    with django.test.override_settings(KYCAID={"API_KEY": KEY[::-1]}):
        assert kycaid_client() is not found[0]


def test_the_check_of_a_project_names_what_is_wrong_with_its_settings(monkeypatch):
    monkeypatch.delenv("KYCAID_API_KEY", raising=False)
    django_project()

    def found():
        return [str(one.msg) for one in run_checks() if one.id == "kycaid.E001"]

    with django.test.override_settings(KYCAID={"API_KEY": KEY}):
        assert found() == []
    with django.test.override_settings(KYCAID={"API_KEY": KEY, "TIMOUT": 1}):
        assert "TIMOUT" in found()[0]
    with django.test.override_settings(KYCAID={}):
        assert "KYCAID_API_KEY" in found()[0]
    for wrong in ({"TIMEOUT": "10"}, {"MAX_RETRIES": "3"}, {"TRUST_ENV": "no"}, {"BASE_URL": 5}, {"API_KEY": 5}):
        with django.test.override_settings(KYCAID={"API_KEY": KEY} | wrong):
            name = next(iter(wrong)).lower()
            assert [text for text in found() if text.startswith(f"settings.KYCAID: {name}: expected ")], found()
            assert KEY not in found()[0]
    with django.test.override_settings(KYCAID=None):
        assert "must be a mapping" in found()[0]


MANAGE = """
import sys
from django.conf import settings
from django.core.management import execute_from_command_line
settings.configure(INSTALLED_APPS=["kycaid_async.web.django"], KYCAID={"API_KEY": %r, "BASE_URL": %r},
                   DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}})
execute_from_command_line(sys.argv)
"""


def manage(folder, sandbox, *arguments):
    program = Path(folder, "manage.py")
    program.write_text(MANAGE % (sandbox.api_key, sandbox.url))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KYCAID_")}
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_project_migrates_and_runs_the_command_line_with_its_settings(tmp_path, sandbox):
    assert "No changes detected" in await asyncio.to_thread(
        manage, tmp_path, sandbox, "makemigrations", "kycaid", "--check", "--dry-run"
    )
    assert "kycaid.0001_initial... OK" in await asyncio.to_thread(manage, tmp_path, sandbox, "migrate")
    report = await asyncio.to_thread(manage, tmp_path, sandbox, "kycaid", "report", "2026-11-01", "2026-11-02")
    assert report == "No rows on these days.\n"


def test_the_command_line_of_a_project_says_what_is_wrong_with_its_settings(tmp_path):
    program = Path(tmp_path, "manage.py")
    program.write_text(MANAGE % (5, "https://kycaid"))
    told = [sys.executable, str(program), "kycaid", "forms", "list"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(told, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == "kycaid: settings.KYCAID: api_key: expected text, or None for KYCAID_API_KEY, got int"


async def test_the_command_line_of_a_project_takes_its_key_before_any_other(tmp_path, sandbox, monkeypatch):
    monkeypatch.setenv("KYCAID_KEYRING", "live")
    monkeypatch.setenv("KYCAID_API_KEY", "f" * 36)
    report = await asyncio.to_thread(manage, tmp_path, sandbox, "kycaid", "doctor", "--json")
    told = json.loads(report)["checks"]
    assert next(one["text"] for one in told if one["name"] == "key").startswith("from settings.KYCAID; ")
