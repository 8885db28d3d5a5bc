"""Lab 13: whether its text and its model answers are true. What holds for every lab is in test_labs.py."""

import contextlib
import io
import re

import jupytext
import nbformat
import numpy as np
import pytest

from rnncore.checks.labs import lab13
from rnncore.tasks.dates import write_date
from rnncore.tasks.series import country_statistics
from rnncore.tasks.series import windows as windows_of_rnncore
from tests.labs.lab import ROOT
from tests.labs.labs import LABS, solved
from tests.labs.test_labs import failure

CELLS = jupytext.read(ROOT / "solutions" / "lab13_capstone.py").cells
ANSWERS = {name: next(c.source for c in CELLS if c.metadata.get("nbgrader", {}).get("grade_id") == name) for name in LABS["lab13"].manual}
LOCALES = {  # of the table of languages
    "English": "en_GB",
    "American": "en_US",
    "German": "de",
    "French": "fr",
    "Spanish": "es",
    "Italian": "it",
    "Dutch": "nl",
    "Swedish": "sv",
    "Portuguese": "pt",
    "Norwegian": "nb",
}
CHANGED = """
    years, countries, values = country_statistics(name)
    values[9:] = np.random.default_rng(0).uniform(20, 90, values[9:].shape)
""".strip()


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return solved("lab13")


@pytest.fixture(scope="module")
def project_b():
    """The solved notebook of the one who chose project B."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.delenv("NBGRADER_EXECUTION", raising=False)
        names = {}
        for cell in LABS["lab13"].cells:
            exec(cell.replace('PROJECT = "A"', 'PROJECT = "B"'), names)
    assert names["PROJECT"] == "B"
    return names


def spread(values):
    return [np.median(values), np.min(values), np.max(values)]


def table(answer):
    """The rows of a model answer's table: name -> numbers, of which there are three where a spread is given."""
    rows = [line.strip("| ").split(" | ") for line in answer.splitlines() if line.startswith("| ")][1:]
    return {name: [float(number) for number in re.findall(r"\d\.\d+", numbers)] for name, numbers in rows}


def test_the_model_answers_of_project_a_are_a_real_run(notebook):
    written, measured = table(ANSWERS["choice"]), {name: spread(curves.min(axis=1)) for name, curves in notebook["errors"].items()}
    assert list(written) == list(measured)
    for name in written:
        np.testing.assert_allclose(measured[name], written[name], atol=0.01)
    best = {name: curves.min(axis=1) for name, curves in notebook["errors"].items()}
    assert best["GRU, squared error"].min() > best["GRU"].max()  # worse for every seed
    assert max(abs(np.median(best["GRU"]) - np.median(best[cell])) for cell in ("plain cell", "LSTM")) < np.ptp(best["GRU"])
    assert all((curves.argmin(axis=1) < curves.shape[1] - 1).all() for curves in notebook["errors"].values())  # before the end
    longer = notebook["candidates"]("A")["GRU"] | {"updates": 800}
    longer = [min(notebook["train_a"](longer, seed)[0]) for seed in notebook["SEEDS"]]
    np.testing.assert_allclose(spread(longer), [0.617, 0.612, 0.616], atol=0.01)
    assert "twice as long: 0.617 (0.612 to 0.616)" in ANSWERS["choice"].replace("\n", " ").replace("# ", "")
    baselines = {name: notebook["error_a"](made, "validation") for name, made in notebook["baselines_a"]("validation").items()}
    assert round(min(baselines.values()), 3) == 0.659 == round(baselines["same change again"], 3)
    assert max(values.max() for values in best.values()) < 0.659
    assert notebook["chosen"] == "GRU"

    written, results = table(ANSWERS["results"]), notebook["results"]
    assert list(written) == ["naive", "nearest", "same change again", "linear", "GRU"]
    for name, numbers in written.items():
        found = results["network" if name == "GRU" else name]
        np.testing.assert_allclose(spread(found) if name == "GRU" else [found], numbers, atol=0.015)
    assert max(results["network"]) < min(error for name, error in results.items() if name != "network")
    assert np.ptp(results["network"]) < (results["linear"] - np.median(results["network"])) / 3


def test_the_error_analysis_of_project_a_is_true(notebook):
    by_country, closer, series = notebook["analysed"], notebook["closer"], notebook["series"]
    worst = [series.countries[d] for d in np.argsort(-by_country["network"])[:8]]
    assert set(worst[:5]) == {"Rwanda", "Zimbabwe", "Botswana", "Lesotho", "Swaziland"}
    assert set(worst[5:]) == {"South Africa", "Zambia", "Malawi"} and worst[0] == "Rwanda"
    for name, said in (("Rwanda", 5.4), ("Zimbabwe", 3.9), ("Botswana", 3.0), ("Lesotho", 2.8), ("Swaziland", 2.6)):
        assert abs(by_country["network"][series.countries.index(name)] - said) < 0.3
    years, countries, values = country_statistics()
    test = years >= 1992
    assert values[years == 1992, countries.index("Rwanda")].round(1) == 23.6
    assert all(np.diff(values[test][:, countries.index(name)]).min() < -2 for name in worst[1:6])
    said = {"falls in train": 0.04, "falls in test": 0.12, "network, falls": 1.52, "network, rises": 0.35, "linear, falls": 1.84}
    said["linear, rises"] = 0.35
    for name, number in said.items():
        assert abs(closer[name] - number) < (0.006 if name.startswith("falls") else 0.06), name
    assert closer["network, falls"] < closer["linear, falls"] - 0.15


def test_no_other_fit_of_the_linear_model_would_beat_the_network(notebook):
    """The teacher's page says so, since somebody will ask: the network's loss is near the absolute error, the linear model's is not."""
    series, xs = notebook["series"], notebook["series"].xs
    changes = {part: (series.targets[part] - xs[part][-1]).ravel() for part in xs}
    columns = {part: np.vstack([xs[part].reshape(4, -1), np.ones(xs[part][0].size)]).T for part in xs}

    def error(weights):
        return notebook["error_a"](xs["test"][-1:] + (columns["test"] @ weights).reshape(1, *xs["test"].shape[1:]), "test")

    def fit(parts, weight=1.0):
        rows, wanted = np.concatenate([columns[part] for part in parts]), np.concatenate([changes[part] for part in parts])
        root = np.sqrt(np.broadcast_to(weight, len(wanted)))
        return np.linalg.lstsq(rows * root[:, None], wanted * root, rcond=None)[0]

    assert error(fit(["train"])) == pytest.approx(notebook["results"]["linear"])
    with_validation = error(fit(["train", "validation"]))
    assert round(with_validation, 3) == 0.549
    scale = np.abs(np.diff(series.earlier, axis=0)).mean(axis=0)
    in_units = error(fit(["train"], np.broadcast_to(scale**-2, xs["train"].shape[1:]).ravel()))
    assert round(in_units, 3) == 0.528 and max(notebook["results"]["network"]) < in_units - 0.02
    targets, weight = changes["train"], np.ones(len(changes["train"]))
    for _ in range(100):  # least squares with other weights each time lead to least absolute errors
        found = fit(["train"], weight)
        weight = 1 / np.maximum(np.abs(targets - columns["train"] @ found), 1e-3)
    assert round(error(found), 3) == 0.556


def test_nothing_before_the_test_knows_it(notebook):
    """Other values from 1997 on change no curve of validation errors and no baseline."""
    cells = LABS["lab13"].cells
    load = next(k for k, cell in enumerate(cells) if "series = load_series()" in cell)
    choose = next(k for k, cell in enumerate(cells) if "def chosen_by_validation" in cell)
    assert not any('"test")' in cell for cell in cells[load + 1 : choose])  # nothing is measured on it before
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells[:choose]:
            exec(cell.replace("years, countries, values = country_statistics(name)", CHANGED), names)
    assert (names["series"].targets["test"] != notebook["series"].targets["test"]).all()
    for name, curves in names["errors"].items():
        np.testing.assert_array_equal(curves, notebook["errors"][name])
    for name, made in names["baselines_a"]("validation").items():
        np.testing.assert_array_equal(made, notebook["baselines_a"]("validation")[name])


def test_the_network_does_not_always_win():
    """The teacher's page has this run, with income per head, as an answer that loses and has full points."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.delenv("NBGRADER_EXECUTION", raising=False)
        names = {}
        for cell in LABS["lab13"].cells:
            cell = cell.replace("series = load_series()", 'series = load_series("income per head")')
            exec(cell, names)
            if "def candidates" in cell:
                names["candidates"] = lambda name: {"GRU 64": {"cell": "gru", "hidden_size": 64, "lr": 0.01, "updates": 400, "delta": 0.3}}
    np.testing.assert_allclose(spread(names["results"]["network"]), [0.913, 0.913, 0.949], atol=0.015)
    assert round(names["results"]["linear"], 3) == 0.938 < max(names["results"]["network"])


def test_the_split_of_project_a_has_no_leak(notebook):
    series = notebook["series"]
    assert {part: series.years[steps].tolist() for part, steps in series.steps.items()} == {
        "train": [1972, 1977, 1982, 1987],
        "validation": [1992],
        "test": [1997, 2002, 2007],
    }
    assert len(series.earlier) == 8 and series.years[7] == 1987


def test_windows_are_those_of_rnncore():
    values = np.random.default_rng(0).standard_normal((9, 2))
    for own, right in zip(lab13.window.reference(values, 3, 2), windows_of_rnncore(values, 3, horizon=2), strict=True):
        np.testing.assert_array_equal(own, right)


def test_the_dates_of_project_b_are_those_of_the_locales(project_b):
    train = project_b["dates"]["train"]
    assert set(project_b["LANGUAGES"]) == set(LOCALES) and len(project_b["SPOKEN"]["train"]) == 8  # seven languages, English twice
    for name, form in project_b["LANGUAGES"].items():
        pattern, months = form.split(" / ")
        for day in train.days[:200]:
            own = pattern.format(d=day.day, m=months.split()[day.month - 1], y=day.year)
            assert own == write_date(day, LOCALES[name], "long")
    assert not set(train.days) & {day for part in ("validation", "test") for day in project_b["dates"][part].days}


def test_what_is_said_of_project_b_is_a_real_run(project_b):
    best = {name: spread(curves.min(axis=1)) for name, curves in project_b["errors"].items()}
    for name, said in {
        "no attention": [0.632, 0.632, 0.673],
        "attention": [0.020, 0.017, 0.090],
        "attention, letters hidden": [0, 0, 0.017],
    }.items():
        assert (f"{said[0]:.3f} ({said[1]:.3f} to" in ANSWERS["choice"].replace("\n", " ")) and said[2] < 1
        np.testing.assert_allclose(best[name], said, atol=0.06)
    assert project_b["chosen"] == "attention, letters hidden"
    results = project_b["results"]
    assert round(results["frequent"], 3) == 0.968 and round(results["nearest"], 3) == 0.497
    assert max(results["network"]) < 0.1 and "0.032 (0.025 to 0.035)" in ANSWERS["results"].replace("\n", " ")
    _, by_month = project_b["analysed"]
    assert by_month[12] == 1 and max(by_month[m] for m in range(1, 12)) < 0.05  # every December, and no other month
    assert max(project_b["closer"]["month wrong, with december"]) < 0.02


def test_both_baselines_of_project_b_get_next_to_no_whole_date(project_b):
    for answers in project_b["baselines_b"]("test").values():
        assert project_b["wrong_fields"](answers, "test").any(axis=0).mean() > 0.99


def test_what_a_person_grades_is_released_without_the_answer():
    released = nbformat.read(ROOT / "labs" / "lab13_capstone" / "lab13_capstone.ipynb", 4)
    cells = {cell.id: cell for cell in released.cells}
    for name, points in LABS["lab13"].manual.items():
        assert cells[name].source == "YOUR ANSWER HERE" and cells[name].cell_type == "markdown"
        assert cells[name].metadata.nbgrader.points == points and not cells[name].metadata.nbgrader.locked
        above = released.cells[released.cells.index(cells[name]) - 1].source
        levels = [int(n) for n in re.findall(r"^- \*\*(\d)\*\*: ", above, flags=re.M)]
        assert levels == list(range(points, -1, -1)) and f"({points} points, by hand)" in above


def test_a_number_in_any_precision_is_an_error():
    def single(targets, predictions, earlier, season):
        return np.float32(lab13.error.reference(targets, predictions, earlier, season))

    lab13.error.check(single, rng=np.random.default_rng(0))
    wrong = failure(lab13.near, lambda features, asked: lab13.near.reference(features, asked).astype(float))
    assert "must hold whole numbers, got float64" in wrong
