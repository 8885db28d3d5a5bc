"""Moving trees between NumPy and PyTorch, and the settings of TF32."""

import inspect

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


def test_auto_is_the_gpu_of_this_machine():
    kinds = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "xpu": torch.xpu.is_available(), "cpu": True}
    assert mirror.pick_device().type == mirror.pick_device("auto").type == next(kind for kind, is_there in kinds.items() if is_there)


def test_auto_is_the_accelerator_that_pytorch_names(monkeypatch, rng):
    """Whatever makes tensors puts them there, unless it is told where. ("meta" is a device of every machine.)"""
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda check_available: torch.device("meta" if check_available else "cpu")
    )
    made = {
        "pick_device": mirror.pick_device(),
        "to_torch": mirror.to_torch(np.ones(2)).device,
        "zero_state": mirror.TENSOR_CELLS["lstm"].zero_state(2, 3).c.device,
    }
    of_functions = {name: f for name, f in vars(mirror).items() if inspect.isfunction(f) and "device" in inspect.signature(f).parameters}
    assert {inspect.signature(f).parameters["device"].default for f in of_functions.values()} == {"auto"}
    for name in ("rnn", "lstm", "gru", "lstm_peephole", "min_gru"):
        made[name] = getattr(mirror, f"init_{name}")(rng, 2, 3)["bias_ih"].device
    assert made == dict.fromkeys(made, torch.device("meta"))
    assert mirror.pick_device("cpu") == mirror.to_torch(np.ones(2), "cpu").device == torch.device("cpu")


def test_auto_is_the_cpu_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: None)
    assert mirror.pick_device() == torch.device("cpu")
    assert mirror.pick_device("meta") == torch.device("meta")
