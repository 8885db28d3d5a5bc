"""Both directions against torch on packed sequences, finite differences, and two plain runs."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.bidirectional import BidirectionalState, bidirectional_backward, bidirectional_forward, init_bidirectional
from rnncore.reference.cells import CELLS
from rnncore.reference.lstm import LSTMState
from rnncore.reference.tree import leaves, tree_map

T, B, D, H = 6, 5, 3, 4
LENGTHS = np.array([4, 1, 6, 4, 2])
TORCH = {
    "rnn": (torch.nn.RNN, {}),
    "rnn relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (torch.nn.LSTM, {}),
    "gru": (torch.nn.GRU, {}),
}
MERGES = pytest.mark.parametrize("merge", ["concat", "sum"])


def arguments(rng, cell, T=T, B=B, D=D, H=H):
    zero = CELLS[cell].zero_state(B, H)
    state0 = tree_map(lambda s: rng.standard_normal(s.shape), BidirectionalState(zero, zero))
    return init_bidirectional(rng, D, H, cell=cell), rng.standard_normal((T, B, D)), state0


def torch_run(layer_type, params, xs, state0, lengths, **options):
    """The layer of PyTorch, with its state dict made from ours: `_l0` and `_l0_reverse`."""
    layer = layer_type(D, H, bidirectional=True, dtype=torch.float64, **options)
    flat = {k + "_l0": v for k, v in params["forward"].items()} | {k + "_l0_reverse": v for k, v in params["reverse"].items()}
    lstm = layer_type is torch.nn.LSTM
    first = tuple(torch.stack(pair) for pair in zip(*state0, strict=True)) if lstm else torch.stack(tuple(state0))
    inputs = xs if lengths is None else pack_padded_sequence(xs, lengths, enforce_sorted=False)
    ys, last = torch.func.functional_call(layer, flat, (inputs, first))
    ys = ys if lengths is None else pad_packed_sequence(ys)[0]
    states = (LSTMState(last[0][k], last[1][k]) if lstm else last[k] for k in range(2))
    return ys, BidirectionalState(*states)


@MERGES
@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
def test_equals_torch(rng, name, merge, lengths):
    layer_type, options = TORCH[name]

    def torch_nn(params, xs, state0, *lengths, cell, merge, **options):
        ys, state_T = torch_run(layer_type, params, xs, state0, *(lengths or [None]), **options)
        return ys if merge == "concat" else ys[..., :H] + ys[..., H:], state_T

    cell = name.split()[0]
    args = arguments(rng, cell) + (() if lengths is None else (lengths,))
    check_parity(bidirectional_forward, bidirectional_backward, torch_nn, *args, rng=rng, cell=cell, merge=merge, **options)


@MERGES
@pytest.mark.parametrize("cell", ["rnn", "lstm_peephole"])
@pytest.mark.parametrize("lengths", [None, LENGTHS[:3]], ids=["full", "lengths"])
def test_gradient_and_purity(rng, cell, merge, lengths):
    args = (*arguments(rng, cell, B=3), lengths)
    check_gradient(bidirectional_forward, bidirectional_backward, *args, rng=rng, tol=1e-9, eps=5e-4, cell=cell, merge=merge)
    check_purity(bidirectional_forward, bidirectional_backward, *args, rng=rng, cell=cell, merge=merge)


@pytest.mark.parametrize("cell", CELLS)
def test_each_sequence_as_if_alone_and_turned_round(rng, cell):
    """The specification in plain words: one run on the sequence, one on the sequence back to front, side by side."""
    params, xs, state0 = arguments(rng, cell)
    ys, state_T, _ = bidirectional_forward(params, xs, state0, LENGTHS, cell=cell)
    for b, n in enumerate(LENGTHS):
        alone = xs[:n, b : b + 1]
        first = tree_map(lambda s, b=b: s[b : b + 1], state0)
        h, h_T, _ = CELLS[cell].forward(params["forward"], alone, first.forward)
        r, r_T, _ = CELLS[cell].forward(params["reverse"], alone[::-1], first.reverse)
        compare("ys", ys[:n, b : b + 1], np.concatenate([h, r[::-1]], axis=2))
        compare("state_T", tree_map(lambda s, b=b: s[b : b + 1], state_T), BidirectionalState(h_T, r_T))
        assert (ys[n:, b] == 0).all()


@settings(max_examples=25, deadline=None)
@given(data=st.data(), sizes=st.tuples(*[st.integers(1, 5)] * 4), seed=st.integers(0, 10**6), merge=st.sampled_from(["concat", "sum"]))
def test_any_shape(data, sizes, seed, merge):
    rng = np.random.default_rng(seed)
    lengths = np.array(data.draw(st.lists(st.integers(1, sizes[0]), min_size=sizes[1], max_size=sizes[1])))
    args = arguments(rng, "gru", *sizes)
    check_gradient(bidirectional_forward, bidirectional_backward, *args, lengths, rng=rng, directions=1, cell="gru", merge=merge)
    full = np.full(sizes[1], sizes[0])
    compare("full", bidirectional_forward(*args, full, cell="gru")[:2], bidirectional_forward(*args, cell="gru")[:2])


def test_what_a_position_sees(rng):
    """Position t depends on every position of its sequence, and on nothing past its end."""
    params, xs, state0 = arguments(rng, "gru")
    ys, _, cache = bidirectional_forward(params, xs, state0, LENGTHS, cell="gru")
    dys = np.zeros_like(ys)
    dys[1, 0] = 1
    _, dxs, _ = bidirectional_backward(cache, dys)
    assert (np.abs(dxs[: LENGTHS[0], 0]).sum(axis=1) > 0).all()
    assert (dxs[LENGTHS[0] :, 0] == 0).all() and (dxs[:, 1:] == 0).all()


def test_two_layers_equal_torch(rng):
    """A second pair of directions on top reads both hidden states of the first: 2H inputs."""
    below, xs, first = arguments(rng, "lstm")
    above, second = init_bidirectional(rng, 2 * H, H), first
    layer = torch.nn.LSTM(D, H, num_layers=2, bidirectional=True, dtype=torch.float64)
    flat = {}
    for k, params in enumerate((below, above)):
        for direction, suffix in (("forward", ""), ("reverse", "_reverse")):
            flat |= {f"{name}_l{k}{suffix}": torch.tensor(v) for name, v in params[direction].items()}
    layer.load_state_dict(flat)
    h0, c0 = (torch.tensor(np.stack([*s, *s])) for s in zip(*first, strict=True))
    packed = pack_padded_sequence(torch.tensor(xs), torch.tensor(LENGTHS), enforce_sorted=False)
    expected = pad_packed_sequence(layer(packed, (h0, c0))[0])[0].detach().numpy()
    ys, _, _ = bidirectional_forward(below, xs, first, LENGTHS)
    ys, _, _ = bidirectional_forward(above, ys, second, LENGTHS)
    compare("ys", ys, expected)


def test_no_gradient_for_the_last_state_means_zero_and_dtype_follows(rng):
    params, xs, state0 = tree_map(lambda a: a.astype(np.float32), arguments(rng, "lstm"))
    ys, state_T, cache = bidirectional_forward(params, xs, state0, LENGTHS)
    gradients = bidirectional_backward(cache, ys)
    compare("gradients", gradients, bidirectional_backward(cache, ys, tree_map(np.zeros_like, state_T)), rtol=0, atol=0)
    assert {a.dtype for _, a in leaves((ys, state_T, gradients))} == {np.dtype(np.float32)}
