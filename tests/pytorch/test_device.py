"""Moving trees between NumPy and PyTorch, and the settings of TF32."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror


def both():
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("allowed", [False, True])
def test_tf32_is_set_for_all_products_and_put_back(allowed):
    before = both()
    seen = []

    def fails():
        with mirror.tf32(allowed):
            seen.append(both())
            raise ZeroDivisionError

    pytest.raises(ZeroDivisionError, fails)
    assert seen == [(allowed, allowed)] and both() == before


def test_dtype_is_for_numbers_with_a_point_alone():
    tree = {"weight": np.ones(2), "tokens": np.array([1, 2]), "mask": np.array([True])}
    ours = mirror.to_torch(tree, device="cpu", dtype=torch.float32)
    assert [ours[name].dtype for name in tree] == [torch.float32, torch.int64, torch.bool]
    assert mirror.to_torch(tree, device="cpu")["weight"].dtype == torch.float64


def test_nothing_is_shared():
    array = np.ones(2)
    tensor = mirror.to_torch(array, device="cpu")
    back = mirror.to_numpy(tensor)
    array[0], back[1] = 5, 7
    assert tensor.tolist() == [1, 1]


def test_auto_is_the_cpu_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: None)
    assert mirror.pick_device() == torch.device("cpu")
    assert mirror.pick_device("meta") == torch.device("meta")
