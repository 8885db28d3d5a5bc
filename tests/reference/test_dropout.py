"""Dropout on inputs, outputs and states: masks, gradients, and what the masks keep the same."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.cells import CELLS
from rnncore.reference.dropout import dropout_backward, dropout_forward, dropout_mask
from rnncore.reference.lstm import lstm_forward, lstm_step_forward
from rnncore.reference.recurrent_dropout import recurrent_dropout_backward, recurrent_dropout_forward
from rnncore.reference.tree import tree_map

T, B, D, H = 5, 2, 3, 4
RECURRENT = [name for name, cell in CELLS.items() if not cell.carries_h]


def arguments(rng, name, T=T, B=B, D=D, H=H):
    cell = CELLS[name]
    state0 = tree_map(lambda s: rng.standard_normal(s.shape), cell.zero_state(B, H))
    return cell.init(rng, D, H), rng.standard_normal((T, B, D)), state0


def test_mask_has_mean_one_and_two_values(rng):
    mask = dropout_mask(rng, (300, 400), 0.3)
    assert set(np.unique(mask)) == {0.0, 1 / 0.7}
    assert abs((mask == 0).mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / mask.size)  # five standard errors
    assert abs(mask.mean() - 1) < 5 * np.sqrt(0.3 / 0.7 / mask.size)
    assert (dropout_mask(rng, (50,), 0.0) == 1).all()
    assert dropout_mask(rng, (5,), 0.5, np.float32).dtype == np.float32


def test_same_rng_same_mask():
    one, two = (dropout_mask(np.random.default_rng(3), (4, 5), 0.5) for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("shape", [(T, B, D), (B, D), (D,)])
def test_gradient(rng, shape):
    xs, mask = rng.standard_normal((T, B, D)), dropout_mask(rng, shape, 0.4)
    check_gradient(dropout_forward, dropout_backward, xs, mask, rng=rng, tol=1e-10, data=("mask",))
    check_parity(dropout_forward, dropout_backward, lambda x, m: x * m, xs, mask, rng=rng, data=("mask",))
    check_purity(dropout_forward, dropout_backward, xs, mask, rng=rng)


def test_the_variational_mask_is_the_same_at_all_steps(rng):
    xs = np.ones((T, B, D))
    fresh, _ = dropout_forward(xs, dropout_mask(rng, (T, B, D), 0.5))
    same, _ = dropout_forward(xs, dropout_mask(rng, (B, D), 0.5))
    assert all(np.array_equal(same[t], same[0]) for t in range(T))
    assert not all(np.array_equal(fresh[t], fresh[0]) for t in range(T))


def test_the_scaling_is_that_of_torch(rng):
    """What torch drops differs, what it keeps is scaled alike."""
    torch.manual_seed(0)
    x = torch.ones(1000, dtype=torch.float64)
    kept = torch.nn.functional.dropout(x, 0.3)
    assert set(np.unique(kept.numpy())) == set(np.unique(dropout_mask(rng, (1000,), 0.3)))


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_dropout_gradient_and_purity(rng, name):
    args, mask = arguments(rng, name), dropout_mask(rng, (B, H), 0.4)
    forward = partial(recurrent_dropout_forward, eps=0.1) if name == "lstm_layer_norm" else recurrent_dropout_forward
    check_gradient(forward, recurrent_dropout_backward, *args, mask, rng=rng, data=("mask",), cell=name, tol=1e-9, eps=3e-4)
    check_purity(recurrent_dropout_forward, recurrent_dropout_backward, *args, mask, rng=rng, cell=name)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_mask_of_ones_changes_nothing(rng, name):
    params, xs, state0 = arguments(rng, name)
    hs, state_T, cache = recurrent_dropout_forward(params, xs, state0, np.ones((B, H)), cell=name)
    plain, plain_T, plain_cache = CELLS[name].forward(params, xs, state0)
    compare("outputs", (hs, state_T), (plain, plain_T), rtol=1e-12, atol=1e-12)
    compare("gradients", recurrent_dropout_backward(cache, hs), CELLS[name].backward(plain_cache, hs), rtol=1e-12, atol=1e-12)


def test_the_same_mask_for_the_batch_equals_weights_without_columns(rng):
    """Dropping unit j of the state at every step is the network in which column j of weight_hh is zero, the others scaled."""
    params, xs, state0 = arguments(rng, "lstm")
    mask = dropout_mask(rng, (H,), 0.5)
    hs, state_T, _ = recurrent_dropout_forward(params, xs, state0, np.tile(mask, (B, 1)))
    expected, expected_T, _ = lstm_forward(params | {"weight_hh": params["weight_hh"] * mask}, xs, state0)
    compare("outputs", (hs, state_T), (expected, expected_T))


def test_the_cell_state_is_never_masked(rng):
    params, xs, state0 = arguments(rng, "lstm")
    mask = np.zeros((B, H))
    hs, *_ = recurrent_dropout_forward(params, xs, state0, mask)
    state = state0
    for x, h in zip(xs, hs, strict=True):
        state, _ = lstm_step_forward(params, x, state._replace(h=np.zeros((B, H))))
        compare("h", h, state.h, rtol=0, atol=0)


def test_which_cells_carry_h():
    """The field carries_h against a step whose weights are all zero: only h that goes around the products is left."""
    for name, cell in CELLS.items():
        params = tree_map(np.zeros_like, cell.init(np.random.default_rng(0), D, H))
        state = cell.zero_state(1, H)
        moved = state._replace(h=state.h + 1) if hasattr(state, "h") else state + 1
        one, other = (np.array(cell.step_forward(params, np.zeros((1, D)), s)[0]) for s in (state, moved))
        assert np.array_equal(one, other) != cell.carries_h, name


@settings(max_examples=20, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 6)] * 4), seed=st.integers(0, 10**6), rate=st.floats(0, 0.9))
def test_any_shape(sizes, seed, rate):
    rng = np.random.default_rng(seed)
    args, mask = arguments(rng, "lstm", *sizes), dropout_mask(rng, (sizes[1], sizes[3]), rate)
    check_gradient(recurrent_dropout_forward, recurrent_dropout_backward, *args, mask, rng=rng, directions=1, data=("mask",), tol=1e-7)
    check_gradient(dropout_forward, dropout_backward, args[1], dropout_mask(rng, sizes[1:3], rate), rng=rng, data=("mask",))


def test_dtype_follows_the_input(rng):
    args = tree_map(lambda a: a.astype(np.float32), arguments(rng, "lstm"))
    hs, _, cache = recurrent_dropout_forward(*args, dropout_mask(rng, (B, H), 0.5, np.float32))
    dparams, dxs, dstate0 = recurrent_dropout_backward(cache, hs)
    assert {a.dtype for a in (hs, dxs, *dstate0, *dparams.values())} == {np.dtype(np.float32)}
