"""The inputs of lab 7's checks: the numbers of the worked examples, and lengths in no order at every draw."""

import numpy as np

from rnncore.reference.rnn import init_rnn

__all__ = []


def column(*values):
    """One sequence of one number at each step: (L, 1)."""
    return np.array(values)[:, None]


PARAMS = {"weight_ih": np.array([[0.8]]), "weight_hh": np.array([[0.4]]), "bias_ih": np.array([0.1]), "bias_hh": np.array([-0.2])}
XS = np.array([[1.0, 0.5], [-1.0, 0.0]])[:, :, None]  # the sequences 1, -1 and 0.5
STATE = np.array([[0.5], [0.5]])
LENGTHS = np.array([2, 3, 1])
HS = np.array([[2.0, 8.0, 4.0], [7.0, 4.0, 2.0], [3.5, 6.0, 1.0]])[:, :, None]  # of the adding unit, not masked
NAMES = np.array([[1.1, 2.1, 3.1, 4.1], [0, 2.2, 3.2, 4.2], [0, 2.3, 0, 0]])[:, :, None]  # a, b, c, d
NAMES_LENGTHS = np.array([1, 3, 2, 2])


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_lengths(rng, T, B, shortest=1):
    """(B,) from the shortest to T, in no order: both occur, and two of three or more lengths are equal."""
    lengths = rng.integers(shortest, T + 1, B)
    lengths[:2] = T, shortest
    lengths[2:3] = lengths[rng.integers(2)]
    return rng.permutation(lengths)


def both_ways(rng, T, B):
    """Lengths with an end at T and one at 1, and lengths that leave a step of padding behind all sequences."""
    yield draw_lengths(rng, T, B)
    yield draw_lengths(rng, T - 1, B, shortest=min(2, T - 1))


def is_real(lengths, T):
    return np.arange(T)[:, None] < lengths


def draw_sequences(rng, dtype, T, B, D):
    for value, lengths in zip((-1, 0), both_ways(rng, T, B), strict=True):
        filler = np.dtype(dtype).type(value)
        sequences = [normal(rng, dtype, L, D) for L in lengths]
        sequences[rng.integers(B)][0] = filler  # the filler is also a number of a sequence
        yield sequences, float(filler)
    yield [rng.integers(0, 9, L) for L in lengths], 0


def draw_mask(rng, dtype, T, B):
    for lengths in both_ways(rng, T, B):
        yield lengths, T


def draw_masked(rng, dtype, T, B, D, H):
    for lengths in both_ways(rng, T, B):
        xs = np.where(is_real(lengths, T)[..., None], 1, 5) * normal(rng, dtype, T, B, D)  # the padding is larger
        yield init_rnn(rng, D, H, dtype=dtype), xs.astype(dtype), np.tanh(normal(rng, dtype, B, H)), lengths


def draw_states(rng, dtype, T, B, H):
    for lengths in both_ways(rng, T, B):
        yield np.tanh(normal(rng, dtype, T, B, H)), lengths


def draw_loss(rng, dtype, T, B, V):
    for filler in (0, -100):
        mask = is_real(draw_lengths(rng, T, B), T)
        yield 2 * normal(rng, dtype, T, B, V), np.where(mask, rng.integers(0, V, (T, B)), filler), mask


def draw_padded(rng, dtype, T, B, D):
    for lengths in both_ways(rng, T, B):
        yield normal(rng, dtype, T, B, D), lengths


def draw_packed(rng, dtype, T, B, D):
    for lengths in both_ways(rng, T, B):
        yield normal(rng, dtype, lengths.sum(), D), lengths


def draw_pools(rng, dtype, B, P, K):
    """N = B (P + K) lengths, all different: one pool of P batches, and what is left of K."""
    N = B * (P + K)
    yield rng.permutation(2 * N)[:N] + 1, B, P
