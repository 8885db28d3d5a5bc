"""The report: what it says, which files it leaves behind, and that no section is in it twice."""

import json
import math
import re

import numpy as np
import pytest

NAMES = [
    "adding",
    "around",
    "bptt",
    "classroom_grading",
    "classroom_killed",
    "classroom_load",
    "custom_cells",
    "gpu",
    "imports",
    "layers",
    "memory",
    "website",
]


def test_a_target_can_be_missed(load):
    Target = load("report").Target
    assert Target("t", 1.0, 1.0).met
    assert not Target("t", 1.01, 1.0).met
    assert not Target("t", math.nan, 1.0).met


def test_report_says_what_was_missed(load, tmp_path):
    report, grid = load("report"), load("grid")
    rows = [{"layer": "RNN", "ratio": grid.Spread(2.0, 1.9, 2.2), "ms": 1.5}]
    sections = [
        report.Section("Layers", "A note.", "Small is fast.", rows, [report.Target("fast", 2.0, 1.0), report.Target("small", 2.0, 3.0)])
    ]
    path = report.write("layers", sections, folder=tmp_path)
    text, content = path.read_text(), json.loads(path.with_suffix(".json").read_text())
    assert "1 of 2 met" in text and "| fast | 2 | 1 | **no** |" in text and "| RNN | 2.00 (1.90 to 2.20) | 1.5 |" in text
    assert text.index("## Targets") < text.index("## Machine") < text.index("## Layers") < text.index("Small is fast.")
    assert content["sections"][0]["reading"] == "Small is fast."
    assert [target["met"] for target in content["sections"][0]["targets"]] == [False, True]
    assert content["sections"][0]["rows"][0]["ratio"] == {"median": 2.0, "low": 1.9, "high": 2.2}
    assert content["machine"]["NumPy"] == np.__version__ and content["machine"]["threads"] == 1


def section(report, title):
    return report.Section(title, "A note.", "How to read it.", [{"layer": "RNN"}], [])


def test_the_note_ends_before_the_contents(load):
    assert load("report").note("What is\nmeasured.\n\nContents\n    run    all of it\n") == "What is measured."


def test_a_new_report_replaces_the_older_one_of_the_same_machine_alone(load, tmp_path, monkeypatch):
    report = load("report")
    monkeypatch.setattr(report, "_processor", lambda: "Abacus(R) 2")
    monkeypatch.setattr(report.os, "cpu_count", lambda: 4)
    kept = [tmp_path / "abacus-2-4-cores" / "memory.md", tmp_path / "abacus-2-8-cores" / "layers.md"]
    path = tmp_path / "abacus-2-4-cores" / "layers.md"
    for old in [*kept, path]:
        old.parent.mkdir(exist_ok=True)
        old.write_text("old")
    assert report.write("layers", [section(report, "Layers")], folder=tmp_path) == path
    assert "## Layers" in path.read_text() and path.read_text().startswith("# layers, ") and path.with_suffix(".json").exists()
    assert [old.read_text() for old in kept] == ["old", "old"] and len(list(tmp_path.rglob("*.*"))) == 4


def test_two_sections_of_one_title_are_refused(load, tmp_path):
    report = load("report")
    with pytest.raises(ValueError, match="every section must have a title of its own, got more than one called Layers"):
        report.write("layers", [section(report, title) for title in ("Layers", "Memory", "Layers")], folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_committed_reports_are_those_of_benchmarks_and_hold_everything_once(load):
    report = load("report")
    reports = sorted(report.RESULTS.rglob("*.json"))
    assert reports and {path.stem for path in reports} <= set(NAMES)
    assert sorted(path.with_suffix(".json") for path in report.RESULTS.rglob("*.md")) == reports
    for path in reports:
        sections, text = json.loads(path.read_text())["sections"], path.with_suffix(".md").read_text()
        titles, targets = [s["title"] for s in sections], [target["name"] for s in sections for target in s["targets"]]
        assert [t for t in re.findall("^## (.*)", text, re.MULTILINE) if not t.startswith(("Targets", "Machine"))] == titles
        assert re.findall(r"^\| (.*?) \|.* (?:yes|\*\*no\*\*) \|$", text, re.MULTILINE) == targets
        assert len(set(titles)) == len(titles) and len(set(targets)) == len(targets)


@pytest.fixture
def run(load, monkeypatch):
    """`run.py`, with the environment and the path put back afterwards."""
    run = load("run")
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(run.sys, "path", list(run.sys.path))
    return run


def test_every_benchmark_is_found(run):
    assert run.benchmarks() == NAMES


def test_a_name_given_twice_runs_once(run, load, monkeypatch, capsys):
    report = load("report")
    monkeypatch.setattr(load("memory"), "sections", lambda quick: [section(report, "Memory")])
    assert run.main(["--quick", "memory", "memory"]) == 0
    assert capsys.readouterr().out.count("## Memory") == 1


def test_a_missed_target_makes_the_command_fail_and_the_report_is_written(run, load, monkeypatch, tmp_path, capsys):
    report = load("report")
    missed = section(report, "Memory")._replace(targets=[report.Target("small", 2.0, 1.0)])
    monkeypatch.setattr(report.write, "__kwdefaults__", {"folder": tmp_path})
    monkeypatch.setattr(load("memory"), "sections", lambda quick: [missed])
    monkeypatch.setattr(load("imports"), "sections", lambda quick: [])
    assert run.main(["memory", "imports"]) == 1
    assert {path.name for path in tmp_path.rglob("*.*")} == {"memory.md", "memory.json"}
    assert capsys.readouterr().err.endswith("imports is left out: something that it needs is not here.\n")


@pytest.mark.parametrize("name", ["grid", "nothing"])
def test_a_name_that_is_no_benchmark_is_refused_in_a_sentence(run, capsys, name):
    with pytest.raises(SystemExit):
        run.main([name])
    assert f"expected names among {', '.join(NAMES)}, got {name}." in " ".join(capsys.readouterr().err.split())
