"""What is not installed is named, with the command that brings it."""

import importlib
import re
import subprocess
import sys
from importlib.metadata import requires

import openpyxl
import pytest

from kycaid_async.extras import FLOORS, require

REQUIRED = "\n".join(requires("kycaid-async"))

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
        ("kycaid_async.web.fastapi", "fastapi", "fastapi"),
        ("kycaid_async.callbacks.redis", "redis", "redis"),
        ("kycaid_async.otel", "opentelemetry", "otel"),
        ("kycaid_async.callbacks.sqlalchemy", "sqlalchemy", "sqlalchemy"),
        ("kycaid_async.web.django", "django", "django"),
        ("kycaid_async.web.django", "asgiref", "django"),
        ("kycaid_async.web.flask", "flask", "flask"),
        ("kycaid_async.web.flask", "werkzeug", "flask"),
        ("kycaid_async.web.flask", "asgiref", "flask"),
        ("kycaid_async.testing.strategies", "hypothesis", "testing"),
        ("kycaid_async.testing.plugin", "pytest", "testing"),
        ("kycaid_async.cli.app", "typer", "cli"),
        ("kycaid_async.cli.app", "rich", "cli"),
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
    assert told.strip().endswith("pip install 'kycaid-async[sandbox]' [ConfigurationError]")


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


def test_the_floors_that_are_held_are_those_of_the_extras():
    extras = "fast|fsspec|sandbox|excel|heic|parquet|pdf|previews"
    older = r"(?:\(python_version < '3\.14'\) and )?"  # newer Pythons have wheels of newer versions only
    line = rf"^([\w-]+)(?:\[\w+\])?>=([\d.]+); {older}extra == '(?:{extras})'$"
    asked = dict(re.findall(line, REQUIRED, re.MULTILINE))
    assert {name: (*map(int, floor.split(".")), 0)[:2] for name, floor in asked.items()} == FLOORS


UPLOAD = """
import sys, os
os.environ["KYCAID_API_KEY"] = "k" * 36
sys.argv = ["kycaid", "upload", {path!r}, "--base-url", "http://127.0.0.1:1", "--on-error", "continue"]
from kycaid_async.cli import main
main()
"""


def test_a_workbook_whose_rejects_could_not_be_written_is_refused_before_anything_is_sent(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["applicant_id", "type", "front_side"])
    book.active.append(["1" * 36, "NONE", "a.png"])
    book.save(tmp_path / "a.xlsx")
    done = run(UPLOAD.format(path=str(tmp_path / "a.xlsx")), "xlsxwriter")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.strip().endswith("Install it with: pip install 'kycaid-async[excel]'")
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


@pytest.mark.parametrize(
    ("module", "extra"), [("xlsxwriter", "excel"), ("pyarrow", "parquet"), ("pypdf", "pdf"), ("pillow_heif", "heic")]
)
def test_a_library_of_an_extra_that_is_too_old_is_named_with_what_to_install(module, extra, monkeypatch):
    monkeypatch.setattr(importlib.import_module(module), "__version__", "0.9.1")
    with pytest.raises(ModuleNotFoundError, match=rf"^{module} 0\.9\.1 is too old.*-U 'kycaid-async\[{extra}\]'$"):
        require(module, extra)


def test_a_msgspec_that_is_too_old_is_not_used():
    done = run("""
import msgspec
msgspec.__version__ = "0.20.0"

class Used(Exception):
    pass

def use(*_):
    raise Used

msgspec.json.Decoder = msgspec.defstruct = use
from kycaid_async import Document
from kycaid_async.values import json, msgspec_reader
assert json.loads(b'{"a": 1}') == {"a": 1}
try:
    json.loads(b"<html>")
except ValueError:
    pass
assert msgspec_reader.structure_bytes(b'{"document_id": "a"}', Document) is None
print("fine")
""")
    assert (done.stdout, done.stderr) == ("fine\n", "")


def test_a_pillow_that_is_too_old_is_named_at_the_start_of_a_sandbox():
    done = run("""
import asyncio, PIL
PIL.__version__ = "10.4.0"
from kycaid_async.sandbox import Sandbox
try:
    asyncio.run(Sandbox().start())
except Exception as error:
    print(type(error).__name__, error)
""")
    assert done.stdout.startswith("ConfigurationError")
    assert "10.4.0" in done.stdout
    assert done.stdout.strip().endswith("pip install -U 'kycaid-async[sandbox]' [ConfigurationError]")


UNWRITABLE = """
import tempfile
tempfile._candidate_tempdir_list = lambda: ["/proc/nothing"]
"""


def test_a_sandbox_without_a_temporary_folder_says_what_to_set():
    done = run(f"""{UNWRITABLE}
import asyncio
from kycaid_async import ConfigurationError
from kycaid_async.sandbox import Sandbox
try:
    asyncio.run(Sandbox().start())
except ConfigurationError as error:
    print(error)
""")
    assert "set TMPDIR" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_a_command_without_a_temporary_folder_says_so_in_one_line(command):
    done = run(f"{UNWRITABLE}import sys; sys.argv = ['kycaid', {command!r}]; from kycaid_async.cli import main; main()")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "set TMPDIR" in done.stderr


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


FIRST_CALL = """
import asyncio, os, sys
from kycaid_async import AsyncKycaid, ConfigurationError, Kycaid

async def call():
    async with AsyncKycaid("a" * 36, base_url="http://127.0.0.1:1", max_retries=0) as client:
        await client.countries.list()

def call_blocking():
    Kycaid("a" * 36, base_url="http://127.0.0.1:1", max_retries=0).countries.list()

for attempt in (lambda: asyncio.run(call()), call_blocking) * 2:
    try:
        attempt()
    except ConfigurationError as error:
        print(error)
"""


@pytest.mark.parametrize("place", ["missing/keys.log", "."])
def test_a_log_of_tls_that_cannot_be_written_is_named_by_both_clients_at_each_call(place, tmp_path, monkeypatch):
    """aiohttp makes its contexts when it is imported, also where no server has TLS."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / place))
    done = run(FIRST_CALL)
    lines = done.stdout.splitlines()
    assert len(lines) == 4, done.stderr
    assert all("SSLKEYLOGFILE" in line and line.endswith("[ConfigurationError]") for line in lines)


def test_what_else_keeps_aiohttp_from_setting_up_tls_is_said_too():
    broken = """
import ssl

def fails(*_, **__):
    raise ssl.SSLError(1, "not enough data")

ssl.create_default_context = fails
"""
    done = run(broken + FIRST_CALL)
    lines = done.stdout.splitlines()
    assert len(lines) == 4, done.stderr
    assert all(line.startswith("aiohttp cannot be imported, because TLS cannot be set up (SSLError") for line in lines)
