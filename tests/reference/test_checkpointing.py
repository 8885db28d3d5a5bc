"""Checkpointed BPTT: the gradients of full BPTT, in memory that grows with the square root of T."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.reference.bptt import full_bptt
from rnncore.reference.checkpointing import checkpointed_bptt
from rnncore.reference.gru import gru_backward, gru_forward, init_gru
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_backward, lstm_forward
from rnncore.reference.rnn import init_rnn, rnn_backward, rnn_forward

CELLS = {
    "rnn": (init_rnn, rnn_forward, rnn_backward),
    "lstm": (init_lstm, lstm_forward, lstm_backward),
    "gru": (init_gru, gru_forward, gru_backward),
}
TIGHT = {"rtol": 1e-12, "atol": 1e-12}


def arguments(rng, cell, T, B=2, D=3, H=4):
    h, c = rng.standard_normal((2, B, H))
    return CELLS[cell][0](rng, D, H), rng.standard_normal((T, B, D)), LSTMState(h, c) if cell == "lstm" else h


@settings(max_examples=30, deadline=None)
@given(cell=st.sampled_from(sorted(CELLS)), T=st.integers(1, 20), segment=st.none() | st.integers(1, 25), seed=st.integers(0, 10**6))
def test_equals_full(cell, T, segment, seed):
    rng = np.random.default_rng(seed)
    args, targets = arguments(rng, cell, T), rng.standard_normal((T, 2, 4))

    def loss_gradient(start, hs):
        part = targets[start : start + len(hs)]
        return float((part * hs**2).sum()), 2 * part * hs

    _, forward, backward = CELLS[cell]
    compare(
        "result",
        checkpointed_bptt(forward, backward, *args, loss_gradient, segment=segment),
        full_bptt(forward, backward, *args, loss_gradient),
        **TIGHT,
    )


def test_runs_every_step_forward_twice_but_the_last_segment_and_back_once(rng):
    steps = {"forward": 0, "back": 0}

    def forward(params, xs, state0):
        steps["forward"] += len(xs)
        return rnn_forward(params, xs, state0)

    def backward(cache, dhs, dstate_T=None):
        steps["back"] += len(dhs)
        return rnn_backward(cache, dhs, dstate_T)

    checkpointed_bptt(forward, backward, *arguments(rng, "rnn", 23), lambda _, hs: (0.0, hs))
    assert steps == {"forward": 20 + 23, "back": 23}  # segments of 10, 10 and 3 steps


def peak(run, *args):
    tracemalloc.start()
    try:
        run(lstm_forward, lstm_backward, *args, lambda _, hs: (0.0, np.ones_like(hs)))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_square_root_of_T(rng):
    lengths = np.array([16, 64, 256, 576])
    peaks = np.array([peak(checkpointed_bptt, *arguments(rng, "lstm", T, B=8, D=2, H=16)) for T in lengths])
    fit = np.polynomial.Polynomial.fit(np.sqrt(lengths), peaks, 1)
    unexplained = np.square(peaks - fit(np.sqrt(lengths))).sum() / np.square(peaks - peaks.mean()).sum()
    assert unexplained < 0.01
    full = peak(full_bptt, *arguments(rng, "lstm", 256, B=8, D=2, H=16))
    assert peaks[2] < full / 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(rng, dtype):
    params, xs, state0 = arguments(rng, "rnn", 10)
    params, xs, state0 = {k: v.astype(dtype) for k, v in params.items()}, xs.astype(dtype), state0.astype(dtype)
    result = checkpointed_bptt(rnn_forward, rnn_backward, params, xs, state0, lambda _, hs: (0.0, hs))
    assert {a.dtype for a in (*result.dparams.values(), result.dstate0, result.state_T)} == {np.dtype(dtype)}
