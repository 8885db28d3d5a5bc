"""The linear recurrence, minGRU and minLSTM on tensors give the reference's results, as a loop and as a scan."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference import linear_recurrence, min_gru, min_lstm

T, B, D, H = 6, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
MODULES = {"min_gru": min_gru, "min_lstm": min_lstm}


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("name", ["linear_recurrence", "linear_recurrence_scan"])
@pytest.mark.parametrize("T", [1, 2, 5, 8, 17])
def test_recurrence_equals_the_reference(rng, device, name, T):
    given = rng.uniform(-1, 1, (T, B, H)), rng.standard_normal((T, B, H)), rng.standard_normal((B, H))
    pair = getattr(linear_recurrence, f"{name}_forward"), getattr(linear_recurrence, f"{name}_backward")
    check_parity(*pair, getattr(mirror, f"{name}_forward"), *given, rng=rng, device=device)


def test_scan_is_as_accurate_as_the_loop_where_products_underflow():
    a, b = torch.full((1024, 1, 1), 1e-3, dtype=torch.float64), torch.ones(1024, 1, 1, dtype=torch.float64)
    state0 = torch.ones(1, 1, dtype=torch.float64)
    loop, scan = mirror.linear_recurrence_forward(a, b, state0), mirror.linear_recurrence_scan_forward(a, b, state0)
    torch.testing.assert_close(scan, loop, rtol=1e-14, atol=0)


def test_a_scan_has_second_derivatives():
    a, b, state0 = (torch.rand(shape, dtype=torch.float64, requires_grad=True) for shape in ((7, B, H), (7, B, H), (B, H)))
    assert torch.autograd.gradgradcheck(mirror.linear_recurrence_scan_forward, (a, b, state0))


class Operations(TorchDispatchMode):
    """How many operations PyTorch does meanwhile, forwards and backwards."""

    count = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.count += 1
        return operation(*args, **(kwargs or {}))


@pytest.mark.parametrize("back", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("name", ["linear_recurrence", "min_gru", "min_lstm"])
def test_a_scan_takes_log2_of_T_rounds(rng, name, back):
    """What is done beyond the first step, counted in what the second one adds: that is one round."""

    def operations(T):
        xs, state0 = torch.rand(T, B, H, requires_grad=True), torch.zeros(B, H)
        if name == "linear_recurrence":
            forward, first, options = mirror.linear_recurrence_scan_forward, torch.rand(T, B, H), {}
        else:
            init, forward = getattr(mirror, f"init_{name}"), getattr(mirror, f"{name}_forward")
            first, options = init(rng, H, H, device="cpu"), {"form": "scan"}
        with Operations() as forwards:
            outputs = forward(first, xs, state0, **options)
        with Operations() as backwards:
            (outputs if name == "linear_recurrence" else outputs[0]).sum().backward()
        return (backwards if back else forwards).count

    one = operations(1)
    assert [(operations(T) - one) / (operations(2) - one) for T in (2, 4, 5, 16, 17, 256)] == [1, 2, 3, 4, 5, 8]


def test_scan_changes_no_argument(rng):
    a, b, state0 = torch.rand(T, B, H), torch.rand(T, B, H), torch.rand(B, H)
    kept = a.clone(), b.clone(), state0.clone()
    mirror.linear_recurrence_scan_forward(a, b, state0)
    assert all(torch.equal(now, then) for now, then in zip((a, b, state0), kept, strict=True))


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("form", ["loop", "scan"])
@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(("T", "B"), [(T, B), (1, 3), (4, 1)])
def test_cells_equal_the_reference(rng, device, form, name, T, B):
    module = MODULES[name]
    params, xs, state0 = getattr(module, f"init_{name}")(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))
    pair = getattr(module, f"{name}_forward"), getattr(module, f"{name}_backward")
    check_parity(*pair, getattr(mirror, f"{name}_forward"), params, xs, state0, rng=rng, device=device, form=form)
    pair = getattr(module, f"{name}_step_forward"), getattr(module, f"{name}_step_backward")
    check_parity(*pair, getattr(mirror, f"{name}_step_forward"), params, xs[0], state0, rng=rng, device=device)


@pytest.mark.parametrize("name", MODULES)
def test_init_draws_the_reference_numbers(name):
    ours = getattr(mirror, f"init_{name}")(np.random.default_rng(1), D, H, device="cpu", dtype=torch.float64)
    compare("params", mirror.to_numpy(ours), getattr(MODULES[name], f"init_{name}")(np.random.default_rng(1), D, H), rtol=0, atol=0)


@pytest.mark.parametrize("name", MODULES)
def test_bad_input_gets_a_sentence(rng, name):
    params = getattr(mirror, f"init_{name}")(rng, D, H, device="cpu")
    forward, step = getattr(mirror, f"{name}_forward"), getattr(mirror, f"{name}_step_forward")
    with pytest.raises(ValueError, match=r"form must be 'loop' or 'scan', got 'tree'\."):
        forward(params, torch.zeros(T, B, D), torch.zeros(B, H), form="tree")
    with pytest.raises(ValueError, match=r"h must have shape \(B, H\), got \(3, 4\): B is 2 in x, not 3\."):
        step(params, torch.zeros(B, D), torch.zeros(B + 1, H))
    with pytest.raises(ValueError, match=r"params\['weight_ih'\] must have shape .*H is 5 in state0"):
        forward(params, torch.zeros(T, B, D), torch.zeros(B, H + 1))


@pytest.mark.parametrize("name", ["linear_recurrence_forward", "linear_recurrence_scan_forward"])
def test_bad_recurrence(name):
    with pytest.raises(ValueError, match=rf"{name}: b must have shape \(T, B, H\), got \(6, 2, 5\): H is 4 in a, not 5\."):
        getattr(mirror, name)(torch.zeros(T, B, H), torch.zeros(T, B, H + 1), torch.zeros(B, H))
