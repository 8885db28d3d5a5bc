"""The shape check names the output or the gradient whose shape or dtype is wrong."""

import numpy as np
import pytest

from rnncore.checks import CheckFailed, check_shapes
from rnncore.reference import embedding_backward, embedding_forward, init_lstm, lstm_backward, lstm_forward
from rnncore.reference.lstm import LSTMState

T, B, D, H, V = 5, 2, 3, 4, 7
SHAPES = [(T, B, H), (B, H), (B, H)]


@pytest.fixture
def args(rng):
    return init_lstm(rng, D, H), rng.standard_normal((T, B, D)), LSTMState(*rng.standard_normal((2, B, H)))


def test_right_shapes_pass(rng, args):
    check_shapes(lstm_forward, lstm_backward, *args, rng=rng, outputs=SHAPES)
    table, tokens = {"weight": rng.standard_normal((V, D))}, rng.integers(0, V, (T, B))
    check_shapes(embedding_forward, embedding_backward, table, tokens, rng=rng, outputs=[(T, B, D)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda hs, s: (hs.swapaxes(0, 1), s), r"hs must have shape \(5, 2, 4\), got \(2, 5, 4\)"),
        (lambda hs, s: (hs, s._replace(c=s.c.T)), r"state_T\.c must have shape \(2, 4\), got \(4, 2\)"),
        (lambda hs, s: (hs, s._replace(c=s.c[:1])), r"state_T\.c must have shape \(2, 4\), got \(1, 4\)"),
        (lambda hs, s: (hs.astype(np.float64), s), r"hs must be float32, as the arguments are, got float64"),
        (
            lambda hs, s: (hs, s._replace(c=s.c.tolist())),
            r"must return 3 arrays before its cache, got hs, state_T\.h, state_T\.c\[0\]\[0\], ",
        ),
        (lambda hs, s: (hs, s._replace(c=None)), r"state_T\.c must be an array of shape \(2, 4\), got None"),
        (lambda hs, s: (hs,), r"must return 3 arrays before its cache, got "),
    ],
)
def test_a_wrong_output_is_named(rng, args, change, words):
    def forward(*args):
        *outputs, cache = lstm_forward(*args)
        return *change(*outputs), cache

    with pytest.raises(CheckFailed, match=f"^forward:? {words}"):
        check_shapes(forward, lstm_backward, *args, rng=rng, outputs=SHAPES)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda dp, dxs, ds: (dp, dxs[0], ds), r"dxs must have shape \(5, 2, 3\), got \(2, 3\)"),
        (lambda dp, dxs, ds: (dp, dxs.astype(np.float64), ds), r"dxs must be float32, as the arguments are, got float64"),
        (lambda dp, dxs, ds: (dp, np.zeros(dxs.shape, int), ds), r"dxs must be float64, as the arguments are, got int64"),
        (lambda dp, dxs, ds: (dp | {"bias_ih": 1.0}, dxs, ds), r"dparams\['bias_ih'\] must be an array of shape \(16,\), got float"),
        (
            lambda dp, dxs, ds: ({k: dp[k] for k in ("bias_ih",)}, dxs, ds),
            r"dparams must hold the same arrays as params: \['weight_ih'\], ",
        ),
        (lambda dp, dxs, ds: (dp, dxs, ds.h), r"dstate0 must hold the same arrays as state0: \.h, \.c\."),
        (lambda dp, dxs, ds: (dp, [dxs], ds), r"dxs must hold the same arrays as xs\."),
        (lambda dp, dxs, ds: (dp, dxs), r"must return dparams, dxs, dstate0, got 2 gradients\."),
    ],
)
def test_a_wrong_gradient_is_named(rng, args, change, words):
    def backward(cache, dhs, dstate_T):
        return change(*lstm_backward(cache, dhs, dstate_T))

    with pytest.raises(CheckFailed, match=f"^backward:? {words}"):
        check_shapes(lstm_forward, backward, *args, rng=rng, outputs=SHAPES)


def test_options_are_cast_and_data_has_no_gradient(rng):
    def forward(x, targets, *, mask):
        return (x - targets) * mask, mask

    x, targets, mask = rng.standard_normal((3, B, D))
    check_shapes(forward, lambda mask, dy: dy * mask, x, targets, rng=rng, outputs=[(B, D)], data=["targets"], mask=mask)
    with pytest.raises(CheckFailed, match=r"<lambda> must return dx, dtargets, got 1 gradients\."):
        check_shapes(forward, lambda mask, dy: dy * mask, x, targets, rng=rng, outputs=[(B, D)], mask=mask)


def test_an_output_of_whole_numbers_stays_one(rng):
    def forward(scores):
        return scores.argmax(axis=-1), scores

    check_shapes(forward, lambda scores, dbest: np.zeros_like(scores), rng.standard_normal((B, V)), rng=rng, outputs=[(B,)])
