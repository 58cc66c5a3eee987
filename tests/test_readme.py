"""What the README shows is what happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from kycaid_async import ManifestRow, read_manifest
from kycaid_async.cli.operations import as_markdown, repeats_as_markdown
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.testing import Sandbox
from tests import derived
from tests.cli.exports import CUSTOMERS, write_export

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_program_at_the_top_runs_as_it_stands_and_prints_what_is_said(tmp_path):
    program = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    assert len(program.splitlines()) <= 15
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"it prints\n`{done.stdout.strip()}`" in README


def test_a_person_decides_in_the_program_about_outcomes(tmp_path):
    (program,) = [p for p in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if p.startswith("# decide")]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert ("EXPIRED_DOCUMENT" in first, "OTHER" in first, second) == (True, True, "True")


DRIVERS = {
    "aiohttp.web": """
import asyncio
from aiohttp.test_utils import TestClient, TestServer

async def drive():
    async with TestClient(TestServer(namespace["app"])) as client:
        return [(await client.post("/kycaid", data=BODY, headers={HEADER: s})).status for s in SIGNATURES]

print(asyncio.run(drive()))
""",
    "FastAPI": """
import asyncio, httpx

async def drive():
    transport = httpx.ASGITransport(namespace["app"])
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return [(await client.post("/kycaid", content=BODY, headers={HEADER: s})).status_code for s in SIGNATURES]

print(asyncio.run(drive()))
""",
    "Django": """
import sys, types
module = sys.modules["example"] = types.ModuleType("example")
module.__dict__.update(namespace)
import django
django.setup()
from django.test import Client
post = lambda s: Client().post("/kycaid", BODY, "application/json", headers={HEADER: s})
print([post(s).status_code for s in SIGNATURES])
""",
    "Flask": """
client = namespace["app"].test_client()
print([client.post("/kycaid", data=BODY, headers={HEADER: s}).status_code for s in SIGNATURES])
""",
}

SETTING = """
import os, sys
os.environ["KYCAID_API_KEY"] = "k" * 36
from kycaid_async.callbacks import SIGNATURE_HEADER as HEADER, sign
BODY = b'{"type":"VERIFICATION_STATUS_CHANGED","request_id":"1","verification_status":"pending"}'
SIGNATURES = [sign(BODY, "k" * 36), sign(BODY, "k" * 36), "0" * 128]
namespace = {"__name__": "example"}
exec(sys.argv[1], namespace)
"""


@pytest.mark.parametrize("framework", DRIVERS)
def test_each_callback_receiver_runs_as_it_stands(framework):
    (program,) = [p for p in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if p.startswith(f"# {framework}")]
    done = subprocess.run(
        [sys.executable, "-c", SETTING + DRIVERS[framework], program], capture_output=True, text=True, check=False
    )
    printed = done.stdout.splitlines()
    assert printed[-1:] == ["[200, 200, 401]"], done.stderr
    assert len(printed) == 2, "the handler runs once, the repetition is recognised"
    assert printed[0].startswith("VerificationStatusChanged(")


def test_the_tests_shown_pass_as_they_stand(tmp_path):
    (program,) = [p for p in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if p.startswith("# test_sign_up.py")]
    (tmp_path / "test_sign_up.py").write_text(program, encoding="utf-8")
    options = ["-W", "error", "--strict-markers", "-o", "asyncio_default_fixture_loop_scope=function"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_manifest_is_one_without_a_bad_row(tmp_path):
    (text,) = re.findall(r"```csv\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    rows = list(read_manifest(path))
    assert len(rows) == len(text.splitlines()) - 1
    assert all(isinstance(row, ManifestRow) for row in rows)


def test_the_tables_of_operations_and_of_repeats_are_those_of_the_declarations_and_the_decisions():
    """After a change: ``python -m tests.derived`` writes them."""
    assert as_markdown() in derived.readme()
    assert repeats_as_markdown() in derived.readme()
    if derived.readme() != README:
        pytest.fail(f"README.md: `{derived.COMMAND}` has to write its tables of operations anew", pytrace=False)


@pytest.fixture
def whole_job(tmp_path):
    """Run a program of the README in an office: an export, its scans, and a KYCAID that reviews them."""
    write_export(tmp_path, "a workbook of openpyxl").rename(tmp_path / "export.xlsx")
    for customer in CUSTOMERS:
        Image.effect_noise((1200, 800), 90).save(tmp_path / customer.file.replace("\\", "/"))

    def run(*start, fence, words):
        found = re.search(rf"```{fence}\n([^`]*{words}.*?)```\n.*?```text\n(.*?)```", README, re.DOTALL)
        with Sandbox() as sandbox:
            account = {"KYCAID_API_KEY": sandbox.api_key, "KYCAID_BASE_URL": sandbox.url, "FORM_ID": FORMS[0].id}
            path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
            done = subprocess.run(
                [*start, found[1]],
                cwd=tmp_path,
                env=os.environ | account | {"PATH": path},
                capture_output=True,
                text=True,
                check=False,
            )
        assert len([line for line in found[1].splitlines() if line]) <= 12
        assert done.returncode == 0, done.stderr
        said = re.sub("^guessed: .*\n", "", done.stdout, flags=re.MULTILINE)
        assert _without_times(said) == _without_times(found[2])

    return run


def _without_times(text):
    return re.sub(r"[\d.,]+(?= (?:s|kB|MB|documents)\b)", "…", text)


@pytest.mark.skipif(sys.platform == "win32", reason="it is for a POSIX shell")
def test_the_whole_job_in_a_shell_runs_as_it_stands_and_prints_what_is_said(whole_job, tmp_path):
    whole_job("sh", "-c", fence="sh", words="kycaid upload export")
    assert (tmp_path / "verdicts.xlsx").exists()
    assert "From rows to verdicts" in (tmp_path / "job.html").read_text(encoding="utf-8")


def test_the_whole_job_in_python_runs_as_it_stands_and_prints_what_is_said(whole_job):
    whole_job(sys.executable, "-W", "error", "-c", fence="python", words="results\\(people")


def anchor(heading):
    return "#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_contents_list_every_heading_in_its_order_and_link_to_it():
    prose = re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE)
    before, contents, after = re.split(
        r"^## Contents\n(.*?)(?=^## )", prose, maxsplit=1, flags=re.DOTALL | re.MULTILINE
    )
    assert "\n## " not in before
    listed = re.findall(r"(\* )?\[([^]]+)\]\(([^)]+)\)", contents)
    headings = re.findall(r"^(##|###) (.+)$", after, re.MULTILINE)
    assert [("##" if star else "###", text) for star, text, _ in listed] == headings
    assert [to for *_, to in listed] == [anchor(text) for _, text in headings]
    assert len({to for *_, to in listed}) == len(listed), "two headings of the same name"


def test_a_link_within_the_page_leads_to_a_heading():
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    assert set(re.findall(r"\]\((#[^)]+)\)", README)) <= {anchor(heading) for heading in headings}


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_no_line_of_prose_is_wider_than_120_characters(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("| ")] == []


def test_there_are_exactly_two_commands_to_paste():
    commands = re.search(r"## Two commands\n(.*?)\n## ", README, re.DOTALL)[1]
    assert [c.split("&&")[-1].strip() for c in re.findall(r"```console\n(.*?)\n```", commands)] == [
        ".venv/bin/kycaid demo",
        ".venv/bin/python -W error -X dev -m pytest",
    ]
