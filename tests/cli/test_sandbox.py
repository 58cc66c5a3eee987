"""``kycaid sandbox``: a server in a process of its own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from kycaid_async import AsyncKycaid, InsufficientFundsError, ServerError, ValidationError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stopped with POSIX signals")


@pytest.fixture
def start(command, clean_environment):
    started = []

    def start(*options):
        process = subprocess.Popen(
            [*command, "sandbox", "--port", "0", *map(str, options)],
            env=clean_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        started.append(process)
        exports = {}
        while not (line := process.stdout.readline()).startswith("To watch it: "):
            assert line, f"it ended: {process.stderr.read()}"
            if line.startswith("  export "):
                name, value = line.removeprefix("  export ").strip().split("=", 1)
                exports[name] = value
        assert line == f"To watch it: {exports['KYCAID_BASE_URL']}/_sandbox/\n"
        return process, exports

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_prints_what_to_export_and_serves_a_demo(start, kycaid, good_folder):
    _, exports = start()
    assert set(exports) == {"KYCAID_BASE_URL", "KYCAID_API_KEY"}
    done = kycaid("demo", "--json", "--folder", good_folder, "--base-url", exports["KYCAID_BASE_URL"], **exports)
    assert done.returncode == 0
    assert json.loads(done.stdout)["documents_by_status"] == {"valid": 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_at_a_signal_without_a_word(start, number):
    process, _ = start()
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_keeps_its_data_where_it_is_told(start, tmp_path, kycaid, good_folder):
    process, exports = start("--data", tmp_path / "kept")
    kycaid("demo", "--folder", good_folder, "--base-url", exports["KYCAID_BASE_URL"], **exports)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert any(path.stat().st_size > 1000 for path in (tmp_path / "kept").rglob("*") if path.is_file())


def test_it_takes_a_key_of_your_own_and_refuses_others_in_one_line(start, kycaid, good_folder):
    _, exports = start("--api-key", "mine")
    url = exports["KYCAID_BASE_URL"]
    assert "KYCAID_API_KEY" not in exports
    done = kycaid("demo", "--json", "--folder", good_folder, "--base-url", url, KYCAID_API_KEY="not-mine")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Check the API key" in done.stderr


def test_it_is_strict_and_leaves_reviews_to_a_person_when_it_is_told_to(start):
    _, exports = start("--strict", "--manual", "--balance", "1")

    async def drive():
        key, url = exports["KYCAID_API_KEY"], exports["KYCAID_BASE_URL"]
        async with AsyncKycaid(key, base_url=url, max_retries=0) as kycaid:
            (form, _) = await kycaid.forms.list()
            owner, other = [await kycaid.applicants.create(type="PERSON") for _ in range(2)]
            with pytest.raises(ValidationError):
                await kycaid.verifications.create(applicant_id=owner)
            made = await kycaid.verifications.create(applicant_id=owner, form_id=form.form_id)
            assert (await kycaid.verifications.get(made)).status == "pending"
            with pytest.raises(InsufficientFundsError):
                await kycaid.verifications.create(applicant_id=other, form_id=form.form_id)

    asyncio.run(drive())


def test_what_is_to_go_wrong_goes_wrong_and_is_named(start):
    process, exports = start("--fault", "503:countries.list:1:1", "--fault", "429=2:documents.create:0.1", "--seed", 7)
    assert [process.stdout.readline() for _ in range(4)] == [
        "\n",
        "Goes wrong on purpose, with seed 7:\n",
        "  503:countries.list:1:1\n",
        "  429=2:documents.create:0.1\n",
    ]
    client = AsyncKycaid(exports["KYCAID_API_KEY"], base_url=exports["KYCAID_BASE_URL"], max_retries=0)

    async def twice():
        async with client:
            with pytest.raises(ServerError):
                await client.countries.list()
            return await client.countries.list()

    assert asyncio.run(twice())


@pytest.mark.parametrize("text", ["teapot", "429:documents.destroy", "500:all:often"])
def test_a_fault_that_cannot_be_is_one_line(kycaid_within, text):
    done = kycaid_within("sandbox", "--port", "0", "--fault", text)
    assert done.returncode == 2
    assert done.stderr.startswith("kycaid: --fault: ")
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line(kycaid):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = kycaid("sandbox", "--port", port)
    assert done.returncode == 1
    assert done.stderr == f"kycaid: port {port} of 127.0.0.1 is in use; choose another with --port\n"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--host", "0.0.0.0"),  # noqa: S104 - it is refused
        ("--api-key", "two words"),
        ("--callback-url", "foo"),
        ("--review-after", "inf"),
        ("--review-after", "nan"),
        ("--balance", "nan"),
        ("--balance", "-1"),
        ("--balance", "1e18"),
    ],
)
def test_an_option_that_cannot_work_is_one_line(kycaid_within, option, value):
    done = kycaid_within("sandbox", "--port", "0", option, value)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("kycaid: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_demo_that_is_told_to_end_leaves_no_document_behind(number, tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "kycaid_async.cli", "demo"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    while not any(tmp_path.glob("*/*")):
        assert process.poll() is None
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert b"Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
