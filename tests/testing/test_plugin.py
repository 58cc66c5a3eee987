"""The pytest plugin, as other people's tests use it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent / "example_project"
SCOPE = ("-o", "asyncio_default_fixture_loop_scope=function")

WAYS = {
    "pytest-asyncio in strict mode, beside anyio": (*SCOPE, "-o", "asyncio_mode=strict"),
    "pytest-asyncio in auto mode": (
        *SCOPE,
        "-o",
        "asyncio_mode=auto",
        "test_plain.py",
        "test_blocking.py",
        "test_with_asyncio.py",
    ),
    "anyio alone": ("-p", "no:asyncio", "test_plain.py", "test_blocking.py", "test_with_anyio.py"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_project_of_its_own_uses_it(way, tmp_path):
    project = shutil.copytree(EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-X",
            "dev",
            "-m",
            "pytest",
            "-W",
            "error",
            "--strict-markers",
            *WAYS[way],
        ],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


def test_a_run_that_does_not_ask_for_it_loads_nothing():
    heavy = ("aiohttp", "anyio", "attrs", "attr", "cattrs", "PIL", "hypothesis", "sqlite3", "kycaid_async.client")
    script = (
        "import sys, pytest; before = set(sys.modules); import kycaid_async.testing.plugin;"
        f"new = set(sys.modules) - before; assert not new & set({heavy!r}), new;"
        "print(sorted(name for name in new if not name.startswith('kycaid_async')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "[]"


def test_each_test_has_a_sandbox_of_its_own_and_clients_for_it(pytester):
    pytester.makepyfile(
        """
        import asyncio, pytest

        async def add(client):
            await client.applicants.create(type="PERSON")

        @pytest.mark.parametrize("turn", [1, 2])
        def test_it_knows_nothing_at_first(kycaid_sandbox, async_kycaid, turn):
            asyncio.run(add(async_kycaid))
            assert kycaid_sandbox.counts()["applicants"] == 1

        @pytest.mark.kycaid_sandbox(api_key="mine")
        def test_it_takes_options(kycaid_sandbox):
            assert kycaid_sandbox.api_key == "mine"
        """
    )
    result = pytester.runpytest_inprocess(*SCOPE, "-W", "error", "--strict-markers")
    result.assert_outcomes(passed=3)


def test_a_loop_that_serves_several_tests_keeps_no_client_of_an_earlier_one(pytester):
    pytester.makepyfile(
        """
        import gc, aiohttp, pytest

        pytestmark = pytest.mark.asyncio(loop_scope="session")

        @pytest.mark.parametrize("turn", [1, 2])
        async def test_it_is_used(async_kycaid, turn):
            await async_kycaid.applicants.create(type="PERSON")

        async def test_nothing_is_left():
            assert not [one for one in gc.get_objects() if type(one) is aiohttp.ClientSession and not one.closed]
        """
    )
    result = pytester.runpytest_subprocess(*SCOPE, "-W", "error")
    result.assert_outcomes(passed=3)


def test_options_of_a_class_and_its_method_are_taken_together(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.kycaid_sandbox(balance=5.0, api_key="class")
        class TestShop:
            @pytest.mark.kycaid_sandbox(api_key="method")
            def test_both(self, kycaid_sandbox):
                assert (kycaid_sandbox.balance(), kycaid_sandbox.api_key) == (5.0, "method")

            def test_one(self, kycaid_sandbox):
                assert (kycaid_sandbox.balance(), kycaid_sandbox.api_key) == (5.0, "class")
        """
    )
    pytester.runpytest_inprocess(*SCOPE).assert_outcomes(passed=2)


def test_an_option_without_a_name_is_an_error(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.kycaid_sandbox("manual")
        def test_it(kycaid_sandbox):
            pass
        """
    )
    result = pytester.runpytest_inprocess(*SCOPE)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the options of kycaid_sandbox have names*"])


def test_the_marker_is_listed(pytester):
    result = pytester.runpytest_inprocess(*SCOPE, "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.kycaid_sandbox(*options)*"])


def test_a_test_that_anyio_runs_with_trio_is_told_in_one_sentence_to_take_asyncio(pytester):
    pytest.importorskip("trio")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.anyio
        async def test_it(async_kycaid):
            await async_kycaid.applicants.create(type="PERSON")
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-k", "asyncio or trio")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["kycaid_async runs on asyncio, *let your fixture anyio_backend return 'asyncio'."])
    result.stdout.no_fnmatch_line("*RuntimeError*")
