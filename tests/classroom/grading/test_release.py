"""What was handed out is read alike from the source, from the notebook and from nbgrader's gradebook."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig

import pytest
from nbgrader.api import MissingEntry

from classroom.grading.release import Release, from_gradebook, from_json, from_notebook, to_json
from tests.classroom.labs import LABS, ROOT, released, solved, untouched


@pytest.mark.parametrize("lab", LABS)
def test_every_cell_is_there_in_order_with_what_nbgrader_reads(lab):
    release, cells = released(lab), json.loads(untouched(lab))["cells"]
    assert release.lab == lab
    assert [(c.name, c.cell_type, c.source) for c in release.cells] == [(c["id"], c["cell_type"], "".join(c["source"])) for c in cells]
    assert [c.metadata.get("nbgrader") for c in release.cells] == [c["metadata"].get("nbgrader") for c in cells]
    assert sum(c.points for c in release.cells) == 20
    assert from_json(to_json(release)) == release


@pytest.mark.parametrize("lab", LABS)
def test_solutions_are_taken_out_of_a_source(tmp_path, lab):
    (tmp_path / f"{lab}.ipynb").write_bytes(solved(lab))
    assert b"### BEGIN SOLUTION" in solved(lab) and b"### BEGIN SOLUTION" not in untouched(lab)
    assert from_notebook(tmp_path / f"{lab}.ipynb") == released(lab)


def test_the_functions_to_write_are_known_by_cell():
    assert released("lab05_lstm").functions["step_forward"] == ["lstm_step_forward"]
    kinds = {cell.name: (cell.free, cell.fixed) for cell in released("lab13_capstone").cells if not cell.free}
    assert kinds["setup"] == kinds["check_window"] == (False, True)
    assert kinds["window"] == kinds["report"] == (False, False)


def test_a_gradebook_that_nbgrader_made_gives_the_same_named_cells(tmp_path):
    labs = ["lab01_recurrent_cell", "lab13_capstone"]
    for name in ("classroom", "rnncore"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    for lab in labs:
        (tmp_path / "_build/source" / lab).mkdir(parents=True)
        (tmp_path / "_build/source" / lab / f"{lab}.ipynb").write_bytes(solved(lab))
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "--assignment=lab*", "--force"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "no_config"), "JUPYTER_CONFIG_PATH": ""}
    environment["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])  # nbgrader calls alembic
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    for lab in labs:
        assert from_gradebook(url, lab) == Release(lab, tuple(cell for cell in released(lab).cells if not cell.free))
        assert (tmp_path / "labs" / lab / f"{lab}.ipynb").read_bytes() == untouched(lab)
    with pytest.raises(MissingEntry):
        from_gradebook(url, "lab05_lstm")
