import ast
import asyncio
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import kycaid_async
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.api.sections import SECTIONS
from tests import derived

NOT_LAZY = {"__version__", "servers"}
HEAVY = ["aiohttp", "anyio", "cattrs", "yarl", "typer", "rich", "PIL"]


def run(code):
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return finished.stdout.split()


def test_all_is_sorted_and_without_repetitions():
    assert kycaid_async.__all__ == sorted(set(kycaid_async.__all__))


def test_all_is_the_table_of_lazy_names():
    assert set(kycaid_async.__all__) == set(kycaid_async._HOMES) | NOT_LAZY


def test_the_stub_for_type_checkers_names_the_same_homes():
    """After a change: ``python -m tests.derived`` writes it."""
    stub = ast.parse(Path(kycaid_async.__file__).with_suffix(".pyi").read_text("utf-8"))
    homes = {
        alias.asname: imported.module.removeprefix("kycaid_async")
        for imported in stub.body
        if isinstance(imported, ast.ImportFrom)
        for alias in imported.names
    }
    assert "servers" in homes
    if {name: home for name, home in homes.items() if name not in NOT_LAZY} != kycaid_async._HOMES:
        pytest.fail(f"kycaid_async/__init__.pyi: `{derived.COMMAND}` has to write it anew", pytrace=False)


@pytest.mark.parametrize("name", kycaid_async.__all__)
def test_every_public_name_resolves(name):
    assert getattr(kycaid_async, name) is not None
    assert name in dir(kycaid_async)


@pytest.mark.parametrize("name", kycaid_async._HOMES)
def test_every_name_lives_where_the_table_says(name):
    """A name that is only imported into its home would load another module than the table promises."""
    found = getattr(kycaid_async, name)
    home = "kycaid_async" + kycaid_async._HOMES[name]
    if inspect.isclass(found) or inspect.isfunction(found):
        assert found.__module__ in (home, "kycaid_async")


def test_every_model_of_every_endpoint_is_public():
    models = {model for endpoint in ENDPOINTS.values() for model in endpoint.accepts}
    models |= {endpoint.returns.model for endpoint in ENDPOINTS.values() if hasattr(endpoint.returns, "model")}
    missing = sorted(model.__name__ for model in models if model.__name__ not in kycaid_async._HOMES)
    if missing:
        pytest.fail(f"kycaid_async/__init__.py: _HOMES has no {', '.join(missing)}", pytrace=False)


def test_a_program_that_is_compiled_finds_every_section_by_its_name():
    """Who compiles may leave out what stands for type checkers only, as in ``api/sections.py``."""
    tree = ast.parse(Path(kycaid_async.__file__).read_text("utf-8"))
    (function,) = [node for node in tree.body if getattr(node, "name", "") == "_for_analysers"]
    imports = [node for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
    named = {f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    if missing := sorted({f"kycaid_async.api.{section}" for section in SECTIONS} - named):
        pytest.fail(f"kycaid_async/__init__.py: _for_analysers has no {', '.join(missing)}", pytrace=False)


def test_star_import_brings_every_public_name():
    namespace = {}
    exec("from kycaid_async import *", namespace)  # noqa: S102
    assert set(kycaid_async.__all__) <= set(namespace)


def test_an_unknown_name_is_an_attribute_error_that_says_which():
    with pytest.raises(AttributeError, match="module 'kycaid_async' has no attribute 'Kycade'"):
        kycaid_async.Kycade  # noqa: B018
    assert not hasattr(kycaid_async, "_private")


def test_importing_an_unknown_name_is_an_import_error():
    with pytest.raises(ImportError):
        exec("from kycaid_async import Kycade", {})  # noqa: S102


def test_the_import_loads_nothing_but_itself():
    loaded = run("import kycaid_async, sys; print(*(m for m in sys.modules if m.startswith('kycaid_async')))")
    assert sorted(loaded) == ["kycaid_async", "kycaid_async.version"]


@pytest.mark.parametrize(
    "code",
    [
        "import kycaid_async",
        "from kycaid_async import AsyncKycaid; AsyncKycaid('key')",
        "from kycaid_async import Kycaid; client = Kycaid('key'); client.documents; client.files; client.close()",
        "from kycaid_async import CreditCard; repr(CreditCard(applicant_id='x' * 36))",
        "from kycaid_async import AsyncKycaid; client = AsyncKycaid('key'); client.documents; client.files",
    ],
)
def test_nothing_heavy_loads_before_the_first_connection(code):
    loaded = run(f"{code}\nimport sys; print(*(m for m in {HEAVY} if m in sys.modules))")
    assert loaded == []


UNUSED = [
    *("kycaid_async.api.documents.kinds", "kycaid_async.api.documents.models", "kycaid_async.values.check"),
    *("kycaid_async.uploads.multipart", "kycaid_async.uploads.kinds", "kycaid_async.hooks"),
    *("importlib.metadata", "difflib", "kycaid_async.bulk.bulk", "kycaid_async.sync.client"),
]


async def test_a_first_call_loads_only_what_it_needs():
    pytest.importorskip("msgspec")  # without it the converter, and cattrs with it, reads answers

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"document_id": "%s", "created_at": "2024-07-01 15:27:15", "decline_reasons": ["BAD_QUALITY"]}' % (
            b"x" * 36
        )
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        code = f"""
import asyncio, sys
from kycaid_async import AsyncKycaid
async def main():
    async with AsyncKycaid("key", base_url={url!r}) as client:
        print((await client.documents.get("x" * 36)).reasons[0].name)
    print(*(m for m in {[*UNUSED, "cattrs"]} if m in sys.modules))
asyncio.run(main())
"""
        assert await asyncio.to_thread(run, code) == ["BAD_QUALITY"]


def test_the_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert kycaid_async.__version__ == version("kycaid-async")
