"""The programs of `kycaid_async/examples` that are scripts, as processes, against a sandbox."""

import ast
import asyncio
import csv
import os
import re
import subprocess
import sys
from datetime import UTC, datetime

from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS
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
    assert [row["verdict"] for row in table(tmp_path / "month.csv")] == [row["verdict"] for row in verdicts]


def lines_of_code(path):
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    return sum(bool(line) and line[0] != "#" and number not in documentation for number, line in enumerate(lines, 1))


def test_the_lines_of_code_are_counted_as_the_table_says():
    text = (EXAMPLES / "README.md").read_text("utf-8")
    told = {name: int(lines) for name, lines in re.findall(r"^\| `(.*?)` \|.*\| (\d+) \|$", text, re.MULTILINE)}
    paths = {name: sorted((EXAMPLES / name).glob("*.py")) if name.endswith("/") else [EXAMPLES / name] for name in told}
    assert told == {name: sum(map(lines_of_code, files)) for name, files in paths.items()}
