"""Custom cells in PyTorch: every candidate runs and gives the reference's gradients, and a section is complete."""

import pytest
import torch

SHAPE = (3, 4, 5, 6)


def test_quick_sections(load, monkeypatch):
    custom = load("custom_cells")
    monkeypatch.setattr(custom, "GRID", [SHAPE])
    monkeypatch.setattr(custom, "LONG", (3, 8, 5, 6))
    cells, lengths = custom.sections(quick=True)
    assert len(cells.rows) == len(custom.CELLS) * 2 and len(lengths.rows) == len(custom.CELLS)
    assert len(cells.targets) == len(custom.CELLS) * 3 and cells.reading and lengths.reading


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_quick_sections_on_a_gpu(load, monkeypatch):
    gpu = load("gpu")
    monkeypatch.setattr(gpu, "SHAPES", [SHAPE])
    monkeypatch.setattr(gpu, "SCAN", (16, 3, 6))
    assert [section.title for section in gpu.sections(quick=True)] == ["GPU, standard layers", "GPU, custom cells", "GPU, scan"]
