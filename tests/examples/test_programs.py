"""The programs of `kycaid_async/examples` that are scripts, as processes, against a sandbox."""

import asyncio
import csv
import os
import re
import subprocess
import sys
from datetime import UTC, datetime

from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS
from tests.examples.lines import BEFORE, counts
from tests.examples.places import EXAMPLES
from tests.pictures import picture

PEOPLE = """\
applicant.external_applicant_id,applicant.first_name,applicant.last_name,applicant.dob,type,front_side
1,John,Snow,1990-01-01,PASSPORT,1.png
2,Ærøskøbing,Müller,1991-01-01,PASSPORT,2.png
"""


def run(folder, sandbox, name, *arguments):
    found = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        cwd=folder,
        env=os.environ
        | {"KYCAID_API_KEY": sandbox.api_key, "KYCAID_BASE_URL": sandbox.url}
        | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def verdicts_in(path):
    """Return verdicts by person: verifications that run at once end in any order."""
    return {row["external_applicant_id"]: row["verdict"] for row in table(path)}


async def test_a_spreadsheet_of_people_becomes_one_of_verdicts_and_a_month_its_report(tmp_path):
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(picture(20_000 + number))
    async with Sandbox(review_after=0) as sandbox:
        for started in ("2 verifications: 2 started", "2 verifications: 2 done before"):
            printed = await asyncio.to_thread(run, tmp_path, sandbox, "verdicts.py", "people.csv", FORMS[0].id)
            assert started in printed
        verdicts = table(tmp_path / "verdicts.csv")
        assert [row["external_applicant_id"] for row in verdicts] == ["1", "2"]
        assert {row["verdict"] for row in verdicts} <= {"passed", "declined"}
        month = datetime.now(UTC).strftime("%Y-%m")
        printed = await asyncio.to_thread(run, tmp_path, sandbox, "month.py", month)
    assert printed.startswith("2 verifications: ")
    assert "fees 2.00" in printed
    assert verdicts_in(tmp_path / "month.csv") == verdicts_in(tmp_path / "verdicts.csv")


async def test_the_programs_by_hand_do_the_same(tmp_path):
    in_latin = PEOPLE.replace("Ærøskøbing", "Aeroskobing").replace("ü", "u")  # they transliterate nothing
    (tmp_path / "people.csv").write_text(in_latin, encoding="utf-8")
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(picture(20_000 + number))
    async with Sandbox(review_after=0) as sandbox:
        await asyncio.to_thread(run, tmp_path, sandbox, BEFORE / "verdicts.py", "people.csv", FORMS[0].id)
        month = datetime.now(UTC).strftime("%Y-%m")
        printed = await asyncio.to_thread(run, tmp_path, sandbox, BEFORE / "month.py", month)
        verdicts = verdicts_in(tmp_path / "month.csv")
        assert verdicts == verdicts_in(tmp_path / "verdicts.csv")
        shown = await asyncio.to_thread(run, tmp_path, sandbox, "month.py", month)
        assert printed.splitlines()[0] == shown.splitlines()[0]
        assert verdicts == verdicts_in(tmp_path / "month.csv")
    assert set(verdicts) == {"1", "2"}


def test_the_lines_of_code_are_counted_as_the_table_says():
    text = (EXAMPLES / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(.*?)` \|.*\| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert {name: (int(lines), int(by_hand)) for name, lines, by_hand in rows} == counts()
