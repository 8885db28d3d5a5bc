"""Initialisers against torch.nn.init: bounds, standard deviations, singular values."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.reference.init import he_normal, he_uniform, identity, orthogonal, set_forget_bias, xavier_normal, xavier_uniform
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_step_forward
from rnncore.reference.rnn import rnn_forward

OUT, IN = 300, 200
PAIRS = [
    (xavier_uniform, torch.nn.init.xavier_uniform_),
    (xavier_normal, torch.nn.init.xavier_normal_),
    (he_uniform, lambda w: torch.nn.init.kaiming_uniform_(w, nonlinearity="relu")),
    (he_normal, lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="relu")),
]


@pytest.mark.parametrize(("ours", "of_torch"), PAIRS, ids=lambda f: f.__name__)
def test_distribution_is_that_of_torch(rng, ours, of_torch):
    torch.manual_seed(0)
    w, expected = ours(rng, OUT, IN), of_torch(torch.empty(OUT, IN, dtype=torch.float64)).numpy()
    assert w.shape == (OUT, IN)
    quantiles = np.linspace(0, 1, 21)[1:-1]
    scale = expected.std()  # 60000 entries: a quantile is known to about 0.01 standard deviations
    compare("quantiles", np.quantile(w, quantiles) / scale, np.quantile(expected, quantiles) / scale, rtol=0, atol=0.04)
    compare("standard deviation", w.std(), scale, rtol=0.015)
    if "uniform" in ours.__name__:
        compare("bound", np.abs(w).max(), np.abs(expected).max(), rtol=1e-3)


@pytest.mark.parametrize("gates", [1, 3])
@pytest.mark.parametrize("gain", [1, 5 / 3, 0.1])
@pytest.mark.parametrize("draw", [xavier_uniform, xavier_normal, he_uniform, he_normal])
def test_variance_with_gain_and_gates(rng, draw, gain, gates):
    """The formula is that of one block, however many are stacked; the gain is a factor on the standard deviation."""
    w = draw(rng, OUT, IN, gain=gain, gates=gates)
    assert w.shape == (gates * OUT, IN)
    std = gain * np.sqrt(2 / (OUT + IN) if draw in (xavier_uniform, xavier_normal) else 2 / IN)
    for block in np.split(w, gates):
        compare("standard deviation", block.std(), std, rtol=0.015, atol=0)
        if "uniform" in draw.__name__:
            assert 0.999 < np.abs(block).max() / (np.sqrt(3) * std) <= 1


def test_orthogonal_gates_are_matrices_of_their_own(rng):
    for block in np.split(orthogonal(rng, 5, 5, gates=3), 3):
        compare("block", block @ block.T, np.eye(5))


@settings(max_examples=30, deadline=None)
@given(out=st.integers(1, 8), into=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_orthogonal_keeps_lengths(out, into, seed):
    w = orthogonal(np.random.default_rng(seed), out, into, gain=2.0)
    assert w.shape == (out, into)
    compare("singular values", np.linalg.svd(w, compute_uv=False), np.full(min(out, into), 2.0))


def test_orthogonal_is_uniform_over_all_orthogonal_matrices(rng):
    """Every entry has mean 0 and variance 1 / n; without the sign fix the diagonal has another mean."""
    draws = np.stack([orthogonal(rng, 3, 3) for _ in range(4000)])
    compare("mean", draws.mean(axis=0), np.zeros((3, 3)), atol=0.04)
    compare("variance", draws.var(axis=0), np.full((3, 3), 1 / 3), rtol=0, atol=0.02)
    assert 0.45 < (np.linalg.det(draws) > 0).mean() < 0.55


def test_identity():
    compare("identity", identity(3, scale=0.5, gates=2), np.concatenate([0.5 * np.eye(3)] * 2), rtol=0, atol=0)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_identity_with_relu_is_a_memory(rng, scale):
    """Without input a ReLU network keeps its state for good, or forgets by the factor `scale` at each step; tanh keeps neither."""
    params = {"weight_ih": np.zeros((3, 2)), "weight_hh": identity(3, scale=scale), "bias_ih": np.zeros(3), "bias_hh": np.zeros(3)}
    xs, state0 = rng.standard_normal((50, 2, 2)), rng.random((2, 3))
    hs, _, _ = rnn_forward(params, xs, state0, nonlinearity="relu")
    compare("hs", hs, state0 * scale ** np.arange(1, 51)[:, None, None], rtol=1e-14, atol=0)
    assert (rnn_forward(params, xs, state0)[0][-1] < 0.5 * state0.max()).all()


def test_forget_bias(rng):
    params = init_lstm(rng, 3, 4)
    before = {name: value.copy() for name, value in params.items()}
    changed = set_forget_bias(params, 3.0)
    compare("params", params, before, rtol=0, atol=0)
    same = {name: value.copy() for name, value in changed.items()}
    same["bias_ih"][4:8], same["bias_hh"][4:8] = before["bias_ih"][4:8], before["bias_hh"][4:8]
    compare("the rest", same, before, rtol=0, atol=0)
    assert not any(np.shares_memory(changed[name], params[name]) for name in params)
    zero = np.zeros((1, 4))
    quiet = changed | {"weight_ih": np.zeros((16, 3)), "weight_hh": np.zeros((16, 4))}
    _, cache = lstm_step_forward(quiet, np.zeros((1, 3)), LSTMState(zero, zero))
    compare("forget gate", cache.f, np.full((1, 4), 1 / (1 + np.exp(-3.0))))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype(rng, dtype):
    drawn = [f(rng, 3, 2, dtype=dtype) for f in (xavier_uniform, xavier_normal, he_uniform, he_normal, orthogonal)]
    assert {w.dtype for w in (*drawn, identity(3, dtype=dtype))} == {np.dtype(dtype)}
    assert set_forget_bias(init_lstm(rng, 2, 3, dtype=dtype), 1)["bias_ih"].dtype == dtype
