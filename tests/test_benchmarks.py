"""Each benchmark runs. What it measures is nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import found
from benchmarks.harness.case import Case
from benchmarks.harness.report import Figure
from benchmarks.harness.rounds import Comparison, Result

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sorted(found()))
def test_a_benchmark_runs_and_writes_what_it_found(name, tmp_path):
    path = tmp_path / "found.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", name, "--quick", "--json", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (benchmark,) = json.loads(path.read_text(encoding="utf-8"))["benchmarks"].values()
    for comparison in benchmark["comparisons"]:
        assert comparison["title"] in done.stdout
        assert comparison["failed"] == {}
        assert len(comparison["peers"]) > 1, "there is something to compare with"
        assert all(cpu > 0 for peer in comparison["peers"].values() for cpu in peer["wall"])


def test_ratios_are_of_the_same_round():
    ours = Result("ours", wall=[1.0, 10.0, 2.0])
    theirs = Result("theirs", wall=[2.0, 20.0, 6.0])
    comparison = Comparison(Case(title="a noisy machine"), {"ours": ours, "theirs": theirs})
    assert comparison.ratio("theirs", "ours") == 2.0
    assert comparison.ratio("theirs", "another") is None


@pytest.mark.parametrize(
    ("measured", "sense", "verdict"),
    [
        (2.6, "≥", "beyond the aim"),
        (1.8, "≥", "met"),
        (1.79, "≥", "missed"),
        (1.8, "≤", "beyond the aim"),
        (2.5, "≤", "beyond the aim"),
        (None, "≥", "not measured"),
    ],
)
def test_a_figure_says_whether_it_is_met(measured, sense, verdict):
    assert Figure("speed", measured, 1.8, 2.5, sense, "ms").verdict == verdict
