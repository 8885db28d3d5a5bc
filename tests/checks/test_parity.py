"""Parity with PyTorch names the output or the gradient that differs, and compares at the same precision everywhere."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import CheckFailed, check_parity
from rnncore.reference import init_rnn, rnn_step_backward, rnn_step_forward

B, D, H = 2, 3, 4


@pytest.fixture
def step(rng):
    return init_rnn(rng, D, H), rng.standard_normal((B, D)), rng.standard_normal((B, H))


def torch_step(params, x, h):
    return torch.func.functional_call(torch.nn.RNNCell(D, H, dtype=torch.float64), params, (x, h))


def without_biases(params, x, h):
    return torch.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T)


def broken(change):
    """The step's backward pass with one thing changed."""

    def backward(cache, dh_next):
        return change(*rnn_step_backward(cache, dh_next))

    return backward


def test_parity_names_the_output(rng, step):
    with pytest.raises(CheckFailed, match=r"^rnn_step_forward: h_next\[\d, \d\] is .* but .* was PyTorch's"):
        check_parity(rnn_step_forward, rnn_step_backward, without_biases, *step, rng=rng)
    nameless = lambda cache, *d_outputs: rnn_step_backward(cache, *d_outputs)  # noqa: E731
    with pytest.raises(CheckFailed, match=r"^rnn_step_forward: outputs\[0\]\[\d, \d\] is .* but .* was PyTorch's"):
        check_parity(rnn_step_forward, nameless, without_biases, *step, rng=rng)
    with pytest.raises(CheckFailed, match=r"^rnn_step_forward returned 1 values, but 2 were expected\."):
        check_parity(rnn_step_forward, rnn_step_backward, lambda *args: (torch_step(*args),) * 2, *step, rng=rng)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda dp, dx, dh: (dp, dx, 0 * dh), r"dh\[\d, \d\] is -?0 but"),
        (lambda dp, dx, dh: (dp | {"weight_hh": 0 * dp["weight_hh"]}, dx, dh), r"dparams\['weight_hh'\]\[\d, \d\] is -?0 but"),
        (lambda dp, dx, dh: (dp, dx.T, dh), r"dx must have shape \(2, 3\), got \(3, 2\)\."),
    ],
)
def test_parity_names_the_gradient(rng, step, change, words):
    check_parity(rnn_step_forward, rnn_step_backward, torch_step, *step, rng=rng)
    with pytest.raises(CheckFailed, match=f"^backward: {words}"):
        check_parity(rnn_step_forward, broken(change), torch_step, *step, rng=rng)
    with pytest.raises(CheckFailed, match=r"^backward must return dparams, dx, dh, got 2 gradients\."):
        check_parity(rnn_step_forward, broken(lambda dp, dx, dh: (dp, dx)), torch_step, *step, rng=rng)


def test_parity_skips_data_and_whole_numbers_in_the_names(rng):
    def forward(tokens, targets, weight):
        return weight[tokens] - targets, (tokens, weight)

    def backward(cache, dy):
        return np.zeros_like(cache[1])

    args = np.array([0, 2, 1]), rng.standard_normal((3, D)), rng.standard_normal((4, D))
    with pytest.raises(CheckFailed, match=r"^backward: dweight\[\d, \d\] is 0 but"):
        check_parity(forward, backward, lambda tokens, targets, weight: weight[tokens] - targets, *args, rng=rng, data=["targets"])


def test_an_argument_that_the_result_does_not_depend_on_has_gradient_zero(rng):
    def forward(x, unused):
        return 2 * x, unused

    check_parity(forward, lambda unused, dy: (2 * dy, np.zeros_like(unused)), lambda x, unused: 2 * x, np.ones(2), np.ones(3), rng=rng)


def test_parity_compares_without_tf32_whatever_is_set(rng, step):
    seen = []

    def watched(params, x, h):
        seen.append((torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32))
        return torch_step(params, x, h)

    with mirror.tf32(True):
        check_parity(rnn_step_forward, rnn_step_backward, watched, *step, rng=rng)
        assert torch.backends.cuda.matmul.allow_tf32 and torch.backends.cudnn.allow_tf32
    assert seen == [(False, False)]
