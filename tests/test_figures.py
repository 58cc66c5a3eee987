"""The table of full runs says what the files of their figures say."""

import json

import pytest

from tests import derived, figures
from tests.test_readme import README


def test_a_recorded_run_is_a_line_of_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["tests.this", "--seed", "3", "--record"])
    figures.record("this", "this claim", {"tries": 12345, "leaks": 0, "largest": "4 MB"}, folder=tmp_path)
    said = json.loads((tmp_path / "this.json").read_text())
    assert said["command"].endswith(" --seed 3")
    line = figures.as_markdown(tmp_path).splitlines()[2]
    shown = f"12,345 tries, 0 leaks, 4 MB largest | `{said['command']}` | {said['date']} | {said['commit']} |"
    assert line == f"| this claim | {shown}"


def test_figures_of_several_runs_name_all_their_commits(tmp_path):
    runs = [{"date": "2026-01-02", "commit": "b"}, {"date": "2026-01-01", "commit": "a"}]
    figures.record("this", "x", {}, folder=tmp_path, command="python -m x all", runs=[*runs, runs[0]])
    said = json.loads((tmp_path / "this.json").read_text())
    assert (said["date"], said["commit"], said["command"]) == ("2026-01-01 to 2026-01-02", "b, a", "python -m x all")


def test_a_file_of_another_form_is_refused(tmp_path):
    (tmp_path / "a.json").write_text('{"what": "x"}')
    with pytest.raises(AssertionError, match="other keys"):
        figures.as_markdown(tmp_path)


def test_the_readme_shows_the_runs_that_were_recorded():
    """After a run with ``--record``: ``python -m tests.derived`` writes the table."""
    assert figures.as_markdown() in README, f"`{derived.COMMAND}` has to write the table of full runs anew"
