"""What tools/notebooks.py does with what a notebook printed."""

import importlib.util
from pathlib import Path

from nbformat.v4 import new_output

TOOL = Path(__file__).parents[2] / "tools" / "notebooks.py"


def load():
    spec = importlib.util.spec_from_file_location("notebooks", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_line_that_came_in_two_pieces_is_one_line_again():
    out, err = (lambda text, name=name: new_output("stream", name=name, text=text) for name in ("stdout", "stderr"))
    figure = new_output("display_data", data={"text/plain": "a figure"})
    found = load().joined([out("loss "), out("0.5"), out("\n  next"), err("!"), out("a"), figure, out("b")])
    assert [output.get("text", "figure") for output in found] == ["loss 0.5\n  next", "!", "a", "figure", "b"]
    assert load().joined([]) == []


def test_a_chapter_is_executed_again_when_a_result_that_it_reads_has_changed():
    tool, folder = load(), TOOL.parents[1]
    assert tool.results(folder / "book" / "deep_residual.md") == (folder / "benchmarks" / "experiments" / "depth.json").read_bytes()
    assert tool.results(folder / "book" / "why_memory.md") == b""
