"""Submissions are made whole: what learners wrote stays, all else is as handed out, and each repair is told."""

import json
import time

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.grading.doctor import Refused, repair
from classroom.grading.release import Release
from tests.classroom.labs import LABS, released, solutions, solved, untouched

LAB = "lab05_lstm"


def handed_in(change=lambda notebook: None, lab=LAB, text=None):
    """The bytes of a solved notebook after a change."""
    notebook = json.loads(text or solved(lab))
    change(notebook)
    return json.dumps(notebook).encode()


def cell(notebook, name):
    return next(c for c in notebook["cells"] if c.get("id") == name)


def at(notebook, name):
    return notebook["cells"].index(cell(notebook, name))


def sources(repaired):
    return [c.source for c in repaired.notebook.cells]


def named(repaired):
    return [c.metadata.nbgrader.grade_id for c in repaired.notebook.cells if "nbgrader" in c.metadata]


def whole(repaired, release):
    """Whether all that belongs to the teacher is the teacher's."""
    nbformat.validate(repaired.notebook)
    found = {c.metadata.nbgrader.grade_id: c for c in repaired.notebook.cells if "nbgrader" in c.metadata}
    assert named(repaired) == list(release.named)
    for name, want in release.named.items():
        assert found[name].metadata == want.metadata and found[name].cell_type == want.cell_type
        assert not want.fixed or found[name].source == want.source
    assert all(c.metadata in ({}, {"nbgrader": c.metadata.get("nbgrader")}) for c in repaired.notebook.cells)
    assert not any(c.get("outputs") or c.get("attachments") for c in repaired.notebook.cells)
    assert len({c.id for c in repaired.notebook.cells}) == len(repaired.notebook.cells)
    json.dumps(repaired.notebook, ensure_ascii=False).encode("utf8")
    return True


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("text", [untouched, solved])
def test_honest_work_comes_through_as_it_is(lab, text):
    repaired, came = repair(text(lab), released(lab)), json.loads(text(lab))["cells"]
    assert repaired.findings == [] and whole(repaired, released(lab))
    assert [(c.id, c.cell_type, c.source) for c in repaired.notebook.cells] == [
        (c["id"], c["cell_type"], "".join(c["source"])) for c in came
    ]


def test_what_jupyter_adds_is_no_finding():
    def change(notebook):
        notebook["metadata"] |= {"widgets": {"state": {"a": 1}}, "colab": {}, "kernelspec": {"name": "mine", "language": "python"}}
        notebook["metadata"]["language_info"] = {"name": "python", "version": "3.12.1", "nbconvert_exporter": "python"}
        for k, one in enumerate(notebook["cells"]):
            one["metadata"] |= {"execution": {"iopub.execute_input": "now"}, "scrolled": True, "tags": ["mine"], "collapsed": False}
            one["source"] = one["source"] if isinstance(one["source"], list) else one["source"].splitlines(keepends=True)
            if one["cell_type"] == "code":
                one |= {"execution_count": k, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x" * 1000}]}
        notebook["cells"].insert(9, {"cell_type": "code", "source": "%timeit 1\n!ls\nmine = 1", "metadata": {}, "outputs": [], "id": "q1"})

    repaired = repair(handed_in(change), released(LAB))
    assert repaired.findings == [] and whole(repaired, released(LAB))
    assert sources(repaired)[9] == "%timeit 1\n!ls\nmine = 1" and repaired.notebook.cells[9].id == "q1"
    assert repaired.notebook.metadata["kernelspec"]["name"] == "python3"


def edit(name, **keys):
    return lambda notebook: cell(notebook, name).update(keys)


def claim(name, **keys):
    return lambda notebook: cell(notebook, name)["metadata"]["nbgrader"].update(keys)


def delete(*names):
    return lambda notebook: [notebook["cells"].remove(cell(notebook, name)) for name in names] and None


def move(name, place):
    return lambda notebook: notebook["cells"].insert(place, notebook["cells"].pop(at(notebook, name)))


def nameless(*names, keep_id=False):
    def change(notebook):
        for name in names:
            one = cell(notebook, name)
            one["metadata"] = {}
            one["id"] = name if keep_id else f"lost-{name}"

    return change


def rename(name, new):
    def change(notebook):
        one = cell(notebook, name)
        one["metadata"]["nbgrader"]["grade_id"], one["id"] = new, "other"

    return change


def double(name, source=None):
    def change(notebook):
        copy = json.loads(json.dumps(cell(notebook, name))) | {"id": "copy"}
        notebook["cells"].insert(at(notebook, name) + 1, copy | ({"source": source} if source else {}))

    return change


def swap_names(notebook):
    a, b = cell(notebook, "step_forward"), cell(notebook, "step_backward")
    a["metadata"], b["metadata"] = b["metadata"], a["metadata"]
    a["id"], b["id"] = b["id"], a["id"]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (edit("check_gates", source="pass"), "Locked, but changed, and as handed out again: check_gates."),
        (edit("setup", source="import os"), "Locked, but changed, and as handed out again: setup."),
        (edit("use_gates", source="lstm_gates = 1"), "Locked, but changed, and as handed out again: use_gates."),
        (delete("check_gates"), "Missing, and back as handed out: check_gates."),
        (delete("setup", "check_gates", "use_gates"), "Missing, and back as handed out: setup, check_gates, use_gates."),
        (move("check_gates", 0), "In another place than in the lab, and back in the lab's order: check_gates."),
        (move("sequence_forward", 2), "In another place than in the lab, and back in the lab's order: sequence_forward."),
        (nameless("gates"), "Without its name, but recognised by its function, its place or its text: gates."),
        (nameless("gates", keep_id=True), "Without its name, but recognised by its function, its place or its text: gates."),
        (nameless("check_gates", "setup"), "Without its name, but recognised by its function, its place or its text: setup, check_gates."),
        (rename("step_forward", "mine"), "Without its name, but recognised by its function, its place or its text: step_forward."),
        (swap_names, "Without its name, but recognised by its function, its place or its text: step_forward, step_backward."),
        (double("check_gates"), "There more than once; one was taken, the others are gone or are ordinary cells: check_gates."),
        (double("gates"), "There more than once; one was taken, the others are gone or are ordinary cells: gates."),
        (edit("gates", cell_type="markdown"), "Of another type than handed out, and of the right type again: gates."),
        (edit("check_gates", cell_type="raw"), "Of another type than handed out, and of the right type again: check_gates."),
        (claim("check_gates", points=1000), "With other points or rights than handed out, and as handed out again: check_gates."),
        (claim("check_gates", points="many"), "With other points or rights than handed out, and as handed out again: check_gates."),
        (claim("gates", grade=True, points=5), "With other points or rights than handed out, and as handed out again: gates."),
        (claim("setup", locked=False), "With other points or rights than handed out, and as handed out again: setup."),
        (edit("gates", attachments={"a.png": {"image/png": "AAAA"}}), "Without the pictures or files that were pasted into it: gates."),
        (
            lambda notebook: cell(notebook, "check_gates")["metadata"].update(tags=["skip-execution"]),
            "Without the tags (skip-execution, raises-exception) that change how it is executed: check_gates.",
        ),
        (
            lambda notebook: notebook["metadata"].update(kernelspec={"name": "bash", "language": "bash"}),
            "The notebook said that its language is not Python; it is graded as Python.",
        ),
        (lambda notebook: notebook["cells"].append(7), "Something in the notebook was no cell; it was left out."),
    ],
)
def test_each_repair_is_told_and_the_notebook_is_whole(change, finding):
    repaired = repair(handed_in(change), released(LAB))
    assert finding in repaired.findings and whole(repaired, released(LAB))
    written = {c.metadata.nbgrader.grade_id: c.source for c in repaired.notebook.cells if "nbgrader" in c.metadata}
    assert {name: written[name] for name in solutions(LAB)} == solutions(LAB)
    assert len(repaired.findings) == 1 or finding.startswith("Without its name")


def test_a_cell_that_says_it_is_graded_and_is_not_of_the_lab_becomes_an_ordinary_one():
    def change(notebook):
        copy = json.loads(json.dumps(cell(notebook, "check_gates"))) | {"id": "x", "source": "1.0"}
        copy["metadata"]["nbgrader"]["grade_id"] = "bonus"
        notebook["cells"].append(copy)

    repaired = repair(handed_in(change), released(LAB))
    assert repaired.findings == ["As ordinary cells, though they said that they are graded or locked: a cell of the learner's own."]
    assert repaired.notebook.cells[-1].metadata == {} and repaired.notebook.cells[-1].source == "1.0" and whole(repaired, released(LAB))


def test_missing_cells_come_back_where_they_stood():
    text = handed_in(delete("setup", "check_gates", "gates", "use_step_forward", "check_forget_bias"))
    order = [c.id for c in repair(text, released(LAB)).notebook.cells]
    assert order == [c["id"] for c in json.loads(solved(LAB))["cells"]]
    assert order[4] == "gates"


def test_a_missing_check_comes_back_behind_the_learners_own_cells():
    def change(notebook):
        notebook["cells"].insert(at(notebook, "gates") + 1, {"cell_type": "code", "source": "own = 1", "metadata": {}, "id": "own"})
        delete("check_gates")(notebook)

    order = [c.id for c in repair(handed_in(change), released(LAB)).notebook.cells]
    assert order[(k := order.index("gates")) : k + 3] == ["gates", "own", "check_gates"]


def test_a_text_that_stands_elsewhere_does_not_draw_a_missing_cell_there():
    def change(notebook):
        text = notebook["cells"][at(notebook, "gates") - 1]["id"]
        move(text, 0)(notebook)
        delete("gates")(notebook)

    assert whole(repair(handed_in(change), released(LAB)), released(LAB))


def test_own_cells_follow_the_cell_they_stood_behind():
    own = [{"cell_type": "code", "source": f"own_{k} = 1", "metadata": {}, "outputs": [], "id": f"own{k}"} for k in range(3)]

    def change(notebook):
        for k, name in enumerate(("setup", "step_forward", "check_forget_bias")):
            notebook["cells"].insert(at(notebook, name) + 1, own[k])
        moved = at(notebook, "step_forward")
        pair = [notebook["cells"].pop(moved), notebook["cells"].pop(moved)]
        notebook["cells"] += pair  # a step and the learner's cell behind it, to the end

    repaired = repair(handed_in(change), released(LAB))
    ids = [c.id for c in repaired.notebook.cells]
    assert [ids[ids.index(f"own{k}") - 1] for k in range(3)] == ["setup", "step_forward", "check_forget_bias"]
    assert repaired.findings == ["In another place than in the lab, and back in the lab's order: step_forward."]


@pytest.mark.parametrize("first", [True, False])
def test_of_two_answers_that_in_which_something_is_written_counts(first):
    stub = next(c.source for c in released(LAB).cells if c.name == "gates")

    def change(notebook):
        double("gates", stub)(notebook)
        if first:
            k = at(notebook, "copy")
            notebook["cells"][k - 1 : k + 1] = notebook["cells"][k : k - 2 : -1]

    repaired = repair(handed_in(change), released(LAB))
    assert sources(repaired).count(solutions(LAB)["gates"]) == 1 and stub not in sources(repaired)
    assert whole(repaired, released(LAB)) and len(repaired.findings) == 1


def test_two_written_answers_are_both_kept_and_the_last_one_counts():
    repaired = repair(handed_in(double("gates", "def lstm_gates(params, x, h):\n    return 4")), released(LAB))
    where = [k for k, c in enumerate(repaired.notebook.cells) if "def lstm_gates" in c.source]
    assert [repaired.notebook.cells[k].metadata != {} for k in where] == [False, True]
    assert repaired.notebook.cells[where[1]].source.endswith("return 4")


def test_a_notebook_without_any_metadata_and_ids_is_put_together_again():
    def change(notebook):
        notebook["nbformat_minor"] = 4
        for one in notebook["cells"]:
            one["metadata"] = {}
            del one["id"]

    repaired = repair(handed_in(change), released(LAB))
    came = json.loads(solved(LAB))["cells"]
    assert sources(repaired) == ["".join(c["source"]) for c in came] and whole(repaired, released(LAB))
    assert len(repaired.findings) == 1 and repaired.findings[0].startswith("Without its name")


def test_a_written_answer_without_name_is_recognised_by_its_place():
    lab = "lab13_capstone"

    def change(notebook):
        edit("choice", source="Because of the validation error.", metadata={}, id="gone")(notebook)

    repaired = repair(handed_in(change, lab), released(lab))
    found = next(c for c in repaired.notebook.cells if c.id == "choice")
    assert found.source == "Because of the validation error." and whole(repaired, released(lab))


def test_an_answer_written_in_a_cell_below_the_empty_one_stays_there():
    stub = next(c.source for c in released(LAB).cells if c.name == "gates")

    def change(notebook):
        cell(notebook, "gates")["source"] = stub
        notebook["cells"].insert(at(notebook, "gates") + 1, {"cell_type": "code", "source": solutions(LAB)["gates"], "metadata": {}})

    repaired = repair(handed_in(change), released(LAB))
    ids = [c.id for c in repaired.notebook.cells]
    assert repaired.notebook.cells[ids.index("gates") + 1].source == solutions(LAB)["gates"] and repaired.findings == []


def test_broken_characters_and_line_ends_do_no_harm():
    text = handed_in(edit("gates", source="def lstm_gates(params, x, h):\r\n    return '\ud800\x00'"))
    repaired = repair(b"\xef\xbb\xbf" + text, released(LAB))
    assert "def lstm_gates(params, x, h):\n    return '?\x00'" in sources(repaired) and whole(repaired, released(LAB))


def test_the_gradebooks_release_without_free_cells_will_do():
    release = Release(LAB, tuple(cell for cell in released(LAB).cells if not cell.free))
    assert repair(solved(LAB), release).findings == []
    repaired = repair(handed_in(delete("check_gates")), release)
    assert whole(repaired, release)
    order = [c.id for c in repaired.notebook.cells]
    assert order.index("gates") < order.index("check_gates") < order.index("use_gates")


@pytest.mark.parametrize("lab", LABS)
def test_another_labs_notebook_is_refused(lab):
    for other in LABS:
        if other != lab:
            with pytest.raises(Refused, match=f"The notebook is not {lab}: submit the notebook of this lab"):
                repair(solved(other), released(lab))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["code", "markdown", "gates", "setup"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "nbformat", "metadata", "source", "cell_type", "id", "nbgrader", "grade_id", "tags", "points", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)
NOTEBOOK = st.fixed_dictionaries({"nbformat": st.just(4) | JSON, "metadata": JSON, "cells": st.lists(JSON, max_size=6) | JSON})


def repaired_or_refused(text, release):
    refused, start = None, time.process_time()
    try:
        repaired = repair(text, release)
    except Refused as reason:
        refused = str(reason)
    assert time.process_time() - start < 2
    if refused is None:
        assert whole(repaired, release)
        return repaired
    assert refused.endswith(".") and len(refused) < 300
    return None


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON | NOTEBOOK)
def test_any_json_is_repaired_or_refused(value):
    repaired_or_refused(json.dumps(value).encode(), released(LAB))


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(text):
    assert repaired_or_refused(text, released(LAB)) is None


def says_it_is_of_the_lab(cell):
    """Such a cell may be taken for one that is locked."""
    said = cell["metadata"].get("nbgrader") if isinstance(cell["metadata"], dict) else None
    return cell.get("id") in released(LAB).named or (isinstance(said, dict) and said.get("grade_id") in [*released(LAB).named])


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_damage_to_a_notebook_is_repaired_and_loses_no_work(data):
    notebook = json.loads(solved(LAB))
    names = sorted(released(LAB).named)
    spoiled = set()
    for k in range(data.draw(st.integers(1, 8))):
        cells = notebook["cells"]
        i, j = (data.draw(st.integers(0, len(cells) - 1)) for _ in range(2))
        kind = data.draw(st.sampled_from(["delete", "double", "move", "name", "id", "type", "junk", "own"]))
        if kind == "delete":
            spoiled.add("".join(cells.pop(i)["source"]))
        elif kind == "double":
            cells.insert(j, json.loads(json.dumps(cells[i])))
        elif kind == "move":
            cells.insert(j, cells.pop(i))
        elif kind == "name":
            cells[i]["metadata"] = {"nbgrader": {"grade_id": data.draw(st.sampled_from(names)), "grade": data.draw(JSON)}}
        elif kind == "id":
            cells[i]["id"] = data.draw(st.sampled_from(names) | st.text(max_size=5))
        elif kind == "type":
            cells[i]["cell_type"] = data.draw(st.sampled_from(["code", "markdown", "raw"]))
        elif kind == "junk":
            cells[i]["metadata"] = data.draw(JSON)
        else:
            cells.insert(j, {"cell_type": "code", "source": f"own_{k} = {k}", "metadata": data.draw(JSON)})
    repaired = repaired_or_refused(json.dumps(notebook).encode(), released(LAB))
    assert repaired is not None
    kept = set(sources(repaired))
    own = {c["source"] for c in notebook["cells"] if c["source"][:4] == "own_" and not says_it_is_of_the_lab(c)}
    assert own <= kept
    assert set(solutions(LAB).values()) - spoiled <= kept
