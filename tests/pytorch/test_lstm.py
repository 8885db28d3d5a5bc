"""The LSTM on tensors gives the reference's results, on the CPU and, where there is one, on the GPU."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_backward, lstm_forward, lstm_step_backward, lstm_step_forward

T, B, D, H = 5, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize(("T", "B"), [(T, B), (1, 3), (4, 1)])
def test_equals_the_reference(rng, device, T, B):
    params, xs = init_lstm(rng, D, H), rng.standard_normal((T, B, D))
    state0 = LSTMState(rng.standard_normal((B, H)), rng.standard_normal((B, H)))
    check_parity(lstm_forward, lstm_backward, mirror.lstm_forward, params, xs, state0, rng=rng, device=device)
    check_parity(lstm_step_forward, lstm_step_backward, step, params, xs[0], state0, rng=rng, device=device)


def step(params, x, state):
    return (mirror.lstm_step_forward(params, x, state),)  # check_parity takes a tuple for several outputs


def test_state_is_the_named_tuple_of_the_reference():
    assert mirror.LSTMState is LSTMState
    state = LSTMState(torch.zeros(B, H), torch.zeros(B, H))
    params = mirror.init_lstm(np.random.default_rng(1), D, H, device="cpu")
    hs, state_T = mirror.lstm_forward(params, torch.ones(T, B, D), state)
    assert isinstance(state_T, LSTMState) and torch.equal(state_T.h, hs[-1])
    assert isinstance(mirror.lstm_step_forward(params, torch.ones(B, D), state), LSTMState)


@pytest.mark.parametrize("forget_bias", [None, 1.0])
def test_init_draws_the_reference_numbers(forget_bias):
    ours = mirror.init_lstm(np.random.default_rng(1), D, H, forget_bias=forget_bias, device="cpu", dtype=torch.float64)
    compare("params", mirror.to_numpy(ours), init_lstm(np.random.default_rng(1), D, H, forget_bias=forget_bias), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("xs", "state0", "words"),
    [
        (torch.zeros(T, B), LSTMState(torch.zeros(B, H), torch.zeros(B, H)), r"lstm_forward: xs must have shape \(T, B, D\), got \(5, 2\)"),
        (torch.zeros(T, B, D), torch.zeros(B, H), r"state0 must be LSTMState\(h, c\), got a value of type Tensor"),
        (torch.zeros(T, B, D), (torch.zeros(B, H), torch.zeros(B, H)), r"state0 must be LSTMState\(h, c\), got a value of type tuple"),
        (torch.zeros(T, B, D), LSTMState(torch.zeros(B, H), torch.zeros(B, H + 1)), r"state0.c must have shape \(B, H\), got \(2, 5\)"),
        (
            torch.full((T, B, D), torch.inf),
            LSTMState(torch.zeros(B, H), torch.zeros(B, H)),
            r"xs must hold finite numbers, got inf at index",
        ),
        (torch.zeros(T, B, D), LSTMState(torch.zeros(B, H), torch.zeros(B, H).double()), r"state0.c is torch.float64 but params"),
    ],
)
def test_bad_input_gets_a_sentence(rng, xs, state0, words):
    params = mirror.init_lstm(rng, D, H, device="cpu")
    with pytest.raises((TypeError, ValueError), match=words):
        mirror.lstm_forward(params, xs, state0)
