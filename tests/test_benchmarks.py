"""Each benchmark runs. What it measures is nobody's business here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import found, main
from benchmarks.harness.alone import alone
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.cores import CLIENTS, SERVER, busy_cores
from benchmarks.harness.figures import Figure, at_least, at_most
from benchmarks.harness.record import as_markdown, commit, record
from benchmarks.harness.report import Report
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
    written = json.loads(path.read_text(encoding="utf-8"))
    (benchmark,) = written["benchmarks"].values()
    assert any(benchmark.values()), "something was measured"
    assert all(f"| {figure['name']} " in done.stdout for figure in written["figures"])
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


def test_several_benchmarks_can_be_chosen_and_end_with_one_table(tmp_path, monkeypatch, capsys):
    def measured(number):
        return lambda _plan: Report(figures=[at_least(f"speed {number}", number, 2, unit="s")], extra={"seen": number})

    path = tmp_path / "found.json"
    monkeypatch.setattr("benchmarks.__main__.found", lambda: {name: measured(n) for n, name in enumerate("abcd")})
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "b", "--only", "d", "--json", str(path)])
    main()
    written = json.loads(path.read_text(encoding="utf-8"))
    assert {name: found["seen"] for name, found in written["benchmarks"].items()} == {"b": 1, "d": 3}
    assert [(figure["name"], figure["verdict"]) for figure in written["figures"]] == [
        ("speed 1", "missed"),
        ("speed 3", "met"),
    ]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in capsys.readouterr().out.splitlines()]
    assert rows[-2:] == [["speed 1", "≥ 2.00 s", "", "1.00 s", "missed"], ["speed 3", "≥ 2.00 s", "", "3.00 s", "met"]]


def test_figures_that_were_recorded_are_the_tables_of_the_documentation(tmp_path):
    assert "None was recorded" in as_markdown("busy", tmp_path)
    fast, slow = at_least("speed", 3.0, 2, unit="s"), at_most("time", 9.0, 1, unit="s")
    record("a", [fast], Plan(rounds=5, busy=True), folder=tmp_path)
    record("b", [at_least("replaced", 1.0, 2)], Plan(rounds=5, busy=True), folder=tmp_path)
    record("b", [slow], Plan(rounds=5, busy=True), folder=tmp_path)
    record("c", [], Plan(busy=True), folder=tmp_path)
    text = as_markdown("busy", tmp_path)
    assert text.splitlines()[-2:] == [
        "| speed | ≥ 2.00 s |  | 3.00 s | met |",
        "| time | ≤ 1.00 s |  | 9.00 s | missed |",
    ]
    assert text.count("at least 5 rounds") == 1
    assert not (tmp_path / "idle.json").exists()


def test_a_commit_has_a_plus_where_more_than_results_was_changed(tmp_path):
    def git(*words):
        names = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
        command = ["git", *names, *words]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    results = tmp_path / "results"
    results.mkdir()
    for path in (results / "a.json", tmp_path / "code.py"):
        path.write_text("1")
    git("init")
    git("add", ".")
    git("commit", "-m", "x")
    clean = commit(results)
    (results / "a.json").write_text("2")
    assert (len(clean), commit(results)) == (8, clean)
    (tmp_path / "code.py").write_text("2")
    assert commit(results) == f"{clean}+"


def test_a_process_on_each_core_is_busy_until_the_end():
    with busy_cores() as processes:
        assert len(processes) == len(CLIENTS) + len(SERVER)
        assert all(process.poll() is None for process in processes)
    assert all(process.poll() is not None for process in processes)


def test_a_busy_run_is_judged_by_what_is_wanted_of_one(monkeypatch, capsys):
    def measured(plan):
        return Report(figures=[at_least("speed", 1.5, plan.wanted(2, 1), unit="s")])

    monkeypatch.setattr("benchmarks.__main__.found", lambda: {"a": measured})
    for options, verdict in (([], "missed"), (["--busy"], "met")):
        monkeypatch.setattr("sys.argv", ["benchmarks", *options])
        main()
        assert capsys.readouterr().out.splitlines()[-1].split("|")[-2].strip() == verdict


def test_a_function_alone_has_a_process_of_its_own():
    assert alone("os", "getpid") != os.getpid()
    assert alone("json", "dumps", obj=[1]) == "[1]"


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
