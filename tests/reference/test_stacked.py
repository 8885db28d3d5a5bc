"""Stacked layers against torch.nn with several layers, finite differences, and a loop over layers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.cells import CELLS
from rnncore.reference.dropout import dropout_mask
from rnncore.reference.lstm import LSTMState
from rnncore.reference.stacked import init_stacked, stacked_backward, stacked_forward
from rnncore.reference.tree import leaves, tree_map

T, B, D, H, L = 6, 5, 3, 4, 2
LENGTHS = np.array([4, 1, 6, 4, 2])
TORCH = {
    "rnn": (torch.nn.RNN, {}),
    "rnn relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (torch.nn.LSTM, {}),
    "gru": (torch.nn.GRU, {}),
}


def arguments(rng, cell, T=T, B=B, D=D, H=H, L=L):
    state0 = tree_map(lambda s: rng.standard_normal(s.shape), [CELLS[cell].zero_state(B, H)] * L)
    return init_stacked(rng, D, H, L, cell=cell), rng.standard_normal((T, B, D)), state0


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
def test_equals_torch(rng, name, layers, lengths):
    layer_type, options = TORCH[name]
    lstm = layer_type is torch.nn.LSTM

    def torch_nn(params, xs, state0, *lengths, cell, **options):
        layer = layer_type(D, H, num_layers=layers, dtype=torch.float64, **options)
        flat = {f"{name}_l{k}": v for k, layer_params in enumerate(params) for name, v in layer_params.items()}
        first = tuple(torch.stack(s) for s in zip(*state0, strict=True)) if lstm else torch.stack(state0)
        inputs = pack_padded_sequence(xs, lengths[0], enforce_sorted=False) if lengths else xs
        hs, last = torch.func.functional_call(layer, flat, (inputs, first))
        hs = pad_packed_sequence(hs)[0] if lengths else hs
        return hs, [LSTMState(last[0][k], last[1][k]) if lstm else last[k] for k in range(layers)]

    cell = name.split()[0]
    args = arguments(rng, cell, L=layers) + (() if lengths is None else (lengths,))
    check_parity(stacked_forward, stacked_backward, torch_nn, *args, rng=rng, cell=cell, **options)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("lengths", [None, LENGTHS[:3]], ids=["full", "lengths"])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("variational", [False, True])
def test_gradient_with_dropout_and_shortcuts(rng, cell, lengths, residual, variational):
    params, xs, state0 = arguments(rng, cell, B=3, L=3)
    shape = (3, H) if variational else (T, 3, H)
    masks = [dropout_mask(rng, shape, 0.4) for _ in range(2)]
    options = {"cell": cell, "masks": masks, "residual": residual}
    check_gradient(stacked_forward, stacked_backward, params, xs, state0, lengths, rng=rng, tol=1e-9, directions=2, **options)


def test_every_entry_of_the_gradient_and_purity(rng):
    args = arguments(rng, "lstm", B=3)
    options = {"masks": [dropout_mask(rng, (T, 3, H), 0.4)], "residual": True}
    check_gradient(stacked_forward, stacked_backward, *args, LENGTHS[:3], rng=rng, tol=1e-10, **options)
    check_purity(stacked_forward, stacked_backward, *args, LENGTHS[:3], rng=rng, **options)
    check_purity(stacked_forward, stacked_backward, *args, rng=rng)


@pytest.mark.parametrize("cell", CELLS)
def test_the_equations(rng, cell):
    """Layer by layer, as the file's docstring says it."""
    params, xs, state0 = arguments(rng, cell, L=3)
    masks = [dropout_mask(rng, (T, B, H), 0.3), dropout_mask(rng, (B, H), 0.3)]
    forward = CELLS[cell].forward
    hs_1, end_1, _ = forward(params[0], xs, state0[0])
    hs_2, end_2, _ = forward(params[1], masks[0] * hs_1, state0[1])
    hs_3, end_3, _ = forward(params[2], masks[1] * hs_2, state0[2])
    compare("hs", stacked_forward(params, xs, state0, cell=cell, masks=masks)[:2], (hs_3, [end_1, end_2, end_3]), rtol=0, atol=0)
    hs_2 = hs_2 + hs_1
    hs_3 = forward(params[2], masks[1] * hs_2, state0[2])[0] + hs_2
    compare("hs", stacked_forward(params, xs, state0, cell=cell, masks=masks, residual=True)[0], hs_3, rtol=0, atol=0)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), sizes=st.tuples(*[st.integers(1, 5)] * 4, st.integers(1, 4)), seed=st.integers(0, 10**6))
def test_any_shape(data, sizes, seed):
    rng = np.random.default_rng(seed)
    T, B, *_, L = sizes
    lengths = np.array(data.draw(st.lists(st.integers(1, T), min_size=B, max_size=B)))
    args = arguments(rng, "lstm", *sizes)
    check_gradient(stacked_forward, stacked_backward, *args, lengths, rng=rng, directions=1, residual=True)
    hs, state_T, _ = stacked_forward(*args, lengths)
    assert len(state_T) == L and all((hs[n:, b] == 0).all() for b, n in enumerate(lengths))
    for b, n in enumerate(lengths):
        params, xs, state0 = args
        alone, _, _ = stacked_forward(params, xs[:n, b : b + 1], tree_map(lambda s, b=b: s[b : b + 1], state0))
        compare("alone", alone[:, 0], hs[:n, b])


def test_masks_of_ones_are_no_masks(rng):
    params, xs, state0 = arguments(rng, "gru")
    ones = [dropout_mask(rng, (B, H), 0.0)]
    compare("hs", stacked_forward(params, xs, state0, cell="gru", masks=ones)[:2], stacked_forward(params, xs, state0, cell="gru")[:2])


def test_shortcuts_carry_the_gradient_down_many_layers(rng):
    """Eight layers: the gradient at the input is several times larger with shortcuts than without."""
    params, xs, state0 = arguments(rng, "gru", L=8)
    norms = []
    for residual in (False, True):
        hs, _, cache = stacked_forward(params, xs, state0, cell="gru", residual=residual)
        norms.append(np.linalg.norm(stacked_backward(cache, np.ones_like(hs))[1]))
    assert norms[1] > 5 * norms[0]


def test_no_gradient_for_the_last_state_means_zero_and_dtype_follows(rng):
    params, xs, state0 = tree_map(lambda a: a.astype(np.float32), arguments(rng, "lstm"))
    masks = [dropout_mask(rng, (T, B, H), 0.5, np.float32)]
    hs, state_T, cache = stacked_forward(params, xs, state0, LENGTHS, masks=masks)
    gradients = stacked_backward(cache, hs)
    compare("gradients", gradients, stacked_backward(cache, hs, tree_map(np.zeros_like, state_T)), rtol=0, atol=0)
    assert {a.dtype for _, a in leaves((hs, state_T, gradients))} == {np.dtype(np.float32)}
