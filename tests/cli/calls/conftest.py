"""Calls of the command line in this process: to a sandbox, and to a server that gives odd answers."""

import pytest
from typer.testing import CliRunner

from kycaid_async.cli.app import app
from kycaid_async.testing import Sandbox
from tests.cli.odd_server import odd_server
from tests.conftest import API_KEY


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(api_key=API_KEY) as running:
        yield running


@pytest.fixture
def server():
    with odd_server() as made:
        yield made


@pytest.fixture
def run(monkeypatch):
    """Run ``kycaid`` in this process, with a key."""
    monkeypatch.setenv("KYCAID_API_KEY", API_KEY)
    for name in ("KYCAID_BASE_URL", "KYCAID_KEYRING"):
        monkeypatch.delenv(name, raising=False)

    def run(*words, input=None):  # noqa: A002 - as typer calls it
        return CliRunner().invoke(app, [str(word) for word in words], input=input, catch_exceptions=False)

    return run


@pytest.fixture
def kycaid(run, sandbox):
    """Run ``kycaid`` against the sandbox."""
    return lambda *words, **more: run(*words, "--base-url", sandbox.url, **more)


@pytest.fixture
def odd(run, server):
    """Run ``kycaid`` against the server with odd answers."""
    return lambda *words, **more: run(*words, "--base-url", server.url, **more)
