"""Full, chunked and truncated BPTT against each other, against autograd with detached states, and in memory."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import compare, numerical_gradient
from rnncore.reference.bptt import chunked_bptt, full_bptt, truncated_bptt
from rnncore.reference.gru import gru_backward, gru_forward, gru_step_backward, gru_step_forward, init_gru
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_backward, lstm_forward, lstm_step_backward, lstm_step_forward
from rnncore.reference.rnn import init_rnn, rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward

T, B, D, H = 7, 2, 3, 4
CELLS = {
    "rnn": (init_rnn, rnn_forward, rnn_backward, rnn_step_forward, rnn_step_backward),
    "lstm": (init_lstm, lstm_forward, lstm_backward, lstm_step_forward, lstm_step_backward),
    "gru": (init_gru, gru_forward, gru_backward, gru_step_forward, gru_step_backward),
}
EXACT = {"rtol": 0, "atol": 0}


def problem(rng, cell, T=T, B=B, D=D, H=H):
    """Arguments, and the loss sum over t of targets_t * h_t^2, for sequences and for steps."""
    h, c, targets = (rng.standard_normal(shape) for shape in [(B, H), (B, H), (T, B, H)])
    params = {name: 2 * value for name, value in CELLS[cell][0](rng, D, H).items()}  # far enough from 0 that the past matters
    arguments = params, rng.standard_normal((T, B, D)), LSTMState(h, c) if cell == "lstm" else h

    def over_time(start, hs):
        part = targets[start : start + len(hs)]
        return float((part * hs**2).sum()), 2 * part * hs

    def at_step(t, state):
        h = state.h if cell == "lstm" else state
        dh = 2 * targets[t] * h
        return float((targets[t] * h**2).sum()), LSTMState(dh, np.zeros_like(dh)) if cell == "lstm" else dh

    return arguments, over_time, at_step


@pytest.mark.parametrize("cell", CELLS)
def test_full_is_the_derivative_of_the_loss(rng, cell):
    arguments, over_time, _ = problem(rng, cell)
    _, forward, backward, *_ = CELLS[cell]
    result = full_bptt(forward, backward, *arguments, over_time)
    params, xs, state0 = arguments

    def loss():
        return over_time(0, forward(params, xs, state0)[0])[0]

    compare("loss", result.loss, loss(), **EXACT)
    for name in params:
        compare(name, result.dparams[name], numerical_gradient(loss, params[name]), rtol=1e-9, atol=1e-9)
    for dpart, part in zip(result.dstate0, state0, strict=True) if cell == "lstm" else [(result.dstate0, state0)]:
        compare("dstate0", dpart, numerical_gradient(loss, part), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_cut_equals_full(rng, cell):
    arguments, over_time, at_step = problem(rng, cell)
    _, forward, backward, step_forward, step_backward = CELLS[cell]
    full = full_bptt(forward, backward, *arguments, over_time)
    for k in (T, T + 5):
        compare("chunked", chunked_bptt(forward, backward, *arguments, over_time, k=k), full, **EXACT)
        truncated = truncated_bptt(step_forward, step_backward, *arguments, at_step, k1=k, k2=k)
        compare("truncated", truncated, full, rtol=1e-12, atol=1e-12)  # sums over time in another order


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("k1", [1, 2, 3])
def test_going_back_to_the_start_from_every_step_equals_full(rng, cell, k1):
    arguments, over_time, at_step = problem(rng, cell)
    _, forward, backward, step_forward, step_backward = CELLS[cell]
    truncated = truncated_bptt(step_forward, step_backward, *arguments, at_step, k1=k1, k2=T)
    compare("all", truncated, full_bptt(forward, backward, *arguments, over_time), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("k", [1, 2, np.int64(3), 6])
def test_chunks_are_k1_equal_to_k2(rng, cell, k):
    arguments, over_time, at_step = problem(rng, cell)
    _, forward, backward, step_forward, step_backward = CELLS[cell]
    chunked = chunked_bptt(forward, backward, *arguments, over_time, k=k)
    if T % k == 0:
        compare("all", truncated_bptt(step_forward, step_backward, *arguments, at_step, k1=k, k2=k), chunked, rtol=1e-12, atol=1e-12)
    full = full_bptt(forward, backward, *arguments, over_time)
    compare("state_T", chunked.state_T, full.state_T, **EXACT)
    compare("loss", chunked.loss, full.loss)
    difference = max(np.abs(chunked.dparams[name] - full.dparams[name]).max() for name in full.dparams)
    assert difference > 1e-3  # the gradient is truncated, not the state


def autograd(params, xs, state0, targets, k1, k2):
    """The definition, slowly: at every pass back, run again with the state detached k2 steps ago, and take the new losses."""
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    total = {name: np.zeros_like(value) for name, value in params.items()}
    last = 0
    for t in [t for t in range(1, len(xs) + 1) if t % k1 == 0 or t == len(xs)]:
        h, loss = torch.tensor(state0), 0.0
        for s in range(t):
            if s == t - k2:
                h = h.detach()
            a = torch.tensor(xs[s]) @ tensors["weight_ih"].T + tensors["bias_ih"] + h @ tensors["weight_hh"].T + tensors["bias_hh"]
            h = torch.tanh(a) if s >= t - k2 else torch.tanh(a).detach()
            if s >= last:
                loss = loss + (torch.tensor(targets[s]) * h**2).sum()
        for name, gradient in zip(tensors, torch.autograd.grad(loss, list(tensors.values())), strict=True):
            total[name] += gradient.numpy()
        last = t
    return total


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 5)] * 4), k1=st.integers(1, 6), k2=st.integers(1, 6), seed=st.integers(0, 10**6))
def test_any_k1_and_k2_equal_autograd_with_detached_states(sizes, k1, k2, seed):
    rng = np.random.default_rng(seed)
    T, B, D, H = sizes
    params, xs, state0, targets = init_rnn(rng, D, H), *(rng.standard_normal(s) for s in [(T, B, D), (B, H), (T, B, H)])

    def at_step(t, h):
        return float((targets[t] * h**2).sum()), 2 * targets[t] * h

    result = truncated_bptt(rnn_step_forward, rnn_step_backward, params, xs, state0, at_step, k1=k1, k2=k2)
    compare("dparams", result.dparams, autograd(params, xs, state0, targets, k1, k2))


def test_the_last_steps_only_is_another_algorithm_than_chunks(rng):
    """Folklore 14: k1 = 1, k2 = k sends every loss back k steps; in chunks of k most losses are sent back less."""
    _, forward, backward, step_forward, step_backward = CELLS["rnn"]
    closer = 0
    for _ in range(20):
        arguments, over_time, at_step = problem(rng, "rnn", T=60)
        full = full_bptt(forward, backward, *arguments, over_time).dparams["weight_hh"]
        chunks = chunked_bptt(forward, backward, *arguments, over_time, k=4).dparams["weight_hh"]
        last = truncated_bptt(step_forward, step_backward, *arguments, at_step, k1=1, k2=4).dparams["weight_hh"]
        assert np.abs(chunks - last).max() > 1e-3
        closer += np.linalg.norm(last - full) < np.linalg.norm(chunks - full)
    assert closer > 10  # usually, not always: errors may cancel


def test_options_reach_the_cell(rng):
    arguments, over_time, at_step = problem(rng, "rnn")
    full = full_bptt(rnn_forward, rnn_backward, *arguments, over_time, nonlinearity="relu")
    same = truncated_bptt(rnn_step_forward, rnn_step_backward, *arguments, at_step, k1=T, k2=T, nonlinearity="relu")
    compare("all", same, full, rtol=1e-14, atol=1e-14)
    assert (full.state_T >= 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_changes_in_place_and_the_dtype_stays(rng, dtype):
    (params, xs, state0), *_ = problem(rng, "rnn")
    params, xs, state0 = {k: v.astype(dtype) for k, v in params.items()}, xs.astype(dtype), state0.astype(dtype)
    before = {k: v.copy() for k, v in params.items()}, xs.copy(), state0.copy()
    dhs = rng.standard_normal((T, B, H)).astype(dtype)
    kept = dhs.copy()
    for result in (
        full_bptt(rnn_forward, rnn_backward, params, xs, state0, lambda start, hs: (0.0, dhs[start : start + len(hs)])),
        chunked_bptt(rnn_forward, rnn_backward, params, xs, state0, lambda start, hs: (0.0, dhs[start : start + len(hs)]), k=3),
        truncated_bptt(rnn_step_forward, rnn_step_backward, params, xs, state0, lambda t, h: (0.0, dhs[t]), k1=2, k2=3),
    ):
        assert {a.dtype for a in (*result.dparams.values(), result.dstate0, result.state_T)} == {np.dtype(dtype)}
    compare("arguments", ((params, xs, state0), dhs), (before, kept), **EXACT)


def peak(run):
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_of_chunks_is_flat_in_T(rng):
    _, forward, backward, step_forward, step_backward = CELLS["lstm"]

    def use(kind, T):
        params, xs, h = init_lstm(rng, 4, 16), np.zeros((T, 8, 4)), np.zeros((8, 16))
        one = np.ones((10, 8, 16))
        if kind == "full":
            return peak(lambda: full_bptt(forward, backward, params, xs, LSTMState(h, h), lambda _, hs: (0.0, hs)))
        if kind == "chunked":
            return peak(lambda: chunked_bptt(forward, backward, params, xs, LSTMState(h, h), lambda _, hs: (0.0, one[: len(hs)]), k=10))
        return peak(lambda: truncated_bptt(step_forward, step_backward, params, xs, LSTMState(h, h), lambda _, s: (0.0, s), k1=5, k2=10))

    assert use("full", 200) > 3 * use("full", 50)  # so that the next lines could fail
    for kind in ("chunked", "truncated"):
        assert use(kind, 200) < 1.05 * use(kind, 50)
