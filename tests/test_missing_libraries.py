"""What is not installed is named, with the command that brings it."""

import subprocess
import sys

import pytest

HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def run(code, *names):
    script = HIDDEN.format(names=names) + code
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("module", "hidden", "extra"),
    [
        ("kycaid_async.web.starlette", "starlette", "starlette"),
        ("kycaid_async.web.django", "django", "django"),
        ("kycaid_async.web.django", "asgiref", "django"),
        ("kycaid_async.web.flask", "flask", "flask"),
        ("kycaid_async.web.flask", "werkzeug", "flask"),
        ("kycaid_async.web.flask", "asgiref", "flask"),
        ("kycaid_async.testing.strategies", "hypothesis", "testing"),
    ],
)
def test_the_import_of_a_module_says_which_extra_it_needs(module, hidden, extra):
    done = run(f"import {module}", hidden)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ModuleNotFoundError: {hidden}")
    assert last.endswith(f"Install it with: pip install 'kycaid-async[{extra}]'")


@pytest.mark.parametrize("module", ["kycaid_async.sandbox", "kycaid_async.testing"])
def test_a_sandbox_without_pillow_is_imported_and_says_at_its_start_what_it_needs(module):
    code = f"""
import asyncio
from {module} import Sandbox
try:
    asyncio.run(Sandbox().start())
except Exception as error:
    print(type(error).__name__, error)
"""
    told = run(code, "PIL").stdout
    assert told.startswith("ConfigurationError")
    assert told.strip().endswith("pip install 'kycaid-async[sandbox]'")


@pytest.mark.parametrize("hidden", ["typer", "rich", "PIL"])
def test_the_command_line_without_its_extra_says_one_line(hidden):
    done = run("import kycaid_async.cli; kycaid_async.cli.main()", hidden)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "kycaid: the command line is an extra; install it with: pip install 'kycaid-async[cli]'\n"


def test_what_needs_no_extra_is_imported_without_any_of_their_libraries():
    modules = ("kycaid_async", "kycaid_async.callbacks", "kycaid_async.web.aiohttp", "kycaid_async.testing.factories")
    extras = ("PIL", "django", "flask", "fsspec", "hypothesis", "msgspec", "pytest", "rich", "starlette", "typer")
    done = run(f"import {', '.join(modules)}; kycaid_async.AsyncKycaid, kycaid_async.Kycaid", *extras)
    assert (done.returncode, done.stderr) == (0, "")


TRIO = """
import trio
from kycaid_async import AsyncKycaid
from kycaid_async.sandbox import Sandbox

async def call():
    await AsyncKycaid("k" * 36, base_url="http://127.0.0.1:1").applicants.get("a" * 36)

async def context():
    async with AsyncKycaid("k" * 36, base_url="http://127.0.0.1:1") as client:
        await client.applicants.get("a" * 36)

async def sandbox():
    async with Sandbox():
        pass

async def bulk():
    async for _ in AsyncKycaid("k" * 36, base_url="http://127.0.0.1:1").bulk.upload([]):
        pass

try:
    trio.run({name})
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("name", ["call", "context", "sandbox", "bulk"])
def test_under_trio_one_sentence_says_that_asyncio_is_needed(name):
    pytest.importorskip("trio")
    done = run(TRIO.format(name=name))
    assert done.stdout.startswith(
        "ConfigurationError kycaid_async runs on asyncio, and no event loop of asyncio runs here"
    )
    assert done.stderr == ""
