"""First states: zero, learned, carried."""

import numpy as np
import pytest
import torch

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.cells import CELLS
from rnncore.reference.initial_state import carried_state, learned_state_backward, learned_state_forward, zero_state
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_backward, lstm_forward
from rnncore.reference.tree import leaves, tree_map

T, B, D, H = 5, 2, 3, 4


@pytest.mark.parametrize("cell", CELLS)
def test_zero_state(cell):
    state = zero_state(B, H, cell=cell, dtype=np.float32)
    assert isinstance(state, LSTMState if cell.startswith("lstm") else np.ndarray)
    for _, array in leaves(state):
        assert array.shape == (B, H) and array.dtype == np.float32 and not array.any()
    assert not isinstance(state, tuple) or not np.shares_memory(*state)


def learned(rng, kind):
    return LSTMState(rng.standard_normal(H), rng.standard_normal(H)) if kind == "lstm" else rng.standard_normal(H)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
@pytest.mark.parametrize("batch", [1, 5])
def test_learned_state(rng, kind, batch):
    params = learned(rng, kind)

    def torch_forward(params, batch_size):
        return (tree_map(lambda v: v.expand(batch, H), params),)

    def backward(cache, dstate0):
        return (learned_state_backward(cache, dstate0),)  # one gradient, which is a tuple itself

    check_gradient(learned_state_forward, backward, params, batch, rng=rng, tol=1e-10)
    check_parity(learned_state_forward, backward, torch_forward, params, batch, rng=rng)
    check_purity(learned_state_forward, backward, params, batch, rng=rng)


def test_learned_state_in_front_of_an_lstm(rng):
    """The gradient of the parameter through a whole network, against automatic differentiation."""

    def forward(weights, vectors, xs):
        state0, first = learned_state_forward(vectors, xs.shape[1])
        hs, state_T, rest = lstm_forward(weights, xs, state0)
        return hs, state_T, (first, rest)

    def backward(cache, dhs, dstate_T):
        dweights, dxs, dstate0 = lstm_backward(cache[1], dhs, dstate_T)
        return dweights, learned_state_backward(cache[0], dstate0), dxs

    def torch_nn(weights, vectors, xs):
        layer = torch.nn.LSTM(D, H, dtype=torch.float64)
        state0 = tuple(v.expand(1, xs.shape[1], H).contiguous() for v in vectors)
        hs, state_T = torch.func.functional_call(layer, {k + "_l0": v for k, v in weights.items()}, (xs, state0))
        return hs, LSTMState(*(s[0] for s in state_T))

    args = init_lstm(rng, D, H), learned(rng, "lstm"), rng.standard_normal((T, B, D))
    check_parity(forward, backward, torch_nn, *args, rng=rng)
    check_gradient(forward, backward, *args, rng=rng, tol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_a_carried_state_continues_the_sequence(rng, cell):
    params, xs = CELLS[cell].init(rng, D, H), rng.standard_normal((2 * T, B, D))
    whole, end, _ = CELLS[cell].forward(params, xs, zero_state(B, H, cell=cell))
    first, state, _ = CELLS[cell].forward(params, xs[:T], zero_state(B, H, cell=cell))
    second, second_end, _ = CELLS[cell].forward(params, xs[T:], carried_state(state))
    compare("states", (np.concatenate([first, second]), second_end), (whole, end), rtol=0, atol=0)


def test_carried_state_is_a_copy_and_starts_afresh_where_a_sequence_ended(rng):
    state = LSTMState(rng.standard_normal((3, H)), rng.standard_normal((3, H)))
    copy = carried_state(state)
    compare("copy", copy, state, rtol=0, atol=0)
    assert not any(np.shares_memory(a, b) for a, b in zip(copy, state, strict=True))
    fresh = carried_state(state, np.array([False, True, False]))
    assert all((f[1] == 0).all() and np.array_equal(f[[0, 2]], s[[0, 2]]) for f, s in zip(fresh, state, strict=True))
    assert carried_state(state.h.astype(np.float32), np.array([True, False, False])).dtype == np.float32


def test_dropping_the_gradient_of_a_carried_state_is_detach(rng):
    """Two pieces, the loss on the second: with `detach` torch gives what is left when dstate0 is not handed on."""
    params, xs = init_lstm(rng, D, H), rng.standard_normal((2 * T, B, D))
    weights = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    layer = torch.nn.LSTM(D, H, dtype=torch.float64)

    def torch_run(xs, state):
        return torch.func.functional_call(layer, {k + "_l0": v for k, v in weights.items()}, (torch.tensor(xs), state))

    _, first, first_cache = lstm_forward(params, xs[:T], zero_state(B, H))
    hs, _, second_cache = lstm_forward(params, xs[T:], carried_state(first))
    dparams, _, dstate0 = lstm_backward(second_cache, np.ones_like(hs))
    earlier, _, _ = lstm_backward(first_cache, np.zeros_like(hs), dstate0)
    for detach in (True, False):
        _, state = torch_run(xs[:T], None)
        state = tuple(s.detach() for s in state) if detach else state
        expected = torch.autograd.grad(torch_run(xs[T:], state)[0].sum(), list(weights.values()))
        got = dparams if detach else tree_map(np.add, dparams, earlier)
        compare("dparams", list(got.values()), [e.numpy() for e in expected])
