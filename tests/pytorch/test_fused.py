"""What the fused kernels need on a GPU, looked at on the CPU too: weights in one piece of memory, states without gaps."""

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

import rnncore.pytorch as mirror
from rnncore.checks import compare
from rnncore.pytorch.fused import NAMES, in_one_piece
from rnncore.reference.lstm import LSTMState
from rnncore.reference.stacked import stacked_forward
from rnncore.reference.tree import tree_map

T, B, D, H = 5, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])


def weights_of(rng, device="cpu", layers=2):
    params = mirror.init_stacked(rng, D, H, layers, cell="lstm", device=device, dtype=torch.float64)
    return params, [layer[name].requires_grad_() for layer in params for name in NAMES]


@pytest.mark.parametrize("device", ["cpu", GPU])
def test_in_one_piece(rng, device):
    """The matrices of both layers first, then the biases, without a gap; the gradient reaches the weights they came from."""
    _, weights = weights_of(rng, device)
    parts = in_one_piece(weights)
    assert all(torch.equal(part, weight) for part, weight in zip(parts, weights, strict=True))
    after = parts[0].data_ptr()
    for k in (0, 1, 4, 5, 2, 3, 6, 7):
        assert parts[k].data_ptr() == after and parts[k].is_contiguous()
        after += parts[k].nbytes
    factors = [torch.randn_like(weight) for weight in weights]
    gradients = torch.autograd.grad(sum((f * part).sum() for f, part in zip(factors, parts, strict=True)), weights)
    assert all(torch.equal(gradient, f) for gradient, f in zip(gradients, factors, strict=True))
    assert in_one_piece(parts) is parts
    assert in_one_piece(parts[4:]) is not parts[4:], "a piece of its own starts where its memory starts"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_order_is_that_of_torch_nn(rng):
    """Parameters of a module on the GPU are one piece already; laid out by us they stand in the same order."""
    module = torch.nn.LSTM(D, H, num_layers=2, bidirectional=True, device="cuda")
    theirs = [getattr(module, f"{name}_l{k}{suffix}") for k in range(2) for suffix in ("", "_reverse") for name in NAMES]
    assert in_one_piece(theirs) is theirs
    ours = in_one_piece([weight.detach().clone() for weight in theirs])
    places = [[weight.data_ptr() - weights[0].data_ptr() for weight in weights] for weights in (ours, theirs)]
    assert places[0] == places[1]


@pytest.mark.parametrize("device", ["cpu", GPU])
def test_states_with_gaps(rng, device):
    """Columns of a larger tensor, or one row for all sequences: cuDNN refuses such states unless they are copied."""
    params, _ = weights_of(rng, device)
    xs = rng.standard_normal((T, B, D))
    wide, row = rng.standard_normal((B, 2 * H)), rng.standard_normal((1, H))
    ours = LSTMState(torch.tensor(wide, device=device)[:, ::2], torch.tensor(row, device=device).expand(B, H))
    hs, _ = mirror.stacked_forward(params, torch.tensor(xs, device=device), [ours, ours], cell="lstm")
    theirs = LSTMState(wide[:, ::2].copy(), np.tile(row, (B, 1)))
    expected, *_ = stacked_forward(mirror.to_numpy(params), xs, [theirs, theirs], cell="lstm")
    compare("hs", mirror.to_numpy(hs), expected)
    alone, _ = mirror.lstm_forward(params[0], torch.tensor(xs, device=device), ours)
    expected, *_ = stacked_forward([mirror.to_numpy(tree_map(torch.Tensor.detach, params[0]))], xs, [theirs], cell="lstm")
    compare("hs", mirror.to_numpy(alone), expected)


class Calls(TorchFunctionMode):
    """The names of the functions and methods of PyTorch that Python calls meanwhile; what C++ calls is not seen."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.names.append(function.__name__)
        return function(*args, **(kwargs or {}))


KERNELS = [("rnn", "rnn_tanh", {}), ("rnn", "rnn_relu", {"nonlinearity": "relu"}), ("lstm", "lstm", {}), ("gru", "gru", {})]


@pytest.mark.parametrize(("name", "kernel", "options"), KERNELS)
@pytest.mark.parametrize("layout", ["cell", "stacked", "bidirectional", "masked", "stacked masked", "bidirectional masked"])
def test_one_call_of_the_kernel_for_all_steps(rng, name, kernel, options, layout):
    """However many steps, layers and directions there are, Python calls PyTorch equally often, and the kernel once."""
    cell, on = mirror.TENSOR_CELLS[name], {"device": "cpu"}
    zero = cell.zero_state(B, H, **on)
    layout, _, masked = layout.partition(" ")
    if layout == "stacked":
        function, params, state0 = mirror.stacked_forward, mirror.init_stacked(rng, D, H, 3, cell=name, **on), [zero] * 3
    elif layout == "bidirectional":
        function, params = mirror.bidirectional_forward, mirror.init_bidirectional(rng, D, H, cell=name, **on)
        state0 = mirror.BidirectionalState(zero, zero)
    else:
        function, params, state0 = mirror.masked_forward if layout == "masked" else cell.forward, cell.init(rng, D, H, **on), zero

    def calls(steps):
        lengths = [torch.tensor([steps, steps - 1])] if masked or layout == "masked" else []
        given, named = (params, torch.ones(steps, B, D), state0, *lengths), {} if function is cell.forward else {"cell": name}
        with Calls() as calls:
            function(*given, **named, **options)
        return calls.names

    few, many = calls(2), calls(20)
    assert few == many and many.count(kernel) == 1
