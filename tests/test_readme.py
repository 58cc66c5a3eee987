"""What the README shows is what happens."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_program_at_the_top_runs_as_it_stands_and_prints_what_is_said(tmp_path):
    program = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    assert len(program.splitlines()) <= 16
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"It prints `{done.stdout.strip()}`" in README


def test_there_are_exactly_two_commands_to_paste():
    commands = re.search(r"## Two commands\n(.*?)\n## ", README, re.DOTALL)[1]
    assert [c.split("&&")[-1].strip() for c in re.findall(r"```console\n(.*?)\n```", commands)] == [
        ".venv/bin/kycaid demo",
        ".venv/bin/python -W error -X dev -m pytest",
    ]
