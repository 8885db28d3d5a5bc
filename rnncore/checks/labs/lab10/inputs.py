"""The inputs of lab 10's checks: the two tokens in, two tokens out of the chapter, and other sizes at every draw."""

import numpy as np

from rnncore.reference.rnn import init_rnn

__all__ = []

D, U, V = 6, 8, 9  # of the inputs that are drawn; S, T, B and H are other numbers at every draw


def _rnn(weight_hh):
    """The chapter's cell of one unit, without biases."""
    return {"weight_ih": np.ones((1, 1)), "weight_hh": np.full((1, 1), weight_hh), "bias_ih": np.zeros(1), "bias_hh": np.zeros(1)}


ENCODER = {"embedding": {"weight": np.array([[1.0], [-1.0]])}, "rnn": _rnn(0.5)}  # tokens: plus, minus
DECODER = {  # tokens: end, which serves as start, and yes
    "embedding": {"weight": np.array([[0.0], [1.0]])},
    "rnn": _rnn(1.0),
    "output": {"weight": np.array([[-1.0], [1.0]]), "bias": np.zeros(2)},
}
PLUS_MINUS, YES_END, END_YES = np.array([[0], [1]]), np.array([[1], [0]]), np.array([[0], [1]])


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_encoder(rng, dtype, H):
    return {"embedding": {"weight": normal(rng, dtype, U, D)}, "rnn": init_rnn(rng, D, H, dtype=dtype)}


def draw_decoder(rng, dtype, H, scale=1.0):
    """A decoder; with a larger scale its tokens differ more from step to step."""
    weight, bias = scale * normal(rng, dtype, V, H), normal(rng, dtype, V)
    rnn = {name: array * dtype.type(scale) for name, array in init_rnn(rng, D, H, dtype=dtype).items()}
    return {"embedding": {"weight": normal(rng, dtype, V, D)}, "rnn": rnn, "output": {"weight": weight.astype(dtype), "bias": bias}}


def draw_lengths(rng, S, B):
    """Lengths up to S, not all alike: the longest is S and one is shorter, but none is 1 unless S is 1 or 2."""
    shortest = min(2, max(S - 1, 1))
    lengths = rng.integers(shortest, S + 1, B)
    lengths[0], lengths[-1] = rng.integers(shortest, max(S, 2)), S
    return rng.permutation(lengths)


def draw_source(rng, dtype, S, B, H):
    """An encoder and sources of unequal lengths, with a token that occurs again; then sources of one token."""
    for steps in (S, 1):
        source = rng.integers(0, U, (steps, B))
        source[-1] = source[0]
        yield draw_encoder(rng, dtype, H), source, draw_lengths(rng, steps, B)


def draw_target(rng, dtype, T, B, H):
    """A decoder, what it is fed, with a start token that occurs again, and a first state; then one step."""
    for steps in (T, 1):
        fed = rng.integers(0, V, (steps, B))
        fed[[0, -1]] = rng.integers(V)
        yield draw_decoder(rng, dtype, H), fed, np.tanh(normal(rng, dtype, B, H))
