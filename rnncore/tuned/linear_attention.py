r"""Causal linear attention, tuned: in chunks of time, as attention over all pairs within a chunk and as a state from chunk to chunk.

With u_t = [v_t, 1] and R_t = [S_t, z_t] the normaliser is one more column of the values, and both equations are one product.
A chunk holds C steps; Q, K and U are its phi(q_t), phi(k_t) and u_t as rows, R is the state before it.

    forward     A = tril(Q K^T)                      weights of the pairs within the chunk
                N = A U + Q R                        numerator and, in the last column, denominator of every o_t
                R += K^T U
    backward    dN = [do_t / d_t, -do_t . o_t / d_t]     with d_t the denominator; needs no state
                dA = tril(dN U^T)
                dQ = dA K + dN R^T
                dK = dA^T Q + U dR^T
                dU = A^T dN + K dR
                dR += Q^T dN                         from the last chunk to the first

Contents
    linear_attention_forward     all time steps
    linear_attention_backward    its gradient (BPTT)

A step costs C (D + V) and, spread over the chunk, the D V of the recurrent form; all of it in products of matrices.
The cache keeps T B (V + 1) numbers beside the arguments, and the state before each chunk instead of after each step.
Source: Katharopoulos, Vyas, Pappas and Fleuret (2020); in chunks: Hua, Dai, Liu and Le (2022); Yang, Wang, Shen, Panda and Kim
(2024).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.linear_attention import STATE, LinearAttentionState
from rnncore.reference.shapes import shapes

__all__ = ["LinearAttentionCache", "linear_attention_backward", "linear_attention_forward"]

CHUNK = 32  # steps; with fewer the loop weighs more, with many the pairs that are not needed


class LinearAttentionCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    qs: np.ndarray  # (T, B, D)
    ks: np.ndarray  # (T, B, D)
    vs: np.ndarray  # (T, B, V)
    states: list  # (B, D, V + 1) for each chunk, before it
    denominators: np.ndarray  # (T, B, 1)
    os: np.ndarray  # (T, B, V)


@shapes(qs="T B D", ks="T B D", vs="T B V", state0=STATE)
def linear_attention_forward(qs, ks, vs, state0):
    """Store a value under a key and look up with a query, at every step of a sequence.

    Args:
        qs: (T, B, D), queries.
        ks: (T, B, D), keys.
        vs: (T, B, V), values.
        state0: LinearAttentionState of S (B, D, V) and z (B, D), before the first step; zeros for an empty one.
    Returns:
        os: (T, B, V).
        state_T: LinearAttentionState after the last step.
        cache: for `linear_attention_backward`; it holds os itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Hua et al. (2022); Yang et al. (2024).
    """
    os, denominators = np.empty(vs.shape, vs.dtype), np.empty((*vs.shape[:2], 1), vs.dtype)
    R, states = _joined(state0), []
    for t in _chunks(len(qs)):
        (Q, _), (K, _), U = _features(qs[t]), _features(ks[t]), _with_ones(vs[t])
        N = np.tril(Q @ K.mT) @ U
        N += Q @ R
        states.append(R)
        R = R + K.mT @ U
        denominators[t] = N[..., -1:].swapaxes(0, 1)
        np.divide(N[..., :-1].swapaxes(0, 1), denominators[t], out=os[t])
    return os, _apart(R), LinearAttentionCache(qs, ks, vs, states, denominators, os)


@shapes(cache=(LinearAttentionCache, {"os": "T B V"}), dos="T B V", dstate_T=STATE)
def linear_attention_backward(cache, dos, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `linear_attention_forward` returned.
        dos: (T, B, V), gradient with respect to the outputs.
        dstate_T: LinearAttentionState of S (B, D, V) and z (B, D), the same for state_T; None means zero.
    Returns:
        dqs: (T, B, D).
        dks: (T, B, D).
        dvs: (T, B, V).
        dstate0: LinearAttentionState.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    qs, ks, vs, states, denominators, os = cache
    dqs, dks, dvs = (np.empty(given.shape, given.dtype) for given in (qs, ks, vs))
    dR = np.zeros_like(states[0]) if dstate_T is None else _joined(dstate_T)
    for t, R in zip(_chunks(len(qs))[::-1], states[::-1], strict=True):
        (Q, slopes_q), (K, slopes_k), U = _features(qs[t]), _features(ks[t]), _with_ones(vs[t])
        do, o, d = (array[t].swapaxes(0, 1) for array in (dos, os, denominators))
        dN = np.concatenate([do, -np.sum(do * o, axis=2, keepdims=True)], axis=2)
        dN /= d
        A, dA = np.tril(Q @ K.mT), np.tril(dN @ U.mT)
        dQ = dA @ K
        dQ += dN @ R.mT
        dK = dA.mT @ Q
        dK += U @ dR.mT
        dU = A.mT @ dN
        dU += K @ dR
        dR += Q.mT @ dN
        np.multiply(dQ, slopes_q, out=dqs[t].swapaxes(0, 1))
        np.multiply(dK, slopes_k, out=dks[t].swapaxes(0, 1))
        dvs[t] = dU[..., :-1].swapaxes(0, 1)
    return dqs, dks, dvs, _apart(dR)


def _chunks(T):
    """The time axis in pieces of CHUNK steps; the last one may be shorter."""
    return [slice(t, t + CHUNK) for t in range(0, T, CHUNK)]


def _features(xs):
    """phi and its slope at the queries or keys of a chunk: (C, B, D) gives two arrays (B, C, D)."""
    xs = xs.swapaxes(0, 1)
    slopes = np.exp(np.minimum(xs, 0))  # 1 where x > 0
    return np.maximum(xs, 0) + slopes, slopes


def _with_ones(vs):
    """The values of a chunk and a column of ones: (C, B, V) gives (B, C, V + 1)."""
    vs = vs.swapaxes(0, 1)
    return np.concatenate([vs, np.ones_like(vs[..., :1])], axis=2)


def _joined(state):
    """S and z as one new array (B, D, V + 1)."""
    return np.concatenate([state.S, state.z[..., None]], axis=2)


def _apart(R):
    """(B, D, V + 1) as S and z, in new arrays."""
    return LinearAttentionState(R[..., :-1].copy(), R[..., -1].copy())
