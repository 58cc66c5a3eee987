"""Where Python does not find the package as files in a folder: frozen programs, zipped wheels, without docstrings."""

import importlib.util
import os
import subprocess
import sys
import zipfile
from modulefinder import ModuleFinder
from pathlib import Path

import pytest

import kycaid_async
import kycaid_async.testing
from kycaid_async.api.sections import SECTIONS
from kycaid_async.testing import Sandbox
from tests.pictures import picture

ROOT = Path(kycaid_async.__file__).parents[1]

PROGRAM = """
import asyncio, sys
from kycaid_async import AsyncKycaid, Kycaid, Person
from kycaid_async.callbacks import SIGNATURE_HEADER, construct_event

with Kycaid() as client:
    applicant = client.applicants.create(Person(first_name="Jane"))
    file = client.files.create(sys.argv[1])

async def main():
    async with AsyncKycaid() as client:
        assert (await client.applicants.get(applicant)).applicant_id == applicant
        async for _ in client.bulk.upload([]):
            pass

asyncio.run(main())
try:
    construct_event(b"{}", "signature", "k" * 36)
except Exception as error:
    print(type(error).__name__)
"""


def run(*words, cwd=None, **environment):
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | environment,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def program(tmp_path):
    """A program of a user, and a file that it sends."""
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "a.png").write_bytes(picture(5000))
    return tmp_path / "program.py"


@pytest.fixture
def wheel(tmp_path):
    """The package as one file, with all that stands in a wheel."""
    path = tmp_path / "kycaid_async.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((ROOT / "kycaid_async").rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(ROOT).as_posix())
    return path


def test_who_looks_at_the_bytecode_finds_every_module_that_loads_by_name(tmp_path):
    (tmp_path / "program.py").write_text("import kycaid_async, kycaid_async.testing\n", encoding="utf-8")
    finder = ModuleFinder(path=[str(ROOT)])
    finder.run_script(str(tmp_path / "program.py"))
    homes = {f"kycaid_async{home}" for home in kycaid_async._HOMES.values()} | {"kycaid_async.servers"}
    homes |= {f"kycaid_async.testing.{home}" for home in kycaid_async.testing._HOMES.values()}
    sections = {f"kycaid_async.api.{section}" for section in SECTIONS}
    if missing := sorted((homes | sections) - finder.modules.keys()):
        pytest.fail(f"_for_analysers in kycaid_async/__init__.py or testing/ lacks {', '.join(missing)}", pytrace=False)


def test_who_looks_at_the_bytecode_of_the_sandbox_finds_all_its_handlers(tmp_path):
    (tmp_path / "program.py").write_text("import kycaid_async.sandbox\n", encoding="utf-8")
    finder = ModuleFinder(path=[str(ROOT)])
    finder.run_script(str(tmp_path / "program.py"))
    handlers = {path.stem for path in (ROOT / "kycaid_async/sandbox/handlers").glob("[!_]*.py")}
    assert {f"kycaid_async.sandbox.handlers.{module}" for module in handlers} <= finder.modules.keys()


def test_a_zipped_wheel_works_and_its_sandbox_serves_the_dashboard(wheel, program):
    program.write_text(
        f"""
import sys
sys.path.insert(0, {str(wheel)!r})
import kycaid_async, os, urllib.request
from kycaid_async.testing import Sandbox
assert kycaid_async.__file__.startswith({str(wheel)!r}), kycaid_async.__file__
with Sandbox() as sandbox:
    for name in ("pages.css", "form.js", "dashboard.js", "icon.svg"):
        with urllib.request.urlopen(sandbox.url + "/_sandbox/static/" + name) as answer:
            assert answer.status == 200 and len(answer.read()) > 100
    os.environ.update(KYCAID_API_KEY=sandbox.api_key, KYCAID_BASE_URL=sandbox.url)
    exec({PROGRAM!r})
""",
        encoding="utf-8",
    )
    assert run(sys.executable, "-P", program, program.with_name("a.png"), cwd=program.parent) == (
        0,
        "InvalidSignatureError\n",
    )


# What the environment of the tests has, and no program of this kind needs: a build looks at all of it.
NOT_NEEDED = (
    *("IPython", "PIL", "celery", "django", "eventlet", "fsspec", "gevent", "hypothesis", "matplotlib", "msgspec"),
    *("numpy", "pandas", "pytest", "schemathesis", "selenium", "starlette", "tkinter", "trio", "uvloop"),
    *("fastapi", "flask", "httpx", "jedi", "pydantic", "pygments", "requests", "rich", "typer", "zmq", "tornado"),
)


@pytest.mark.skipif(importlib.util.find_spec("PyInstaller") is None, reason="PyInstaller is not installed")
def test_a_frozen_program_has_both_clients_and_the_callbacks(program):
    excluded = [word for name in NOT_NEEDED for word in ("--exclude-module", name)]
    words = (sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", *excluded, program)
    assert run(*words, cwd=program.parent)[0] == 0
    frozen = program.parent / "dist" / "program" / ("program.exe" if sys.platform == "win32" else "program")
    with Sandbox() as sandbox:
        environment = {"KYCAID_API_KEY": sandbox.api_key, "KYCAID_BASE_URL": sandbox.url}
        assert run(frozen, program.with_name("a.png"), **environment) == (0, "InvalidSignatureError\n")


NOT_COMPILED = """
ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "kycaid_async"]
print([module.__name__ for module in ours if not hasattr(module, "__compiled__")])
"""


@pytest.mark.skipif(importlib.util.find_spec("nuitka") is None, reason="Nuitka is not installed")
@pytest.mark.skipif("KYCAID_TEST_NUITKA" not in os.environ, reason="takes ten minutes: KYCAID_TEST_NUITKA=1 runs it")
def test_a_program_compiled_with_nuitka_has_both_clients_and_the_callbacks(program):
    program.write_text(PROGRAM + NOT_COMPILED, encoding="utf-8")
    # Other libraries are left as they are: to compile them takes an hour, and is their business.
    options = ("--mode=accelerated", "--follow-import-to=kycaid_async", "--lto=no", "--quiet")
    words = (sys.executable, "-m", "nuitka", *options, f"--output-dir={program.parent / 'out'}", program)
    assert run(*words, cwd=program.parent, CCFLAGS="" if sys.platform == "win32" else "-O0")[0] == 0
    compiled = program.parent / "out" / ("program.exe" if sys.platform == "win32" else "program.bin")
    with Sandbox() as sandbox:
        environment = {"KYCAID_API_KEY": sandbox.api_key, "KYCAID_BASE_URL": sandbox.url}
        done = run(compiled, program.with_name("a.png"), **environment)
    assert done == (0, "InvalidSignatureError\n[]\n"), "all works, and nothing of ours was loaded from the sources"


@pytest.mark.parametrize("command", [[], ["demo"], ["sandbox"], ["upload"], ["operations"]], ids=str)
def test_without_docstrings_the_help_says_the_same(command):
    plain, bare = [run(sys.executable, *flags, "-m", "kycaid_async.cli", *command, "--help") for flags in ([], ["-OO"])]
    assert plain == bare
    assert plain[0] == 0
